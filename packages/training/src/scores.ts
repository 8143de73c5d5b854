// How good outputs are, counted on the host in float64: accuracies of classes and labels, errors of values.
import { checkValue, option } from '@bitgrad/core';
import type { LabelKind } from '@bitgrad/datasets';

/** Errors of predicted values, in the units of each column. */
export interface ValueErrors {
  /** Mean absolute error of each column. */
  readonly meanAbsolute: readonly number[];
  /** Root of the mean squared error of each column. */
  readonly rootMeanSquare: readonly number[];
  /**
   * Coefficient of determination of each column, 1 - sum (y - p)^2 / sum (y - mean y)^2: 1 is exact, 0 as good as the mean; NaN
   * where all values are the same.
   */
  readonly determination: readonly number[];
}

/** Counts outputs against labels. */
export interface Scores {
  /** @param outputs of some examples, one after another @param labels theirs */
  add(outputs: ArrayLike<number>, labels: ArrayLike<number>): void;
  /** Share of positions whose largest output is their class, or of labels that are right; null of values, or without any. */
  accuracy(): number | null;
  /** Share of examples all of whose labels are right; null of other kinds. */
  exact(): number | null;
  /** `[class][predicted]`; empty where there are no classes. */
  confusion(): readonly (readonly number[])[];
  /** Of values. */
  errors(): ValueErrors | null;
}

/** The place of the largest of some numbers; the first of equal ones. */
function largestAt(values: ArrayLike<number>, from: number, width: number): number {
  let best = from;
  for (let i = from + 1; i < from + width; i++) if (values[i]! > values[best]!) best = i;
  return best - from;
}

/** Sums over values: y, y^2, |p - y|, (p - y)^2. */
const columnSums = (width: number) =>
  Array.from({ length: width }, () => ({ y: 0, yy: 0, off: 0, square: 0, count: 0 }));

/**
 * @param width outputs along the last axis of an example
 * @param threshold above which an output means that a label is there: 0.5 of a sigmoid, 0 of logits
 * @throws BitgradError `invalid-option`
 */
export function createScores(kind: LabelKind, width: number, threshold = 0.5): Scores {
  checkValue(
    'training',
    'kind of createScores',
    kind,
    option.required(option.oneOf('class', 'labels', 'values')),
  );
  checkValue('training', 'width of createScores', width, option.required(option.integer(1, 2 ** 16)));
  const confusion = Array.from({ length: kind === 'class' ? width : 0 }, () =>
    new Array<number>(width).fill(0),
  );
  const sums = columnSums(kind === 'values' ? width : 0);
  let [right, seen, whole, examples] = [0, 0, 0, 0];
  const add: Record<LabelKind, Scores['add']> = {
    class(outputs, labels) {
      for (let i = 0; i < labels.length; i++) {
        const predicted = largestAt(outputs, i * width, width);
        confusion[labels[i]!]![predicted]! += 1;
        if (predicted === labels[i]) right += 1;
      }
      seen += labels.length;
    },
    labels(outputs, labels) {
      for (let i = 0; i < labels.length; i += width) {
        let own = 0;
        for (let j = i; j < i + width; j++) if (outputs[j]! > threshold === (labels[j] === 1)) own += 1;
        right += own;
        if (own === width) whole += 1;
        examples += 1;
      }
      seen += labels.length;
    },
    values(outputs, labels) {
      for (let i = 0; i < labels.length; i++) {
        const sum = sums[i % width]!;
        const [y, d] = [labels[i]!, outputs[i]! - labels[i]!];
        sum.y += y;
        sum.yy += y * y;
        sum.off += Math.abs(d);
        sum.square += d * d;
        sum.count += 1;
      }
    },
  };
  return {
    add: add[kind],
    accuracy: () => (seen > 0 ? right / seen : null),
    exact: () => (examples > 0 ? whole / examples : null),
    confusion: () => confusion,
    errors: () =>
      kind === 'values'
        ? {
            meanAbsolute: sums.map(({ off, count }) => off / count),
            rootMeanSquare: sums.map(({ square, count }) => Math.sqrt(square / count)),
            determination: sums.map(({ y, yy, square, count }) => 1 - square / (yy - (y * y) / count)),
          }
        : null,
  };
}
