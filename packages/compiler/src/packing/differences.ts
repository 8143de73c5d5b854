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
  /** Whether each sample is within what is allowed, with the same places. */
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

/** How large the outputs at each place of the last axis are, and how much they vary. */
export interface Scale {
  /** Standard deviations over all rows. */
  readonly spread: Float64Array;
  /** Largest magnitudes. */
  readonly largest: Float64Array;
}

/**
 * The scale of outputs. With fewer than 8 rows the spread is that of all outputs together, of one value alone its size.
 * @param together one spread for all outputs, as where classes are compared with each other
 */
export function scaleOf({ values, samples, width }: Outputs, together = false): Scale {
  const rows = values.length / width;
  const pooled = together || rows < enough ? deviation(values, 0, 1) : undefined;
  const largest = new Float64Array(width);
  for (let i = 0; i < values.length; i++)
    largest[i % width] = Math.max(largest[i % width]!, Math.abs(values[i]!));
  const spread = largest.map((most, c) =>
    samples * width === 1 ? most : (pooled ?? deviation(values, c, width)),
  );
  return { spread, largest };
}

/** What each output may differ by: a share of its spread, and a few roundings of its size. */
export const allowedBy = ({ spread, largest }: Scale, tolerance: number): Float64Array =>
  spread.map((s, c) => tolerance * s + 16 * unit * largest[c]!);

const indexOfMax = (values: ArrayLike<number>, from: number, width: number): number => {
  let best = from;
  for (let i = from + 1; i < from + width; i++) if (values[i]! > values[best]!) best = i;
  return best - from;
};

/** Compares outputs with a reference of some scale. */
export function compareOutputs(got: Outputs, want: Outputs, scale: Scale, tolerance: number): Differences {
  const { samples, width } = want;
  const allowed = allowedBy(scale, tolerance);
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
        // A constant output has no spread; what it differs by is then measured in its roundings.
        const spread = Math.max(scale.spread[c]!, unit * scale.largest[c]!);
        if (difference > 0) relativeDifference = Math.max(relativeDifference, difference / spread);
        fine &&= difference <= allowed[c]!;
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
