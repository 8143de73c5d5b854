import { describe, expect, it } from 'vitest';
import type { BitgradError } from '../src/index.js';
import { createPlanBuilder, decodeModel, encodeModel, jsEngine, type PackedModel } from '../src/index.js';
import { affineModel, convModel } from './support/models.js';
import { randomPlan } from './support/random-plan.js';
import { repairChecksums } from './support/repair.js';
import { thrown } from './support/thrown.js';

const encode = ({ plan, weights, metadata }: PackedModel) => encodeModel(plan, weights, metadata);
describe('encodeModel', () => {
  it('writes the bytes that FORMAT.md describes', () => {
    const file = encode(affineModel());
    const view = new DataView(file.buffer);
    expect([...file.subarray(0, 8)]).toEqual([0x89, ...new TextEncoder().encode('BITGRAD')]);
    expect([view.getUint16(8, true), view.getUint16(10, true)]).toEqual([1, 0]);
    expect(view.getUint32(12, true)).toBe(file.length);
    expect(view.getUint32(16, true)).toBe(2);
    expect(new TextDecoder().decode(file.subarray(24, 28))).toBe('JSON');
    expect(new TextDecoder().decode(file.subarray(40, 44))).toBe('WGHT');
    const [json, size] = [view.getUint32(28, true), view.getUint32(32, true)];
    expect(json).toBe(64);
    expect(JSON.parse(new TextDecoder().decode(file.subarray(json, json + size)))).toEqual({
      plan: affineModel().plan,
      // A count of 0 is left out.
      metadata: { ...affineModel().metadata, layers: [{ name: 'scale', otherMacs: 2, floatBytes: 16 }] },
    });
    const weights = view.getUint32(44, true);
    expect(weights).toBe(Math.ceil((64 + size) / 64) * 64);
    expect(view.getUint32(48, true)).toBe(24);
    expect([...file.subarray(weights)]).toEqual([
      0, 0, 0, 0x3f, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0xbf,
    ]);
    expect(file.length).toBe(weights + 24);
  });
  it('is deterministic', () => expect(encode(affineModel())).toEqual(encode(affineModel())));
  it('refuses fields that a reader would leave out, with the nearest known one', () => {
    const { plan, weights, metadata } = affineModel();
    const coloured = { ...plan, ops: plan.ops.map((op) => ({ ...op, color: 'red' })) };
    expect(thrown(() => encodeModel(coloured, weights)).message).toMatch(/plan.ops\[0\] .*no option "color"/);
    for (const [wrong, words] of [
      [{ clases: ['a'] }, /metadata has no option "clases".*Did you mean "classes"/],
      [{ normalization: { mean: [0], std: [1], sd: [1] } }, /metadata.normalization has no option "sd"/],
      [{ layers: [{ name: 'a', binaryMac: 3 }] }, /metadata.layers\[0\] has no option "binaryMac"/],
    ] as const)
      expect(thrown(() => encodeModel(plan, weights, { ...metadata, ...wrong } as object)).message).toMatch(
        words,
      );
    const builder = createPlanBuilder();
    const x = builder.buffer('f32', [4, 4, 1]);
    const pool = { op: 'maxPool', inputs: [x], kernel: [2, 2], stride: [2, 2], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] } as const; // prettier-ignore
    expect(thrown(() => builder.op(pool)).message).toMatch(/no option "stride".*Did you mean "strides"/);
  });
  it('refuses what a reader would refuse', () => {
    const { plan, weights } = affineModel();
    expect(thrown(() => encodeModel(plan, [weights[0]!])).message).toMatch(
      /number of weights: got 1, expected 2/,
    );
    expect(thrown(() => encodeModel(plan, [weights[0]!, new Float32Array(3)])).message).toMatch(
      /weights\[1\]/,
    );
    expect(thrown(() => encodeModel(plan, [weights[0]!, new Int32Array(2)])).message).toMatch(/weights\[1\]/);
    const small = {
      fileBytes: 100,
      headerBytes: 1e6,
      memoryBytes: 1e6,
      elements: 100,
      ops: 10,
      operations: 100,
    };
    expect(thrown(() => encodeModel(plan, weights, {}, small)).code).toBe('limit-exceeded');
    expect(thrown(() => encodeModel(plan, weights, {}, { ...small, headerBytes: 10 })).code).toBe(
      'limit-exceeded',
    );
  });
});

describe('decodeModel', () => {
  it('gives back what was encoded, from any kind of bytes', () => {
    for (const model of [affineModel(), convModel(), ...[1, 2, 3, 4, 5, 6].map((seed) => randomPlan(seed))]) {
      const file = encode(model);
      const shifted = new Uint8Array(file.length + 1);
      shifted.set(file, 1);
      const shared = new SharedArrayBuffer(file.length);
      new Uint8Array(shared).set(file);
      for (const bytes of [
        file,
        file.buffer,
        Buffer.from(file),
        Buffer.from(shifted.buffer).subarray(1),
        shared,
      ]) {
        const { plan, weights, metadata } = decodeModel(bytes);
        expect({ plan, weights, metadata }).toEqual({
          plan: model.plan,
          weights: model.weights,
          metadata: model.metadata,
        });
      }
    }
  });
  it('does not copy aligned weights', () => {
    const file = encode(affineModel());
    expect(decodeModel(file).weights[0]!.buffer).toBe(file.buffer);
  });
  it('accepts newer minor versions, unknown sections and unknown fields', async () => {
    const model = affineModel();
    const file = encode(model);
    const extended = new Uint8Array(Math.ceil(file.length / 64) * 64 + 5).fill(7);
    extended.set(file);
    extended.fill(0, file.length, extended.length - 5);
    const view = new DataView(extended.buffer);
    view.setUint16(10, 99, true);
    view.setUint32(16, 3, true);
    view.setUint32(56, 0x3f3f3f3f, true);
    view.setUint32(60, extended.length - 5, true);
    // The third table entry ends at byte 72, so everything moves by 64.
    const moved = new Uint8Array(extended.length + 64);
    moved.set(extended.subarray(64), 128);
    moved.set(extended.subarray(0, 64));
    const table = new DataView(moved.buffer);
    table.setUint32(12, moved.length, true);
    for (const entry of [24, 40, 56]) table.setUint32(entry + 4, table.getUint32(entry + 4, true) + 64, true);
    table.setUint32(64, 5, true);
    repairChecksums(moved);
    expect(decodeModel(moved).plan).toEqual(model.plan);
    const executable = await jsEngine().compile(decodeModel(moved));
    expect([...executable.run(Uint8Array.of(4, 10))]).toEqual([2, 19]);
  });
  it('names what is wrong with the preamble and the sections', () => {
    const file = encode(affineModel());
    const change = (edit: (view: DataView, bytes: Uint8Array) => void, repair = true) => {
      const copy = file.slice();
      edit(new DataView(copy.buffer), copy);
      if (repair) repairChecksums(copy);
      return thrown(() => decodeModel(copy));
    };
    const expectError = (error: BitgradError, code: string, text: RegExp) => {
      expect(error.message).toMatch(text);
      expect(error.code).toBe(code);
    };
    expectError(
      change((v) => v.setUint8(0, 0x88)),
      'invalid-file',
      /no \.bitgrad file/,
    );
    expectError(
      change((v) => v.setUint16(8, 2, true)),
      'invalid-file',
      /format version: got 2/,
    );
    expectError(
      change((v) => v.setUint32(12, 10, true)),
      'invalid-file',
      /size of the file/,
    );
    expectError(
      change((v) => v.setUint32(12, 1e6, true)),
      'truncated-file',
      /at least 1000000/,
    );
    expectError(
      change((v) => v.setUint32(16, 0, true), false),
      'invalid-file',
      /number of sections: got 0/,
    );
    expectError(
      change((v) => v.setUint32(16, 17, true), false),
      'invalid-file',
      /number of sections: got 17/,
    );
    expectError(
      change((v) => v.setUint32(20, 1, true), false),
      'checksum-mismatch',
      /preamble/,
    );
    expectError(
      change((v) => v.setUint32(28, 65, true)),
      'invalid-file',
      /offset of sections\[0\]: got 65, expected 64/,
    );
    expectError(
      change((v) => v.setUint32(32, 2 ** 31, true)),
      'invalid-file',
      /bytes of sections\[0\]/,
    );
    expectError(
      change((_, b) => (b[60] = 1)),
      'invalid-file',
      /padding byte 60/,
    );
    expectError(
      change((_, b) => (b[70]! ^= 1), false),
      'checksum-mismatch',
      /sections\[0\]/,
    );
    expectError(
      change((_, b) => (b[b.length - 1]! ^= 1), false),
      'checksum-mismatch',
      /sections\[1\]/,
    );
    expectError(
      change((v) => v.setUint32(40, 0x4e4f534a, true)),
      'invalid-file',
      /tag of sections\[1\]/,
    );
    expectError(
      change((v) => v.setUint32(40, 0x12345678, true)),
      'invalid-file',
      /section weights: got "none"/,
    );
    expectError(
      change((_, b) => (b[64] = 0xff)),
      'invalid-file',
      /header: expected UTF-8/,
    );
    expectError(
      change((_, b) => (b[64] = 0x20)),
      'invalid-file',
      /header: expected JSON/,
    );
    expectError(
      change((_, b) => b.set(new TextEncoder().encode('['.repeat(40)), 64)),
      'limit-exceeded',
      /nesting/,
    );
    expectError(
      thrown(() => decodeModel(new Uint8Array(0))),
      'truncated-file',
      /size of the file/,
    );
    expectError(
      thrown(() => decodeModel(new Uint8Array(100))),
      'invalid-file',
      /no \.bitgrad file/,
    );
    expectError(
      thrown(() => decodeModel(Buffer.from('PNG'))),
      'invalid-file',
      /no \.bitgrad file/,
    );
    const longer = new Uint8Array(file.length + 1);
    longer.set(file);
    expectError(
      thrown(() => decodeModel(longer)),
      'invalid-file',
      /size of the file/,
    );
  });
  it('refuses every truncation', () => {
    const file = encode(convModel());
    for (let size = 0; size < file.length; size++)
      expect(thrown(() => decodeModel(file.subarray(0, size))).code, `${size} bytes`).toBe('truncated-file');
  });
  it('notices every flipped bit', () => {
    const file = encode(affineModel());
    for (let bit = 0; bit < file.length * 8; bit++) {
      // Bits 80 to 95 are the minor version, which the checksum covers like the rest.
      file[bit >> 3]! ^= 1 << (bit & 7);
      expect(['checksum-mismatch', 'invalid-file', 'truncated-file']).toContain(
        thrown(() => decodeModel(file)).code,
      );
      file[bit >> 3]! ^= 1 << (bit & 7);
    }
    decodeModel(file);
  });
  it('keeps to the limits', () => {
    const file = encode(convModel());
    for (const limits of [
      { fileBytes: file.length - 1 },
      { headerBytes: 100 },
      { memoryBytes: 100 },
      { elements: 47 },
      { ops: 4 },
      { operations: 800 },
    ])
      expect(thrown(() => decodeModel(file, limits)).code, JSON.stringify(limits)).toBe('limit-exceeded');
    decodeModel(file, { fileBytes: file.length, elements: 54, ops: 7, memoryBytes: 1000, operations: 4000 });
  });
});
