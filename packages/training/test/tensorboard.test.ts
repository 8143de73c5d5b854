// Event files, against bytes that were decoded by hand and against TensorBoard's own reader where it is installed.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { crc32c } from '@bitgrad/core';
import {
  curvesOf,
  tensorboardHeader,
  tensorboardRecord,
  tensorboardUntil,
  type EpochEvent,
} from '../src/index.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const joined = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

describe('event files', () => {
  it('have the checksum of RFC 3720', () => {
    // Appendix B.4: 32 zeros, 32 ones, 0 to 31; and the check value of the catalogue of CRCs.
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
  });

  it('are, byte by byte, what the format says', () => {
    const bytes = tensorboardRecord({ step: 300, wallTime: 1.5, values: { 'a/b': 0.5 } });
    const data = '09000000000000f83f' + '10ac02' + '2a0c' + '0a0a' + '0a03612f62' + '150000003f';
    expect(hex(bytes.subarray(0, 8))).toBe('1a00000000000000');
    expect(hex(bytes.subarray(12, -4))).toBe(data);
    const mask = (part: Uint8Array): number => {
      const crc = BigInt(crc32c(part));
      return Number((((crc >> 15n) | (crc << 17n)) + 0xa282ead8n) & 0xffffffffn);
    };
    const view = new DataView(bytes.buffer);
    expect(view.getUint32(8, true)).toBe(mask(bytes.subarray(0, 8)));
    expect(view.getUint32(bytes.length - 4, true)).toBe(mask(bytes.subarray(12, -4)));
    expect(hex(tensorboardHeader(1.5).subarray(12, -4))).toBe(
      `09000000000000f83f1a0d${Buffer.from('brain.Event:2').toString('hex')}`,
    );
  });

  it('are cut at a step, and before what is damaged', () => {
    const records = [0, 1, 200, 2 ** 40].map((step) =>
      tensorboardRecord({ step, wallTime: 1, values: { x: step } }),
    );
    const all = joined(tensorboardHeader(1), ...records);
    const upTo = (count: number) => joined(tensorboardHeader(1), ...records.slice(0, count));
    expect(tensorboardUntil(all, 2 ** 41)).toEqual(all);
    expect(tensorboardUntil(all, 2 ** 40 - 1)).toEqual(upTo(3));
    expect(tensorboardUntil(all, 199)).toEqual(upTo(2));
    expect(tensorboardUntil(all.subarray(0, -1), 2 ** 41)).toEqual(upTo(3));
    for (const at of [upTo(2).length, upTo(2).length + 9, upTo(2).length + 15, upTo(3).length - 1]) {
      const damaged = all.slice();
      damaged[at]! ^= 4;
      expect(tensorboardUntil(damaged, 2 ** 41)).toEqual(upTo(2));
    }
    expect(tensorboardUntil(new Uint8Array(5), 1)).toHaveLength(0);
  });

  it('refuse what is no point', () => {
    expect(() => tensorboardRecord({ step: -1, wallTime: 0, values: {} })).toThrow(/"step"/);
  });

  const python = process.env.BITGRAD_TENSORBOARD ?? 'python3';
  const installed = ((): boolean => {
    try {
      execFileSync(python, ['-c', 'import tensorboard'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  })();

  it.skipIf(!installed)('are read by TensorBoard (BITGRAD_TENSORBOARD: a python that has it)', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bitgrad-tb-'));
    const event = (epoch: number): EpochEvent => ({
      type: 'epoch',
      epoch,
      epochs: 2,
      step: 10 * (epoch + 1),
      loss: 1 / (epoch + 2),
      accuracy: 0.25 * epoch,
      flipRatio: null,
      hardenedTestAccuracy: 0.5,
      softTestAccuracy: 0.5,
      softToHardGap: 0,
      seconds: 1,
    });
    const points = [0, 1].map((epoch) =>
      tensorboardRecord({ step: event(epoch).step, wallTime: 100 + epoch, values: curvesOf(event(epoch)) }),
    );
    writeFileSync(join(folder, 'events.out.tfevents.bitgrad'), joined(tensorboardHeader(99), ...points));
    const script = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
a = EventAccumulator(sys.argv[1]); a.Reload()
print(json.dumps({t: [[e.wall_time, e.step, e.value] for e in a.Scalars(t)] for t in a.Tags()['scalars']}))`;
    const read = JSON.parse(String(execFileSync(python, ['-c', script, folder], { stdio: ['ignore', 'pipe', 'ignore'] }))); // prettier-ignore
    rmSync(folder, { recursive: true });
    expect(Object.keys(read).sort()).toEqual([
      'accuracy/test',
      'accuracy/train',
      'binary/soft-to-hard gap',
      'loss/train',
    ]);
    expect(read['loss/train']).toEqual([
      [100, 10, 0.5],
      [101, 20, Math.fround(1 / 3)],
    ]);
  });
});
