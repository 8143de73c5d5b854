// Words in sound that goes on. For a network of your own: `npx bitgrad train --data audio:words --copies 8 --noises 500`,
// `npx bitgrad compile`, and `loadModel('/words.bitgrad')` of @bitgrad/classify in place of the zoo's.
import { createDetector, soundStream, topClasses } from '@bitgrad/runtime';
import spokenDigits from '@bitgrad/zoo/spoken-digits';

/** Loads the network on the best engine that runs here. */
export const loadNetwork = () => spokenDigits.load();

/** Samples a second that the network wants. */
export const sampleRate = (model) => model.metadata.sound.sampleRate;

/**
 * Hears words.
 * @param model what loadNetwork gives
 * @returns a function that takes further samples (Float32Array, -1 to 1) and gives the word that is heard now, or undefined
 */
export function createListener(model) {
  const rate = sampleRate(model);
  const stream = soundStream(rate, model);
  const detector = createDetector();
  let heard = 0;
  return async (samples) => {
    heard += samples.length;
    const input = stream.push(samples);
    if (!input) return undefined;
    const scores = topClasses(await model.predict(input), model, model.labels.length);
    return detector.push(scores, heard / rate)?.name;
  };
}
