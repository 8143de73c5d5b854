// Checkpoints of large models are half as large, and the packed model of them is the same.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { halved, toHalves } from '../scripts/halved.js';

/** A number of IEEE 754 binary16, from its definition. */
function ofHalf(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24);
}
const values = Float32Array.from({ length: 70_000 }, (_, i) => Math.sin(i * i) * 10 ** -(i % 12));

describe('toHalves', () => {
  const read = Array.from(new Uint16Array(toHalves(values).buffer), ofHalf);
  it('gives the nearest number of 16 bits', () => {
    const worst = values.map((x, i) => Math.abs(read[i]! - x) / Math.max(Math.abs(x) * 2 ** -11, 2 ** -24));
    expect(worst.reduce((a, b) => Math.max(a, b))).toBeLessThanOrEqual(1);
  });
  it('keeps every sign, of numbers too small for it too', () => {
    expect(values.some((x) => x !== 0 && Math.abs(x) < 2 ** -25)).toBe(true);
    expect(read.map(Math.sign)).toEqual(Array.from(values, Math.sign));
  });
});

describe('halved', () => {
  const layer = (name: string, kernelQuantizer: unknown) => ({
    config: { name, kernel_quantizer: kernelQuantizer },
  });
  const weight = (name: string, size: number) => ({ name, shape: [size], dtype: 'float32' });
  const saved = {
    modelTopology: { config: { layers: [layer('big', { name: 'ste' }), layer('small', { name: 'ste' }), layer('float', null)] } }, // prettier-ignore
    weightsManifest: [{ weights: [weight('big/kernel', 66_000), weight('small/kernel', 1_000), weight('float/kernel', 3_000)] }], // prettier-ignore
  };
  it('halves the kernels of large binary layers, in a form that tfjs reads', () => {
    const { json, bytes } = halved(JSON.stringify(saved), new Uint8Array(values.buffer));
    expect(bytes.length).toBe(66_000 * 2 + 4_000 * 4);
    const specs = (JSON.parse(json) as { weightsManifest: { weights: tf.io.WeightsManifestEntry[] }[] }).weightsManifest[0]!.weights; // prettier-ignore
    expect(specs.map(({ quantization }) => quantization?.dtype)).toEqual(['float16', undefined, undefined]);
    const read = tf.io.decodeWeights(bytes.slice().buffer, specs);
    expect(read['float/kernel']!.dataSync()).toEqual(values.slice(67_000));
    const big = read['big/kernel']!.dataSync();
    for (const i of [0, 7, 65_999]) expect(big[i]).toBe(ofHalf(new Uint16Array(bytes.slice().buffer, 0, 66_000)[i]!)); // prettier-ignore
    tf.dispose(read);
  });
  it('refuses what it cannot tell apart', () => {
    expect(() => halved(JSON.stringify(saved), new Uint8Array(values.buffer, 0, 4_000))).toThrow(
      /1000 weights/,
    );
  });
});
