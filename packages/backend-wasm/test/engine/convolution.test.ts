// Convolutions, dense and depthwise layers of the WebAssembly engine against the JS reference engine.
import { describe, expect, it } from 'vitest';
import { expectAgreement } from './support/agree.js';
import { convolution, single, type ConvCase } from './support/models.js';

const channels = [1, 2, 31, 32, 33, 64, 127];
const border = [1, 1, 1, 1] as [number, number, number, number];

describe.each(['simd', 'scalar'] as const)('%s', (variant) => {
  const agree = (given: ConvCase) => expectAgreement(convolution(given), { variant });

  it.each(channels)('binary, %i input channels, every padding value', async (c) => {
    for (const padValue of [1, 0, -1])
      await agree({ type: 'bits', size: [5, 7], c, cOut: 33, pads: border, padValue });
  });

  it.each([1, 3, 15, 16, 17, 63, 64, 65, 130])('binary, %i output channels', async (cOut) => {
    await agree({ type: 'bits', size: [3, 3], c: 40, cOut });
    await agree({ type: 'bits', size: [4, 5], c: 8, cOut, kernel: [1, 1] });
  });

  it.each([
    { kernel: [1, 1], strides: [2, 2], pads: [0, 0, 0, 0] },
    { kernel: [5, 5], strides: [1, 1], pads: [2, 2, 2, 2] },
    { kernel: [7, 7], strides: [2, 2], pads: [3, 3, 3, 3] },
    { kernel: [3, 2], strides: [2, 3], pads: [2, 0, 1, 1] },
    { kernel: [2, 3], strides: [1, 1], dilations: [2, 3], pads: [1, 5, 2, 4] },
    { kernel: [3, 3], strides: [3, 1], dilations: [3, 1], pads: [6, 2, 6, 2] },
    { kernel: [1, 5], strides: [1, 2], pads: [0, 4, 0, 4] },
  ] as Partial<ConvCase>[])('windows: %j', async (window) => {
    for (const type of ['bits', 'u8', 'f32'] as const)
      for (const c of [3, 32]) {
        const given = { type, size: [9, 8], c, padValue: type === 'u8' ? 100 : 0, ...window } as ConvCase;
        await agree(given);
        await agree({ ...given, multiplier: 1 });
        await agree({ ...given, multiplier: 3 });
      }
  });

  it.each([
    { c: 8, cOut: 4, groups: 2 },
    { c: 12, cOut: 9, groups: 3 },
    { c: 64, cOut: 128, groups: 2 },
    { c: 10, cOut: 10, groups: 2 },
    { c: 6, cOut: 6, groups: 6 },
    { c: 9, cOut: 15, groups: 3 },
  ])('groups: %j', async (groups) => {
    for (const type of ['bits', 'u8', 'f32'] as const)
      await agree({
        type,
        size: [4, 5],
        ...groups,
        pads: border,
        padValue: type === 'u8' ? 7 : type === 'bits' ? -1 : 0,
      });
  });

  it('bytes with shifts, padding values and i8 weights', async () => {
    for (const weight of ['bits', 'i8'] as const)
      for (const c of [1, 3, 4, 17])
        await agree({
          type: 'u8',
          weight,
          size: [6, 5],
          c,
          cOut: 20,
          pads: border,
          shift: 3,
          padValue: -65535,
          seed: c,
        });
  });

  it('levels with i8 weights', async () => {
    await agree({ type: 'bits', weight: 'i8', size: [5, 4], c: 35, cOut: 18, pads: border, padValue: -1 });
  });

  it('floats with every weight type, in the stated order', async () => {
    for (const weight of ['bits', 'i8', 'f32'] as const)
      for (const c of [1, 3, 4, 30])
        await agree({ type: 'f32', weight, size: [6, 5], c, cOut: 21, pads: border, seed: c });
  });

  it.each([1, 31, 32, 33, 5000, 65532, 65533, 70001, 140000])('dense over %i levels', async (k) => {
    const given = single({ op: 'dense' }, { type: 'bits', shape: [k] }, { type: 'i32', shape: [3] }, [
      { type: 'bits', shape: [3, k] },
    ]);
    await expectAgreement(given, { variant });
  });

  it('the largest counts: every level differs', async () => {
    for (const k of [65532, 65535, 98305]) {
      const given = single(
        { op: 'dense' },
        { type: 'bits', shape: [2, k] },
        { type: 'i32', shape: [2, 65] },
        [{ type: 'bits', shape: [65, k] }],
      );
      const ones = given.model.weights[0] as Uint32Array;
      const words = Math.ceil(k / 32);
      ones.fill(0xffffffff);
      for (let row = 1; row <= 65; row++) if (k % 32) ones[row * words - 1] = 2 ** (k % 32) - 1;
      (given.input as Float32Array).fill(1);
      await expectAgreement(given, { variant });
    }
  });

  it('a window of more levels than fit in 16 bits', async () => {
    await agree({ type: 'bits', size: [4, 4], c: 8000, cOut: 2, pads: border, padValue: 0 });
    await agree({
      type: 'bits',
      size: [2, 2],
      c: 66000,
      cOut: 2,
      kernel: [2, 2],
      pads: border,
      padValue: -1,
    });
  });

  it('groups of so many levels, and channels that are no multiple of a vector', async () => {
    for (const cOut of [2, 6, 10])
      await agree({ type: 'bits', size: [1, 2], c: 2 * 70000, cOut, kernel: [1, 1], groups: 2 });
  });

  it('dense on rows, for every type', async () => {
    for (const [type, weight] of [
      ['bits', 'bits'],
      ['bits', 'i8'],
      ['u8', 'bits'],
      ['u8', 'i8'],
      ['f32', 'f32'],
      ['f32', 'bits'],
    ] as const)
      for (const shape of [
        [7, 13],
        [3, 5, 33],
        [2, 3, 2, 9],
      ])
        await expectAgreement(
          single(
            { op: 'dense' },
            { type, shape },
            { type: type === 'f32' ? 'f32' : 'i32', shape: [...shape.slice(0, -1), 19] },
            [{ type: weight, shape: [19, shape[shape.length - 1]!] }],
          ),
          { variant },
        );
  });
});

it('reports a grouped convolution that has no binary kernel, and refuses it in strict mode', async () => {
  const given = convolution({ type: 'bits', size: [4, 4], c: 6, cOut: 6, groups: 3 });
  const report = await expectAgreement(given, { variant: 'simd' });
  expect(report.ops[1]).toMatchObject({
    kernel: 'integer-dot',
    reason: expect.stringContaining('multiple of 4'),
  });
  await expect(expectAgreement(given, { variant: 'simd' }, { strict: true })).rejects.toMatchObject({
    code: 'kernel-missing',
  });
});
