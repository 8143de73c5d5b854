// Checkpoints as untrusted bytes: whatever is done to them, the answer is a value or a BitgradError.
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { BitgradError } from '@bitgrad/core';
import {
  createTrainer,
  loadCheckpoint,
  restoreCheckpoint,
  saveCheckpoint,
  type Trainer,
} from '../src/index.js';
import { decodeParts, encodeParts } from '../src/checkpoint/format.js';
import { advance, startCpu, stripes, tinyModel } from './fixtures.js';

let trainer: Trainer;
let bytes: Uint8Array;

beforeAll(async () => {
  await startCpu();
  trainer = createTrainer({ model: tinyModel(), train: stripes(40, 1), epochs: 2, batchSize: 16 });
  await advance(trainer, 4);
  bytes = await saveCheckpoint(trainer, { purpose: 'test' });
});

const codeOf = (input: Uint8Array): string => {
  try {
    loadCheckpoint(input);
    return 'loaded';
  } catch (error) {
    if (!(error instanceof BitgradError)) throw error;
    return error.code;
  }
};

describe('parts', () => {
  it('round trip any float, bit for bit', () => {
    const values = Float32Array.of(0, -0, 1e-45, -1e38, Infinity, -Infinity, NaN, 0.1);
    const { header, arrays } = decodeParts(
      encodeParts({ header: { é: 1 }, arrays: [values, new Float32Array(0)] }),
    );
    expect(header).toEqual({ é: 1 });
    expect(arrays.map((a) => [...a])).toEqual([[...values], []]);
    expect(Object.is(arrays[0]![1], -0)).toBe(true);
  });

  it('are read from the middle of a larger buffer, at any alignment', () => {
    const part = encodeParts({ header: null, arrays: [Float32Array.of(1, 2)] });
    const padded = new Uint8Array(part.length + 3);
    padded.set(part, 3);
    expect([...decodeParts(padded.subarray(3)).arrays[0]!]).toEqual([1, 2]);
  });

  it('end with the CRC-32 that zlib computes', () => {
    // CRC-32 of "123456789" is the published check value 0xcbf43926; here by way of the buffer's own end.
    const part = encodeParts({ header: 0, arrays: [] });
    const crc = (data: Uint8Array) => {
      let c = 0xffffffff;
      for (const byte of data) {
        c ^= byte;
        for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
      }
      return (c ^ 0xffffffff) >>> 0;
    };
    expect(crc(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
    expect(new DataView(part.buffer).getUint32(part.length - 4, true)).toBe(
      crc(part.subarray(0, part.length - 4)),
    );
  });
});

describe('a checkpoint', () => {
  it('tells where training stood', () => {
    const checkpoint = loadCheckpoint(bytes);
    expect(checkpoint.clock).toEqual(trainer.clock());
    expect(checkpoint.position).toEqual({ epoch: 1, batch: 1 });
    expect(checkpoint.metrics.history).toHaveLength(1);
    expect(checkpoint.extra).toEqual({ purpose: 'test' });
    expect(checkpoint.optimizer.iterations).toBe(4);
  });

  it('is refused when cut anywhere', () => {
    for (let length = 0; length < bytes.length; length += length < 200 ? 1 : 61)
      expect(codeOf(bytes.subarray(0, length))).toBe('truncated-file');
  });

  it('is refused when anything follows', () => {
    expect(codeOf(Uint8Array.of(...bytes, 0))).toBe('invalid-file');
  });

  it('is refused when any bit is flipped', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 7 }), (at, bit) => {
        const changed = bytes.slice();
        changed[at]! ^= 1 << bit;
        expect(codeOf(changed)).not.toBe('loaded');
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  it('is refused, never misread, when its header is changed under a valid checksum', () => {
    const { header, arrays } = decodeParts(bytes);
    const fields = header as Record<string, unknown>;
    const replacements = [null, 0, -1, 'x', [], {}, [null], 1e300];
    for (const key of Object.keys(fields))
      for (const value of replacements) {
        const code = codeOf(encodeParts({ header: { ...fields, [key]: value }, arrays }));
        if (!(['extra', 'config'].includes(key) && JSON.stringify(value) === '{}'))
          expect([key, value, code]).toEqual([key, value, 'invalid-file']);
      }
  });

  it('survives random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (random) => {
        expect(codeOf(random)).not.toBe('loaded');
      }),
      { seed: 2 },
    );
  });

  it('does not fit another model', () => {
    const other = createTrainer({ model: tinyModel(), train: stripes(40, 1), epochs: 2, batchSize: 16 });
    const checkpoint = loadCheckpoint(bytes);
    const weights = checkpoint.weights.slice(1);
    expect(() => restoreCheckpoint(other, { ...checkpoint, weights })).toThrow(
      expect.objectContaining({ code: 'incompatible' }),
    );
    other.dispose();
  });
});
