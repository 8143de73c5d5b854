import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packRows } from '@bitgrad/bits';
import type { BitgradError } from '../src/index.js';
import { decodeModel, encodeModel, type Plan } from '../src/index.js';
import { encodingFor, restore, store, storedBytes } from '../src/format/stored.js';
import { validateEncodings } from '../src/format/stored.js';

const signs = (count: number, seed: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => (Math.sin(seed + i * i) < 0 ? -1 : 1));

describe('stored weights', () => {
  it('bits without gaps are the signs in row-major order, from the least significant bit', () => {
    const spec = { type: 'bits', shape: [40, 3, 3, 1] } as const;
    const x = signs(360, 1);
    const data = packRows(x, 360, 1);
    expect(encodingFor(spec, data)).toBe('dense');
    const bytes = store(spec, data, 'dense');
    expect(bytes).toHaveLength(45);
    x.forEach((sign, i) => expect((bytes[i >> 3]! >> (i & 7)) & 1).toBe(sign < 0 ? 1 : 0));
    expect(restore(spec, bytes, 'dense')).toEqual(data);
  });
  it('any bits come back', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 70 }),
        fc.nat(),
        (rows, c, seed) => {
          const spec = { type: 'bits', shape: [rows, c] } as const;
          const data = packRows(signs(rows * c, seed), rows, c);
          expect(restore(spec, store(spec, data, 'dense'), 'dense')).toEqual(data);
        },
      ),
    );
  });
  it('integers come back from as few bytes as hold them, the least 32-bit integer included', () => {
    const least = -(2 ** 31);
    for (const [most, encoding] of [
      [127, 'i8'],
      [128, 'i16'],
      [32767, 'i16'],
      [32768, undefined],
    ] as const) {
      const data = Int32Array.from({ length: 100 }, (_, i) => [most, -most, least, 0, 1][i % 5]!);
      const spec = { type: 'i32', shape: [100] } as const;
      expect(encodingFor(spec, data)).toBe(encoding);
      const bytes = store(spec, data, encoding);
      expect(bytes).toHaveLength(storedBytes(spec, encoding));
      if (encoding) expect(restore(spec, bytes, encoding)).toEqual(data);
    }
  });
  it('what would save little, and other types, are written as they are used', () => {
    expect(encodingFor({ type: 'i32', shape: [8] }, new Int32Array(8))).toBeUndefined();
    expect(encodingFor({ type: 'bits', shape: [64, 64] }, new Uint32Array(128))).toBeUndefined();
    expect(encodingFor({ type: 'f32', shape: [500] }, new Float32Array(500))).toBeUndefined();
    expect(encodingFor({ type: 'i8', shape: [500] }, new Int8Array(500))).toBeUndefined();
  });
});

describe('in a file', () => {
  const plan: Plan = {
    version: 1,
    input: 0,
    output: 2,
    buffers: [
      { type: 'u8', shape: [8, 8, 1] },
      { type: 'i32', shape: [8, 8, 64] },
      { type: 'bits', shape: [8, 8, 64] },
      { type: 'f32', shape: [8, 8, 64] },
    ],
    weights: [
      { type: 'bits', shape: [64, 3, 3, 1] },
      { type: 'i32', shape: [64] },
      { type: 'bits', shape: [64] },
      { type: 'f32', shape: [64] },
      { type: 'f32', shape: [64] },
    ],
    ops: [
      {
        op: 'conv',
        inputs: [0],
        weights: [0],
        output: 1,
        kernel: [3, 3],
        strides: [1, 1],
        dilations: [1, 1],
        pads: [1, 1, 1, 1],
        padValue: 0,
        shift: 0,
        groups: 1,
      },
      { op: 'threshold', inputs: [1], weights: [1, 2], output: 2 },
      { op: 'affine', inputs: [2], weights: [3, 4], output: 3 },
    ],
  };
  const model = { ...plan, output: 3 };
  const weights = [
    packRows(signs(576, 3), 576, 1),
    Int32Array.from({ length: 64 }, (_, i) => 20 * i - 600),
    Uint32Array.of(5, 6),
    new Float32Array(64).fill(1),
    new Float32Array(64),
  ];
  it('takes the bytes that are needed and gives the same model', () => {
    const file = encodeModel(model, weights);
    const text = new TextDecoder().decode(file);
    expect(text).toContain('"stored":{"0":"dense","1":"i16"}');
    // Only attributes that differ from their defaults are written.
    expect(text).not.toMatch(/dilations|groups|shift|strides/);
    expect(decodeModel(file)).toEqual({ plan: model, weights, metadata: {} });
  });
  it('refuses what is no encoding of the weight, and more memory than allowed', () => {
    const error = (value: unknown, memory = 1e6): BitgradError => {
      try {
        validateEncodings(value, plan.weights, memory);
      } catch (cause) {
        return cause as BitgradError;
      }
      return expect.fail('nothing was thrown');
    };
    for (const bad of [
      [],
      'dense',
      { 9: 'dense' },
      { x: 'dense' },
      { '-1': 'i8' },
      { 0: 'i8' },
      { 1: 'dense' },
      { 3: 'i16' },
      { 0: 'gzip' },
      { 0: 1 },
      // Other spellings of 0: one weight, one name.
      ...['', ' ', '00', '0x0', '0.0', '-0', '0e0', '+0'].map((key) => ({ [key]: 'dense' })),
    ])
      expect(error(bad).code, JSON.stringify(bad)).toBe('invalid-file');
    expect(error({ 0: 'dense' }, 100).code).toBe('limit-exceeded');
  });
});
