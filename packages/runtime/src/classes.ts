// From a model's output to what it means.
import type { OutputArray } from './engine.js';

/** One class of a prediction. */
export interface ClassScore {
  index: number;
  /** From the model's class names, else the index. */
  name: string;
  /** Softmax of the logits, 0 to 1. */
  probability: number;
}

/**
 * The most probable classes of one example, best first.
 * @param logits the output for one example
 * @param classes class names, for example `model.metadata.classes`
 * @param top how many (default 5)
 */
export function topClasses(logits: OutputArray, classes: readonly string[] = [], top = 5): ClassScore[] {
  const scores = Array.from(logits);
  const max = Math.max(...scores);
  const powers = scores.map((v) => Math.exp(v - max));
  const total = powers.reduce((sum, v) => sum + v, 0);
  return powers
    .map((power, index) => ({ index, name: classes[index] ?? String(index), probability: power / total }))
    .sort((a, b) => b.probability - a.probability || a.index - b.index)
    .slice(0, top);
}
