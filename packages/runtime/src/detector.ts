// From the answers of a model that listens to the words that were said: smoothed over time, each word once.
import { checkOptions, checkValue, option, type OptionRules } from '@bitgrad/bits';
import type { ClassScore } from './classes.js';

/** A word that was heard. */
export interface Detection {
  /** When, in seconds, as given to `push`. */
  readonly seconds: number;
  readonly index: number;
  readonly name: string;
  /** Mean probability of the last answers. */
  readonly probability: number;
}

/** Options of {@link createDetector}. */
export interface DetectorOptions {
  /** Mean probability from which a word counts, above 0, at most 1; default 0.8. */
  readonly threshold?: number;
  /** Answers that are averaged; default 4. */
  readonly smoothing?: number;
  /** Seconds after a word in which none is heard; default 0.7. */
  readonly rest?: number;
  /** Names of classes that are no words; default those that begin with `_`, and background, noise, silence and unknown. */
  readonly background?: readonly string[];
}

const rules: OptionRules<DetectorOptions> = {
  threshold: option.of('a number above 0, at most 1', (v) => typeof v === 'number' && v > 0 && v <= 1),
  smoothing: option.integer(1, 1000),
  rest: option.number(0, 3600),
  background: option.list(option.string),
};

const isBackground = (name: string): boolean => /^(_.*|background|noise|silence|unknown)$/i.test(name);

const scoresRule = option.required(
  option.of(
    'classes as topClasses gives them',
    (v) =>
      Array.isArray(v) &&
      v.length > 0 &&
      v.every(
        (one: ClassScore | undefined) => Number.isInteger(one?.index) && typeof one!.probability === 'number',
      ),
  ),
);
const timeRule = option.required(option.number());

/**
 * Hears words in the answers of a model to sound that goes on: a word counts where the mean of its probability over the last
 * answers reaches the threshold, and once. Feed it with `topClasses(output, model, classes.length)` of each new input.
 * @throws BitgradError `invalid-option`
 */
export function createDetector(options: DetectorOptions = {}): {
  /** @returns the word that is heard now, or undefined */
  push(scores: readonly ClassScore[], seconds: number): Detection | undefined;
  reset(): void;
} {
  const {
    threshold = 0.8,
    smoothing = 4,
    rest = 0.7,
    background,
  } = checkOptions('runtime', 'createDetector', options, rules);
  let last: (readonly ClassScore[])[] = [];
  let until = -Infinity;
  const silent = (name: string): boolean => background?.includes(name) ?? isBackground(name);
  return {
    push(scores, seconds) {
      checkValue('runtime', 'scores of the detector', scores, scoresRule);
      checkValue('runtime', 'seconds of the detector', seconds, timeRule);
      last = [...last.slice(1 - smoothing), scores].slice(-smoothing);
      if (last.length < smoothing || seconds < until) return undefined;
      const means = new Map<number, number>();
      for (const each of last)
        for (const { index, probability } of each)
          means.set(index, (means.get(index) ?? 0) + probability / smoothing);
      const [index, probability] = [...means].reduce((best, one) => (one[1] > best[1] ? one : best));
      const { name } = scores.find((one) => one.index === index) ?? scores[0]!;
      if (probability < threshold || silent(name)) return undefined;
      until = seconds + rest;
      last = [];
      return { seconds, index, name, probability };
    },
    reset() {
      last = [];
      until = -Infinity;
    },
  };
}
