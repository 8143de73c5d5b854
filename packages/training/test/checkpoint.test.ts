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
        if (!(key === 'extra' && JSON.stringify(value) === '{}'))
          expect([key, value, code]).toEqual([key, value, 'invalid-file']);
      }
  });

  // Everything that a header says, changed under a checksum made anew: [path, values].
  const fields: [string, unknown[]][] = [
    ['clock.step', [-5, 3, 5, 4.5, 1e9, null]],
    ['clock.epoch', [0, 2, -1]],
    ['clock.totalSteps', [5, 7, 0]],
    ['clock.learningRate', [-1, null, '0.001']],
    ['clock.learningRateSum', [-1, null]],
    ['position.epoch', [0, 2, -1, 0.5]],
    ['position.batch', [0, 2, 4, -1]],
    ['metrics.seen', [0, 17, -1]],
    ['metrics.correct', [-1, 17, 0.5]],
    ['metrics.lossSum', [null, 'x']],
    ['metrics.flipSum', [-1]],
    ['metrics.flipSamples', [2, -1]],
    ['metrics.trainSeconds', [-1, null]],
    ['metrics.trainImages', [40, 0]],
    ['metrics.history', [[], null]],
    ['metrics.history.0.epoch', [1]],
    ['metrics.history.0.step', [2]],
    ['metrics.history.0.accuracy', [1.5, -1, null]],
    ['metrics.history.0.hardenedTestAccuracy', [2, 'x']],
    ['metrics.history.0.loss', [null]],
    ['metrics.history.0.type', ['step']],
    ['config.epochs', [0, 3, null]],
    ['config.batchSize', [0, 8]],
    ['config.trainImages', [39 * 2, null]],
    ['weights.0.name', ['x', 1, null]],
    ['weights.0.shape', [[1], [3, 3, 4, 1], null]],
    ['trained', [0, 1, 99, null]],
    ['binding', [0, null]],
    ['optimizer.iterations', [-1, 0.5, null]],
    ['optimizer.name', [1, null]],
    ['optimizer.slots.0', [null, 1, 3, -1]],
    ['version', [0, 3, '2', null]],
  ];
  it.each(fields)('is refused with another %s', (path, values) => {
    const { header, arrays } = decodeParts(bytes);
    for (const value of values) {
      const changed = structuredClone(header) as never;
      const keys = path.split('.');
      const parent = keys.slice(0, -1).reduce<Record<string, never>>((at, key) => at[key]!, changed);
      parent[keys.at(-1)!] = value as never;
      expect([path, value, codeOf(encodeParts({ header: changed, arrays }))]).toEqual([
        path,
        value,
        'invalid-file',
      ]);
    }
  });

  it('is refused with exchanged names or values that are not finite', () => {
    const { header, arrays } = decodeParts(bytes) as {
      header: { weights: { name: string }[] };
      arrays: Float32Array[];
    };
    const weights = structuredClone(header.weights);
    [weights[1]!.name, weights[2]!.name] = [weights[2]!.name, weights[1]!.name];
    expect(codeOf(encodeParts({ header: { ...header, weights }, arrays }))).toBe('invalid-file');
    arrays.forEach((_, i) => {
      const changed = arrays.map((array) => array.slice());
      changed[i]![0] = NaN;
      expect(codeOf(encodeParts({ header, arrays: changed }))).toBe('invalid-file');
    });
  });

  it('is refused when its clock is not that of the schedule', () => {
    const make = () => createTrainer({ model: tinyModel(), train: stripes(40, 1), epochs: 2, batchSize: 16 });
    const checkpoint = loadCheckpoint(bytes);
    for (const change of [{ learningRate: 0.5 }, { learningRateSum: 7 }]) {
      const clock = { ...checkpoint.clock, ...change };
      expect(() => restoreCheckpoint(make(), { ...checkpoint, clock })).toThrow(
        /clock.learningRate.*by the schedule/,
      );
    }
  });

  it('is refused when its header is deeper than any header', () => {
    const { header, arrays } = decodeParts(bytes);
    const deep = JSON.parse(`${'['.repeat(200)}${']'.repeat(200)}`) as unknown;
    expect(codeOf(encodeParts({ header: { ...(header as object), extra: { deep } }, arrays }))).toBe(
      'invalid-file',
    );
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
