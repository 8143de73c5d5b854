// Recordings varied by seed: faster or slower, louder or softer, with noise, and earlier or later.
import { resample, toInt16, type Rng } from '@bitgrad/core';

/** A recording that was varied. */
export interface Varied {
  readonly samples: Int16Array;
  /** Samples by which the example begins later. */
  readonly offset: number;
}

const decibels = (db: number): number => 10 ** (db / 20);
const between = (rng: Rng, low: number, high: number): number => low + (high - low) * rng.next();

/**
 * One variation: speed and pitch by 0.85 to 1.15, gain of -12 to 6 dB, white noise 5 to 40 dB below the recording, and the
 * beginning moved by up to 100 ms.
 * @param samples not changed
 * @param sampleRate in Hz
 * @param rng decides all of it
 */
export function varySound(samples: Int16Array, sampleRate: number, rng: Rng): Varied {
  const speed = between(rng, 0.85, 1.15);
  const gain = decibels(between(rng, -12, 6));
  const noise = decibels(-between(rng, 5, 40));
  const offset = Math.round(between(rng, -0.1, 0.1) * sampleRate);
  // In whole hundredths, of which there are few filters.
  const changed = resample(samples, Math.round(100 * speed), 100);
  const power = changed.reduce((sum, v) => sum + v * v, 0) / Math.max(1, changed.length);
  const level = Math.sqrt(power) * noise;
  // Silence on both sides is as noisy.
  const margin = Math.round(sampleRate / 2);
  const out = new Int16Array(changed.length + 2 * margin);
  for (let i = 0; i < out.length; i++) {
    out[i] = toInt16(gain * ((changed[i - margin] ?? 0) + level * rng.normal()));
  }
  return { samples: out, offset };
}
