// Files of a few hundred bytes that ask for much: each is valid and within the default limits.
import {
  encodeModel,
  type BufferSpec,
  type Limits,
  type Op,
  type TensorData,
  type WeightSpec,
} from '@bitgrad/runtime';

interface Step {
  op: Record<string, unknown>;
  type: BufferSpec['type'];
  shape: number[];
  weights?: [WeightSpec['type'], number[], TensorData][];
}

const window = { strides: [1, 1], dilations: [1, 1] };
const threshold: Step['weights'] = [
  ['i32', [1], Int32Array.of(100)],
  ['bits', [1], Uint32Array.of(0)],
];
const affine: Step['weights'] = [
  ['f32', [1], Float32Array.of(2)],
  ['f32', [1], Float32Array.of(1)],
];

/** Ops one after the other on an input. */
export function chain(input: BufferSpec, steps: readonly Step[], limits: Partial<Limits> = {}): Uint8Array {
  const buffers: BufferSpec[] = [input];
  const weights: WeightSpec[] = [];
  const data: TensorData[] = [];
  const ops = steps.map(({ op, type, shape, weights: given = [] }, i) => {
    buffers.push({ type, shape });
    const used = given.map(([kind, size, values]) => {
      data.push(values);
      return weights.push({ type: kind, shape: size }) - 1;
    });
    return { inputs: [i], ...op, ...(used.length && { weights: used }), output: i + 1 } as unknown as Op;
  });
  const plan = { version: 1, input: 0, output: steps.length, buffers, weights, ops };
  return encodeModel(plan, data, {}, limits);
}

/** The files, by what they ask for. */
export const huge = {
  'a row for each of 2^24 elements': () =>
    chain({ type: 'f32', shape: [2 ** 24, 1] }, [
      {
        op: { op: 'quantize' },
        type: 'f32',
        shape: [2 ** 24, 1],
        weights: [
          ['f32', [1], Float32Array.of(0)],
          ['f32', [2], Float32Array.of(-1, 1)],
        ],
      },
    ]),
  'start values for 2^27 padded rows': () =>
    chain({ type: 'u8', shape: [2 ** 27, 1, 1] }, [
      {
        op: { op: 'conv', kernel: [3, 1], pads: [1, 0, 1, 0], padValue: 9, shift: 0, groups: 1, ...window },
        type: 'i32',
        shape: [2 ** 27, 1, 1],
        weights: [['i8', [1, 3, 1, 1], Int8Array.of(1, 2, 3)]],
      },
    ]),
  'levels of 67.6 million rows, moved': () =>
    chain({ type: 'u8', shape: [67_600_000, 1] }, [
      { op: { op: 'threshold' }, type: 'bits', shape: [67_600_000, 1], weights: threshold },
      { op: { op: 'slice', begin: [67_500_000, 0] }, type: 'bits', shape: [8, 1] },
      { op: { op: 'affine' }, type: 'f32', shape: [8, 1], weights: affine },
    ]),
  'parameters for lines of 2^24 pixels, ten times': () =>
    chain(
      { type: 'f32', shape: [1, 2 ** 24, 1] },
      Array.from({ length: 10 }, () => ({
        op: { op: 'affine' },
        type: 'f32' as const,
        shape: [1, 2 ** 24, 1],
        weights: affine,
      })),
    ),
};

/** A name of {@link huge}. */
export type Huge = keyof typeof huge;
