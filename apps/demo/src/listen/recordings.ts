// Recordings instead of the microphone: WAV files, read by the code that reads them for training.
import { readWav, type Recording } from '@bitgrad/datasets';
import { soundInput, topClasses, type ClassScore } from '@bitgrad/runtime';
import { messageOf } from '../shared/state.js';
import { createListener, type Answer, type Hearing } from './listener.js';

/** Reads a WAV file. @throws BitgradError that names it */
export const readRecording = async (file: File): Promise<Recording> =>
  readWav({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) });

/** Answers between which the page paints. */
const paintEvery = 10;
const painted = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

/**
 * Listens to a recording as if it came from the microphone, and asks for its loudest part.
 * @param margin seconds of silence before and behind it, so that words at its ends are heard
 */
export async function hearFile(
  file: File,
  hearing: Hearing,
  threshold: number,
  margin: number,
  onAnswer: (answer: Answer) => void,
): Promise<{ name: string; seconds: number; best?: ClassScore; logits?: number[]; error?: string }> {
  const { name } = file;
  try {
    const { samples, sampleRate } = await readRecording(file);
    const { model } = hearing;
    const logits = await model.predict(soundInput(samples, sampleRate, model));
    const best = topClasses(logits, model, 1)[0];
    const silence = Math.round(margin * sampleRate);
    const all = new Float32Array(samples.length + 2 * silence);
    samples.forEach((v, i) => (all[silence + i] = v / 32768));
    const { push } = createListener(hearing, sampleRate, threshold, onAnswer);
    const piece = Math.ceil(sampleRate / 10) * paintEvery;
    for (let at = 0; at < all.length; at += piece) {
      await push(all.subarray(at, at + piece));
      await painted();
    }
    return { name, seconds: samples.length / sampleRate, best, logits: Array.from(logits) };
  } catch (error) {
    return { name, seconds: 0, error: messageOf(error) };
  }
}
