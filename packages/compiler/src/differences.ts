// How far two sets of outputs are apart: sample by sample, in units of the spread of each output, and by the place of the
// largest output of each row. A row is what lies along the last axis: the classes of an image, of a pixel or of a token.

/** Outputs of several samples, one after another. */
export interface Outputs {
  readonly values: ArrayLike<number>;
  readonly samples: number;
  /** Elements along the last axis. */
  readonly width: number;
}

/** What {@link compareOutputs} finds. */
export interface Differences {
  readonly rows: number;
  /** Rows whose largest output is at the same place; every row where there is one output. */
  readonly sameRows: number;
  readonly maxDifference: number;
  /** Largest magnitude of the reference. */
  readonly maxOutput: number;
  /** Largest difference over the spread of its output. */
  readonly relativeDifference: number;
  /** Whether each sample is within the bound, with the same places. */
  readonly agrees: readonly boolean[];
}

const unit = 2 ** -24;
/** Rows from which on each output has a spread of its own. */
const enough = 8;

const deviation = (values: ArrayLike<number>, from: number, step: number): number => {
  let [count, mean, squares] = [0, 0, 0];
  for (let i = from; i < values.length; i += step) {
    count += 1;
    const d = values[i]! - mean;
    mean += d / count;
    squares += d * (values[i]! - mean);
  }
  return Math.sqrt(squares / count);
};

/**
 * Standard deviation of each output (place along the last axis) over all rows; of all outputs together where there are
 * fewer than 8 rows. At least some roundings of the largest magnitude, so that a constant output has a spread.
 * @param together one spread for all outputs, as where classes are compared with each other
 */
export function spreadsOf({ values, samples, width }: Outputs, together = false): Float64Array {
  const rows = values.length / width;
  const pooled = together || rows < enough ? deviation(values, 0, 1) : undefined;
  return Float64Array.from({ length: width }, (_, c) => {
    let largest = 0;
    for (let i = c; i < values.length; i += width) largest = Math.max(largest, Math.abs(values[i]!));
    const own = pooled ?? deviation(values, c, width);
    // One value alone says nothing of a spread but its size.
    return Math.max(samples * width === 1 ? largest : own, 64 * unit * largest, 1e-30);
  });
}

const indexOfMax = (values: ArrayLike<number>, from: number, width: number): number => {
  let best = from;
  for (let i = from + 1; i < from + width; i++) if (values[i]! > values[best]!) best = i;
  return best - from;
};

/**
 * Compares outputs with a reference.
 * @param bound largest difference of an output, in units of its spread
 */
export function compareOutputs(
  got: Outputs,
  want: Outputs,
  spreads: ArrayLike<number>,
  bound: number,
): Differences {
  const { samples, width } = want;
  const size = want.values.length / samples;
  let [sameRows, maxDifference, maxOutput, relativeDifference] = [0, 0, 0, 0];
  const agrees = Array.from({ length: samples }, (_, s) => {
    let fine = true;
    for (let at = s * size; at < (s + 1) * size; at += width) {
      const same = indexOfMax(got.values, at, width) === indexOfMax(want.values, at, width);
      sameRows += same ? 1 : 0;
      fine &&= same;
      for (let c = 0; c < width; c++) {
        const difference = Math.abs(got.values[at + c]! - want.values[at + c]!);
        maxDifference = Math.max(maxDifference, difference);
        maxOutput = Math.max(maxOutput, Math.abs(want.values[at + c]!));
        relativeDifference = Math.max(relativeDifference, difference / spreads[c]!);
        fine &&= difference <= bound * spreads[c]!;
      }
    }
    return fine;
  });
  const rows = want.values.length / width;
  return { rows, sameRows, maxDifference, maxOutput, relativeDifference, agrees };
}

/** Share of rows whose largest output is at the row's label. */
export function accuracyOf({ values, width }: Outputs, labels: ArrayLike<number>): number {
  let right = 0;
  for (let r = 0; r < labels.length; r++) right += indexOfMax(values, r * width, width) === labels[r] ? 1 : 0;
  return right / labels.length;
}
