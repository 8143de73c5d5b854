// Resampling of one axis: a triangle filter (bilinear), widened by the scale when shrinking, so that every pixel counts.

/** For each output position, the input positions it averages, with weights that sum to 1. */
export interface Filters {
  /** First input position of each output. */
  readonly first: Int32Array;
  /** Where the weights of each output begin; one entry more than outputs. */
  readonly start: Int32Array;
  readonly weights: Float64Array;
}

const reach = (length: number, extent: number): number => Math.max(1, extent / length);

/** Most weights that {@link createFilters} holds for an axis. */
export const filterSize = (length: number, extent: number, side: number): number =>
  length * Math.min(side, 2 * Math.ceil(reach(length, extent)) + 1);

/** Maps `length` output pixels onto the interval [from, from + extent) of an input of `side` pixels. */
export function createFilters(length: number, from: number, extent: number, side: number): Filters {
  const [scale, radius] = [extent / length, reach(length, extent)];
  const [first, start] = [new Int32Array(length), new Int32Array(length + 1)];
  const weights = new Float64Array(filterSize(length, extent, side));
  let end = 0;
  for (let i = 0; i < length; i++) {
    const centre = from + (i + 0.5) * scale;
    first[i] = Math.max(0, Math.floor(centre - radius));
    const last = Math.min(side - 1, Math.ceil(centre + radius) - 1);
    let sum = 0;
    for (let p = first[i]!; p <= last; p++) {
      const weight = Math.max(0, 1 - Math.abs(p + 0.5 - centre) / radius);
      sum += weight;
      weights[end++] = weight;
    }
    for (let k = start[i]!; k < end; k++) weights[k]! /= sum;
    start[i + 1] = end;
  }
  return { first, start, weights };
}

/** Most input positions that one output averages. */
export const widest = ({ first, start }: Filters): number =>
  first.reduce((most, _, i) => Math.max(most, start[i + 1]! - start[i]!), 0);
