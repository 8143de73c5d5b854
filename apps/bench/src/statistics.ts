// The few statistics that reports need: mean, spread, and the interval of a difference of means (Welch).

/** Mean of at least one number. */
export const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** The middle one of at least one number, the upper one of two: a time that was measured. */
export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1]!;

/** Sample standard deviation (n - 1); 0 for one value. */
export const deviation = (values: readonly number[]): number => {
  const m = mean(values);
  return values.length < 2
    ? 0
    : Math.sqrt(values.reduce((s, v) => s + (v - m) ** 2, 0) / (values.length - 1));
};

/** Two-sided 95 % quantiles of Student's t for 1 ... 30 degrees of freedom. */
const t95 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];

/** The difference of two means and its 95 % confidence interval. */
export interface Difference {
  readonly difference: number;
  readonly low: number;
  readonly high: number;
}

/**
 * mean(b) - mean(a), with Welch's interval (unequal variances, Satterthwaite's degrees of freedom, rounded down). With a
 * single value on either side there is no spread to judge by, and the interval is unbounded.
 */
export function differenceOf(a: readonly number[], b: readonly number[]): Difference {
  const difference = mean(b) - mean(a);
  if (a.length < 2 || b.length < 2) return { difference, low: -Infinity, high: Infinity };
  const [va, vb] = [deviation(a) ** 2 / a.length, deviation(b) ** 2 / b.length];
  if (va + vb === 0) return { difference, low: difference, high: difference };
  const freedom = (va + vb) ** 2 / (va ** 2 / (a.length - 1) + vb ** 2 / (b.length - 1));
  const t = t95[Math.max(1, Math.floor(freedom)) - 1] ?? 1.96;
  const half = t * Math.sqrt(va + vb);
  return { difference, low: difference - half, high: difference + half };
}
