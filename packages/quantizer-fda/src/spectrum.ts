// The frequency picture of a surrogate: which part of sign's own spectrum its antiderivative has.
import {
  checkOptions,
  checkValue,
  option,
  type OptionRules,
  type Scalars,
  type SurrogateGradient,
} from '@bitgrad/core';

/** One odd harmonic k omega of a surrogate's antiderivative against sign's. */
export interface Harmonic {
  /** 1, 3, 5, ... */
  readonly k: number;
  /** Sine coefficient of the surrogate's antiderivative: c_k / (k omega), c_k the cosine coefficient of B. */
  readonly amplitude: number;
  /** Sine coefficient of sign: 4 / (pi k). */
  readonly sign: number;
  /** Share of sign's energy in harmonics 1 ... k: (8 / pi^2) sum 1 / k^2. */
  readonly signEnergy: number;
  /** Share of sign's energy that the antiderivative has in harmonics 1 ... k. */
  readonly energy: number;
}

/** What {@link spectrum} gives. */
export interface Spectrum {
  readonly omega: number;
  readonly harmonics: readonly Harmonic[];
  /** Relative distance to sign over the harmonics shown: sqrt(sum (a - s)^2 / sum s^2); 0 is sign itself. */
  readonly distance: number;
}

/** How a spectrum is computed. */
export interface SpectrumOptions {
  /** Angular frequency of the first harmonic, > 0: the window is half a period each way. Default 0.1. */
  readonly omega?: number;
  /** Odd harmonics to compute, from 1. Default 33. */
  readonly harmonics?: number;
  /** Schedule values and statistics. */
  readonly scalars?: Scalars;
  /** Quadrature points between breakpoints. Default 4096. */
  readonly points?: number;
}

const rules: OptionRules<SpectrumOptions> = {
  omega: option.positive,
  harmonics: option.integer(1, 100_000),
  scalars: option.object,
  points: option.integer(1, 1_000_000),
};
const surrogateRule = option.of(
  'a surrogate, as defineSurrogate makes it',
  (x) => typeof (x as { formula?: unknown } | null)?.formula === 'function',
);

/**
 * Fourier coefficients of a surrogate over one period of the square wave, next to sign's own (FDA, arXiv 2103.00841:
 * the gradient of sign is approximated in the frequency domain). B is taken as given on [-pi/(2 omega), pi/(2 omega)]
 * and continued as the square wave's derivative is, B(pi/omega - x) = -B(x), so that every surrogate that vanishes
 * outside a quarter period is shown whole.
 * @throws BitgradError `invalid-option` for options out of range and what is no surrogate
 */
export function spectrum(
  surrogate: Pick<SurrogateGradient, 'formula' | 'breakpoints'>,
  options: SpectrumOptions = {},
): Spectrum {
  checkValue('quantizer-fda', 'surrogate given to spectrum', surrogate, option.required(surrogateRule));
  checkOptions('quantizer-fda', 'spectrum', options, rules);
  const { omega = 0.1, harmonics = 33, scalars = {}, points = 4096 } = options;
  const quarter = Math.PI / (2 * omega);
  const inner = (surrogate.breakpoints?.(scalars) ?? []).filter((x) => Math.abs(x) < quarter);
  const nodes = midpoints([-quarter, ...inner.toSorted((a, b) => a - b), quarter], points);
  const values = nodes.map(([x]) => surrogate.formula(x, scalars));
  let [signEnergy, energy, error, norm] = [0, 0, 0, 0];
  const list = Array.from({ length: harmonics }, (_, i): Harmonic => {
    const k = 2 * i + 1;
    // Two half waves: (omega / pi) times twice the integral over the inner half.
    const sum = nodes.reduce(
      (total, [x, width], at) => total + values[at]! * Math.cos(k * omega * x) * width,
      0,
    );
    const amplitude = ((2 * omega) / Math.PI) * (sum / (k * omega));
    const sign = 4 / (Math.PI * k);
    signEnergy += sign ** 2 / 2;
    energy += amplitude ** 2 / 2;
    error += (amplitude - sign) ** 2;
    norm += sign ** 2;
    return { k, amplitude, sign, signEnergy, energy };
  });
  return { omega, harmonics: list, distance: Math.sqrt(error / norm) };
}

/** Midpoints and widths of an even subdivision of each interval. */
const midpoints = (edges: readonly number[], points: number): [number, number][] =>
  edges.slice(1).flatMap((to, i) => {
    const from = edges[i]!;
    const width = (to - from) / points;
    return width > 0
      ? Array.from({ length: points }, (_, j): [number, number] => [from + (j + 0.5) * width, width])
      : [];
  });
