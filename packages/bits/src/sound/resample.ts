// Other sample rates: a windowed sinc for each output sample, cut off at half of the lower rate.
import { failureOf } from '../options.js';
import { toInt16 } from './int16.js';

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
const fail = failureOf('bits');

/** The filters between two rates. */
interface Filters {
  /** Samples that a filter needs on each side of its middle. */
  readonly reach: number;
  /** Number of the sample that stands in the middle of an output sample's filter. */
  middle(i: number): number;
  /** Output sample `i`, of samples of which the first is number `start`; those beyond their ends are silence. */
  at(i: number, samples: Int16Array | Float32Array, start: number): number;
}

/** @throws BitgradError `invalid-option` */
function filtersOf(from: number, to: number): Filters {
  for (const rate of [from, to])
    if (!Number.isInteger(rate) || rate < 1 || rate > 2 ** 22)
      throw fail('invalid-option', {
        what: 'sample rate',
        got: rate,
        expected: 'an integer number of samples a second, 1 to 4194304',
      });
  if (from === to) return { reach: 0, middle: (i) => i, at: (i, samples, start) => samples[i - start]! };
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
  const middle = (i: number): number => Math.floor((i * step) / phases);
  return {
    reach,
    middle,
    at(i, samples, start) {
      const base = middle(i) - start;
      const filter = filterOf((i * step) % phases);
      const [first, end] = [Math.max(0, base - reach), Math.min(samples.length - 1, base + reach)];
      let sum = 0;
      for (let k = first; k <= end; k++) sum += samples[k]! * filter[k - base + reach]!;
      return sum;
    },
  };
}

/** Samples that so many become. */
const lengthAt = (length: number, from: number, to: number): number => Math.ceil((length * to) / from);

/**
 * Samples at another rate (bandlimited interpolation, Smith and Gossett 1984). Equal rates give the array itself.
 * @param samples 16 bits, or floats from -1 to 1
 * @param from samples a second, an integer
 * @param to samples a second wanted, an integer
 * @returns of the same kind, ceil(length * to / from) samples
 * @throws BitgradError `invalid-option`
 */
export function resample<T extends Int16Array | Float32Array>(samples: T, from: number, to: number): T {
  const filters = filtersOf(from, to);
  if (from === to) return samples;
  const out = new (samples.constructor as new (length: number) => T)(lengthAt(samples.length, from, to));
  const whole = samples instanceof Int16Array;
  for (let i = 0; i < out.length; i++) {
    const v = filters.at(i, samples, 0);
    out[i] = whole ? toInt16(v) : v;
  }
  return out;
}

/** Sound that comes in pieces, at another rate. */
export interface Resampler {
  /** Takes further samples. @returns the samples at the other rate that need nothing of what is to come */
  push(samples: Float32Array): Float32Array;
  /** The last samples, behind which there is silence. Nothing can be pushed then. */
  end(): Float32Array;
}

/**
 * As {@link resample}, of sound that comes in pieces of any length: what it gives, joined, is what that gives of the whole.
 * @param from samples a second, an integer
 * @param to samples a second wanted, an integer
 * @throws BitgradError `invalid-option`
 */
export function createResampler(from: number, to: number): Resampler {
  const filters = filtersOf(from, to);
  let held = new Float32Array(0);
  /** Number of the first sample held, and of the next one to give. */
  let [start, next] = [0, 0];
  let ended = false;
  const give = (end: number): Float32Array => {
    const length = Math.max(0, end - next);
    const out = Float32Array.from({ length }, (_, i) => filters.at(next + i, held, start));
    next += length;
    const unneeded = Math.max(0, Math.min(held.length, filters.middle(next) - filters.reach - start));
    held = held.slice(unneeded);
    start += unneeded;
    return out;
  };
  return {
    push(samples) {
      if (!(samples instanceof Float32Array) || ended)
        throw fail('invalid-option', {
          what: 'samples of a resampler',
          got: ended ? 'samples behind the end' : samples,
          expected: 'Float32Array, before end()',
        });
      const all = new Float32Array(held.length + samples.length);
      all.set(held);
      all.set(samples, held.length);
      held = all;
      // The last one whose filter ends within what is there.
      let end = next;
      while (filters.middle(end) + filters.reach < start + held.length) end++;
      return give(end);
    },
    end() {
      ended = true;
      return give(lengthAt(start + held.length, from, to));
    },
  };
}
