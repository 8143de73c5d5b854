// Max pools of levels and of the integers behind them, as one.
import { createPlanBuilder, jsEngine, type BufferSpec, type Op, type PackedModel } from '@bitgrad/runtime';
import { createRng } from '@bitgrad/core';
import { expect, it } from 'vitest';
import { shareMaxima } from '../src/packing/maxima.js';

const channels = 40;
const window = { kernel: [3, 3], strides: [2, 2], dilations: [1, 1], pads: [1, 1, 1, 1] } as const;

interface Variant {
  /** Bits of flipped channels. */
  flips?: number;
  /** Window of the pool of levels. */
  levels?: { readonly kernel: readonly [number, number]; readonly pads: readonly [number, number, number, number] }; // prettier-ignore
  type?: BufferSpec['type'];
  /** Reads the levels before the pool as well. */
  twice?: boolean;
}

/** A stem whose pooled sums go around a binary convolution of their signs. */
function model({ flips = 0, levels, type = 'u8', twice = false }: Variant): PackedModel {
  const rng = createRng(4);
  const b = createPlanBuilder();
  b.buffer(type, [9, 9, 3]);
  const i8 = Int8Array.from({ length: channels * 27 }, () => rng.integer(255) - 127);
  const stem = type === 'u8' ? b.weight('i8', [channels, 3, 3, 3], i8) : b.weight('f32', [channels, 3, 3, 3], Float32Array.from(i8)); // prettier-ignore
  const same = { ...window, strides: [1, 1] as const, padValue: 0, shift: 0, groups: 1 };
  const sums = b.op({ op: 'conv', name: 'stem', inputs: [0], weights: [stem], ...same });
  const kind = type === 'u8' ? 'i32' : 'f32';
  const t = Float32Array.from({ length: channels }, () => rng.integer(2000));
  const limits = b.weight(kind, [channels], kind === 'i32' ? Int32Array.from(t) : t);
  const flipped = b.weight('bits', [channels], Uint32Array.of(flips, 0));
  const sign = b.op({ op: 'threshold', name: 'sign', inputs: [sums], weights: [limits, flipped] });
  const bits = b.op({ op: 'maxPool', inputs: [sign], ...window, ...levels });
  const words = Uint32Array.from({ length: channels * 18 }, (_, i) => rng.integer(i % 2 ? 256 : 2 ** 24));
  const kernel = b.weight('bits', [channels, 3, 3, channels], words);
  const conv = b.op({ op: 'conv', name: 'binary', inputs: [bits], weights: [kernel], ...same });
  const scale = b.weight(
    'f32',
    [channels],
    Float32Array.from({ length: channels }, () => rng.normal()),
  );
  const floats = (x: number): number => b.op({ op: 'affine', inputs: [x], weights: [scale, scale] });
  const pooled = floats(b.op({ op: 'maxPool', name: 'pool', inputs: [sums], ...window }));
  let end = b.op({ op: 'add', inputs: [floats(conv), pooled] });
  if (twice)
    end = b.op({ op: 'add', inputs: [end, b.op({ op: 'maxPool', inputs: [floats(sign)], ...window })] });
  return b.finish(0, end, { name: 'kept' });
}

const names = ({ plan }: PackedModel): string[] => plan.ops.map(({ op, name }: Op) => name ?? op);

it('takes the maximum once, of the integers, with the same results', async () => {
  const before = model({});
  const after = shareMaxima(before);
  expect(names(before)).toEqual(['stem', 'sign', 'maxPool', 'binary', 'pool', 'affine', 'affine', 'add']);
  expect(names(after)).toEqual(['stem', 'pool', 'sign', 'binary', 'affine', 'affine', 'add']);
  expect(after.metadata).toEqual({ name: 'kept' });
  const [a, b] = await Promise.all([before, after].map((m) => jsEngine().compile(m)));
  const rng = createRng(8);
  for (let i = 0; i < 20; i++) {
    const input = Uint8Array.from({ length: 9 * 9 * 3 }, () => rng.integer(256));
    expect(b!.run(input)).toEqual(a!.run(input));
  }
});

it.each<[string, Variant]>([
  ['a flipped channel', { flips: 1 << 5 }],
  ['another window', { levels: { kernel: [1, 1], pads: [0, 0, 0, 0] } }],
  ['floats', { type: 'f32' }],
  ['levels that something else reads', { twice: true }],
])('leaves %s', (_, variant) => {
  const given = model(variant);
  expect(shareMaxima(given)).toBe(given);
});
