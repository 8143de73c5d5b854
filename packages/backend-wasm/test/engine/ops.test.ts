// Everything but convolutions: float edge values, pooling, moving elements, products of two buffers.
import { describe, it } from 'vitest';
import type { TensorData } from '@bitgrad/runtime';
import { expectAgreement } from './support/agree.js';
import { single, type Case } from './support/models.js';

const edges = [
  0,
  -0,
  1,
  -1,
  1e-45,
  -1e-45,
  3.4e38,
  -3.4e38,
  Infinity,
  -Infinity,
  NaN,
  0.5,
  2 ** 24,
  -(2 ** 24) - 2,
];
const around = [88.72283, -87.33654, 44.3, 43.7].flatMap((x) => {
  const bits = new Int32Array(Float32Array.of(x).buffer)[0]!;
  return [-2, -1, 0, 1, 2].map((d) => new Float32Array(Int32Array.of(bits + d).buffer)[0]!);
});
const sweep = Array.from({ length: 400 }, (_, i) => (i - 200) / 2);
const values = Float32Array.from([...edges, ...around, ...sweep]);

const withInput = ({ model }: Case, input: Float32Array): Case => ({ model, input });
const row = { type: 'f32', shape: [values.length] } as const;

describe.each(['simd', 'scalar'] as const)('%s', (variant) => {
  const agree = (given: Case) => expectAgreement(given, { variant });

  it.each(['sigmoid', 'tanh', 'gelu'])('%s on edge values', async (name) => {
    await agree(withInput(single({ op: 'unary', function: name }, row, row), values));
  });

  it('softmax and layerNorm, rows of 1 to 9 and edge values', async () => {
    for (let c = 1; c < 10; c++) {
      const spec = { type: 'f32', shape: [3, c] } as const;
      await agree(single({ op: 'softmax' }, spec, spec));
      await agree(
        single({ op: 'layerNorm', epsilon: 1e-5 }, spec, spec, [
          { type: 'f32', shape: [c] },
          { type: 'f32', shape: [c] },
        ]),
      );
    }
    await agree(withInput(single({ op: 'softmax' }, row, row), values));
    await agree(
      withInput(
        single({ op: 'softmax' }, row, row),
        values.map((x) => (Number.isFinite(x) ? x : 0)),
      ),
    );
  });

  it('clamp, quantize, prelu and affine on edge values', async () => {
    for (const [min, max] of [
      [0, null],
      [null, 0],
      [-1, 1],
      [null, null],
      [0, 6],
    ])
      await agree(withInput(single({ op: 'clamp', min, max }, row, row), values));
    for (const n of [1, 2, 3, 7, 16]) {
      const t = Float32Array.from({ length: n }, (_, i) => Math.floor(i / 2) - 2);
      const level = Float32Array.from({ length: n + 1 }, (_, i) => i * 0.25);
      await agree(
        withInput(
          single({ op: 'quantize' }, row, row, [
            { type: 'f32', shape: [n], data: t },
            { type: 'f32', shape: [n + 1], data: level },
          ]),
          values,
        ),
      );
    }
    const parameter = { type: 'f32' as const, shape: [values.length] };
    await agree(withInput(single({ op: 'prelu' }, row, row, [parameter, parameter, parameter]), values));
    await agree(withInput(single({ op: 'affine' }, row, row, [parameter, parameter]), values));
  });

  it('thresholds of floats: infinities, NaN, -0, flips', async () => {
    const c = values.length;
    for (const t of [0, -0, Infinity, -Infinity, NaN, 1])
      await agree(
        withInput(
          single({ op: 'threshold' }, row, { type: 'bits', shape: [c] }, [
            { type: 'f32', shape: [c], data: new Float32Array(c).fill(t) },
            { type: 'bits', shape: [c] },
          ]),
          values,
        ),
      );
  });

  it('thresholds of integers, bytes and levels: constants and flips', async () => {
    for (const type of ['i32', 'u8', 'bits'] as const)
      for (const c of [1, 31, 33]) {
        const t = Int32Array.from({ length: c }, (_, i) => [-(2 ** 31), 2 ** 31 - 1, 0, 1, -7, 8][i % 6]!);
        await agree(
          single({ op: 'threshold' }, { type, shape: [3, c] }, { type: 'bits', shape: [3, c] }, [
            { type: 'i32', shape: [c], data: t as TensorData },
            { type: 'bits', shape: [c] },
          ]),
        );
      }
  });

  it.each(['u8', 'f32', 'bits', 'i32'] as const)('pooling and affine of %s', async (type) => {
    for (const c of [1, 3, 16, 33])
      for (const [kernel, strides, pads] of [
        [
          [2, 2],
          [2, 2],
          [0, 0, 0, 0],
        ],
        [
          [3, 3],
          [2, 1],
          [1, 2, 2, 1],
        ],
        [
          [5, 7],
          [1, 1],
          [0, 0, 0, 0],
        ],
      ] as const) {
        const shape = [5, 7, c];
        const out = [0, 1].map(
          (i) => Math.floor((shape[i]! + pads[i]! + pads[i + 2]! - kernel[i]!) / strides[i]!) + 1,
        );
        const window = { kernel, strides, dilations: [1, 1], pads };
        await agree(single({ op: 'maxPool', ...window }, { type, shape }, { type, shape: [...out, c] }));
        await agree(
          single({ op: 'avgPool', ...window }, { type, shape }, { type: 'f32', shape: [...out, c] }),
        );
        await agree(
          single({ op: 'affine' }, { type, shape }, { type: 'f32', shape }, [
            { type: 'f32', shape: [c] },
            { type: 'f32', shape: [c] },
          ]),
        );
      }
  });

  it.each(['u8', 'f32', 'bits', 'i32'] as const)('moving %s', async (type) => {
    for (const c of [1, 3, 32, 37]) {
      const shape = [3, 4, c];
      const x = { type, shape };
      await agree(single({ op: 'reshape' }, x, { type, shape: [12 * c] }));
      await agree(single({ op: 'reshape' }, x, { type, shape: [c, 2, 6] }));
      await agree(single({ op: 'transpose', permutation: [2, 0, 1] }, x, { type, shape: [c, 3, 4] }));
      await agree(single({ op: 'transpose', permutation: [1, 0, 2] }, x, { type, shape: [4, 3, c] }));
      await agree(single({ op: 'slice', begin: [1, 0, c >> 1] }, x, { type, shape: [2, 3, c - (c >> 1)] }));
      await agree(
        single({ op: 'pad', before: [1, 0, 1], after: [0, 2, 3], value: 1 }, x, {
          type,
          shape: [4, 6, c + 4],
        }),
      );
      if (type === 'bits')
        await agree(
          single({ op: 'pad', before: [1, 0, 1], after: [0, 2, 3], value: -1 }, x, {
            type,
            shape: [4, 6, c + 4],
          }),
        );
    }
  });

  it('matmul of a buffer with itself, batched', async () => {
    for (const shape of [
      [5, 7],
      [2, 3, 33],
      [2, 2, 6, 9],
    ]) {
      const out = [...shape.slice(0, -1), shape[shape.length - 2]!];
      const inputs = { bits: [1, 1], f32: [0, 0] };
      for (const type of ['bits', 'f32'] as const)
        await agree(
          single(
            { op: 'matmul', transposeB: true, inputs: inputs[type] },
            { type, shape },
            { type: type === 'bits' ? 'i32' : 'f32', shape: out },
          ),
        );
    }
    await agree(
      single(
        { op: 'matmul', transposeB: false, inputs: [0, 0] },
        { type: 'f32', shape: [3, 9, 9] },
        { type: 'f32', shape: [3, 9, 9] },
      ),
    );
  });
});
