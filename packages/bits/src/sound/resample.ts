// Other sample rates: a windowed sinc for each output sample, cut off at half of the lower rate.
import { failureOf } from '../options.js';

/** Zero crossings of the sinc on each side. */
const crossings = 16;

/** sin(pi x) / (pi x), under a Hann window that is 0 from `crossings` on. */
function kernel(x: number): number {
  if (x === 0) return 1;
  if (Math.abs(x) >= crossings) return 0;
  const angle = Math.PI * x;
  return (Math.sin(angle) / angle) * (0.5 + 0.5 * Math.cos(angle / crossings));
}

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));

/**
 * Samples at another rate (bandlimited interpolation, Smith and Gossett 1984). Equal rates give the array itself.
 * @param samples 16 bits, or floats from -1 to 1
 * @param from samples a second, an integer
 * @param to samples a second wanted, an integer
 * @returns of the same kind, ceil(length * to / from) samples
 * @throws BitgradError `invalid-option`
 */
export function resample<T extends Int16Array | Float32Array>(samples: T, from: number, to: number): T {
  for (const rate of [from, to])
    if (!Number.isInteger(rate) || rate < 1 || rate > 2 ** 22)
      throw failureOf('bits')('invalid-option', {
        what: 'sample rate',
        got: rate,
        expected: 'an integer number of samples a second, 1 to 4194304',
      });
  if (from === to) return samples;
  const divisor = greatestDivisor(from, to);
  const [step, phases] = [from / divisor, to / divisor];
  const cut = Math.min(1, to / from);
  const reach = Math.ceil(crossings / cut);
  // An output sample lies between two samples at one of `phases` places: one filter for each place that occurs.
  const filters: (Float64Array | undefined)[] = [];
  const filterOf = (phase: number): Float64Array =>
    (filters[phase] ??= Float64Array.from(
      { length: 2 * reach + 1 },
      (_, k) => cut * kernel((phase / phases - (k - reach)) * cut),
    ));
  const out = new (samples.constructor as new (length: number) => T)(Math.ceil((samples.length * to) / from));
  const whole = samples instanceof Int16Array;
  for (let i = 0; i < out.length; i++) {
    const base = Math.floor((i * step) / phases);
    const filter = filterOf((i * step) % phases);
    const [first, end] = [Math.max(0, base - reach), Math.min(samples.length - 1, base + reach)];
    let sum = 0;
    for (let k = first; k <= end; k++) sum += samples[k]! * filter[k - base + reach]!;
    out[i] = whole ? Math.max(-32768, Math.min(32767, Math.round(sum))) : sum;
  }
  return out;
}
