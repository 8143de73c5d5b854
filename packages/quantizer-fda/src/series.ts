// The Fourier series of sign in float64 `Math`: the formulas that everything else here is tested against.
// sign is taken as a square wave of period 2 pi / omega (FDA, arXiv 2103.00841, section 3).

/**
 * Weights of the harmonics. `plain` is the truncated series, with Gibbs overshoot; `fejer` (Cesaro means) gives a
 * monotone F without any overshoot; `lanczos` (sigma factors) a small one and a steeper rise.
 */
export type Weighting = 'plain' | 'fejer' | 'lanczos';

/** Every weighting. */
export const weightings: readonly Weighting[] = ['plain', 'fejer', 'lanczos'];

/**
 * Weight of harmonic 2i+1 of n+1 odd harmonics, in (0, 1].
 * Fejer: 1 - k / N and Lanczos: sinc(k / N), with k = 2i+1 and N = 2n+2, the first N that keeps every harmonic. An even
 * N makes the Fejer-weighted derivative a square times cos, so F is monotone up to a quarter period.
 */
export function harmonicWeight(weighting: Weighting, i: number, n: number): number {
  const share = (2 * i + 1) / (2 * n + 2);
  if (weighting === 'fejer') return 1 - share;
  return weighting === 'lanczos' ? Math.sin(Math.PI * share) / (Math.PI * share) : 1;
}

/** f_n(x) = (4/pi) sum_i weight_i sin((2i+1) omega x) / (2i+1), i = 0..n: n+1 odd harmonics. */
export function seriesValue(x: number, n: number, omega: number, weighting: Weighting = 'plain'): number {
  let sum = 0;
  for (let i = n; i >= 0; i--)
    sum += (harmonicWeight(weighting, i, n) * Math.sin((2 * i + 1) * omega * x)) / (2 * i + 1);
  return (4 / Math.PI) * sum;
}

/** f_n'(x) = (4 omega / pi) sum_i weight_i cos((2i+1) omega x); its peak is at 0. */
export function seriesDerivative(
  x: number,
  n: number,
  omega: number,
  weighting: Weighting = 'plain',
): number {
  let sum = 0;
  for (let i = n; i >= 0; i--) sum += harmonicWeight(weighting, i, n) * Math.cos((2 * i + 1) * omega * x);
  return ((4 * omega) / Math.PI) * sum;
}

/** The value of f_n' at 0, its largest: 4 omega (n+1) / pi for the plain series, half of that for Fejer. */
export const peakDerivative = (n: number, omega: number, weighting: Weighting = 'plain'): number =>
  seriesDerivative(0, n, omega, weighting);

/** Half a period of the square wave: where sign's copy jumps back. */
export const halfPeriod = (omega: number): number => Math.PI / omega;
