// Attention and layer normalization: the fused kernels give the results and gradients of the composed ops on cpu, and the
// same bits on any number of threads.
import { attend, createRng, layerNormalize } from '@bitgrad/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wasm } from '../src/index.js';
import { expectSame, gradients, input, relativeError, runOn, type Compute } from './support.js';

const adapter = wasm({ threads: 1 });
beforeAll(() => adapter.start());
afterAll(() => adapter.dispose());

describe('attention', () => {
  it.each([
    [1, 1, 1, 1],
    [2, 5, 3, 4],
    [3, 9, 2, 7],
    [1, 50, 4, 16],
    [2, 64, 3, 20],
  ])('n %i, tokens %i, heads %i, d %i', async (n, t, heads, d) => {
    const before = adapter.report();
    await expectSame((x) => attend(x!, heads), [input(t + d, [n, t, 3 * heads * d])]);
    for (const name of ['BitgradAttention', 'BitgradAttentionGrad'])
      expect(adapter.report()[name]).toBeGreaterThan(before[name]!);
  });

  it('of large scores is as exact', async () => {
    const x = input(3, [2, 11, 24]);
    await expectSame((v) => attend(tf.mul(v!, 30), 2), [x], 1e-4);
  });
});

describe('layerNorm', () => {
  const rng = createRng(5);
  const shapes = Array.from({ length: 8 }, () => [1 + rng.integer(150), 1 + rng.integer(40)]);
  it.each([...shapes, [1, 1], [2, 3, 64]])('%i x %i', async (...shape: number[]) => {
    const c = shape.at(-1)!;
    const inputs = [input(1, shape, 2), input(2, [c]), input(3, [c])];
    const before = adapter.report()['BitgradLayerNormGrad']!;
    await expectSame((x, gamma, beta) => layerNormalize(x!, gamma!, beta!, 1e-3), inputs, 2e-5);
    expect(adapter.report()['BitgradLayerNormGrad']).toBeGreaterThan(before);
  });
});

describe('products of many small matrices', () => {
  it.each([
    [false, false],
    [true, false],
    [false, true],
  ])('transposed: %s, %s', async (transposeA, transposeB) => {
    const [a, b] = [
      input(1, transposeA ? [3, 2, 7, 5] : [3, 2, 5, 7]),
      input(2, transposeB ? [3, 2, 9, 7] : [3, 2, 7, 9]),
    ];
    await expectSame((x, y) => tf.matMul(x!, y!, transposeA, transposeB), [a, b]);
  });

  it('of which one is shared', async () => {
    // tfjs has no gradient of it.
    const inputs = [input(1, [4, 6, 5]), input(2, [1, 5, 9])];
    const product: Compute = (x, y) => tf.matMul(x!, y!);
    const [expected] = await runOn('cpu', product, inputs);
    const [actual] = await runOn('wasm', product, inputs);
    expect(relativeError(actual!, expected!)).toBeLessThan(1e-6);
  });
});

it('attention on threads has the same bits', async () => {
  const results: Float32Array[][] = [];
  for (const threads of [1, 3]) {
    const threaded = wasm({ threads });
    await threaded.start();
    results.push(
      await runOn(
        'wasm',
        gradients((x) => attend(x!, 5)),
        [input(7, [19, 67, 3 * 5 * 16])],
      ),
    );
    expect(threaded.report()['BitgradAttentionGrad/threads'] ?? 0).toBe(threads > 1 ? 1 : 0);
    threaded.dispose();
  }
  results[0]!.forEach((values, i) => expect(results[1]![i]).toEqual(values));
});
