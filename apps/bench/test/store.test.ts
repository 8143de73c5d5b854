// Results on disk: torn lines, repeats, foreign folders.
import { appendFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { changesOf } from '../src/commands/compare.js';
import { parseConfig } from '../src/config.js';
import type { TrialResult } from '../src/result.js';
import { openRun, readRun } from '../src/store.js';

const config = parseConfig({
  name: 'x',
  data: 'digits',
  model: 'tfc',
  methods: [{ quantizer: 'ste' }, { quantizer: 'fda' }],
  budget: { epochs: 1 },
});
const fresh = (): string => mkdtempSync(join(tmpdir(), 'bench-'));
const result = (id: string, label = 'ste', hardened = 0.5): TrialResult =>
  ({
    id,
    label,
    seed: Number(id.replace(/\D/g, '')),
    hardened,
    gap: 0,
    epochs: [],
    packed: null,
    imagesPerSecond: 1,
    machine: {},
    versions: {},
  }) as unknown as TrialResult;

describe('results', () => {
  it('are there after a crash in the middle of a line, which is cut off', () => {
    const folder = fresh();
    openRun(folder, config).append(result('a1'));
    appendFileSync(join(folder, 'results.jsonl'), '{"id":"torn');
    const again = openRun(folder, config);
    expect(again.results().map(({ id }) => id)).toEqual(['a1']);
    expect(again.append(result('a2'))).toBe(true);
    expect(readRun(folder).results.map(({ id }) => id)).toEqual(['a1', 'a2']);
    expect(readFileSync(join(folder, 'results.jsonl'), 'utf8')).not.toContain('torn');
  });

  it('are kept once each', () => {
    const store = openRun(fresh(), config);
    expect([store.append(result('a1')), store.append(result('a1'))]).toEqual([true, false]);
    expect(store.results()).toHaveLength(1);
  });

  it('belong to one comparison: more methods and seeds may join, other conditions may not', () => {
    const folder = fresh();
    openRun(folder, config);
    expect(() => openRun(folder, { ...config, seeds: [1, 2] })).not.toThrow();
    expect(() => openRun(folder, { ...config, model: 'cnn' })).toThrowError(/another config/);
    expect(() => readRun(fresh())).toThrowError(/holds no run/);
  });
});

describe('compare', () => {
  const run = (values: Record<string, number[]>): string => {
    const folder = fresh();
    const store = openRun(folder, { ...config, seeds: [1, 2, 3] });
    for (const [label, list] of Object.entries(values))
      list.forEach((v, i) => store.append(result(`${label}${i}`, label, v)));
    return folder;
  };

  it('tells a regression beyond the interval from noise', () => {
    const before = run({ ste: [0.95, 0.951, 0.949], fda: [0.9, 0.95, 0.85] });
    const after = run({ ste: [0.93, 0.931, 0.929], fda: [0.89, 0.94, 0.84] });
    const changes = changesOf(before, after, 0);
    expect(changes.find(({ label }) => label === 'ste')).toMatchObject({ regression: true });
    expect(changes.find(({ label }) => label === 'ste')!.difference).toBeCloseTo(-2, 6);
    expect(changes.find(({ label }) => label === 'fda')).toMatchObject({ regression: false });
    expect(changesOf(before, after, 3).some(({ regression }) => regression)).toBe(false);
  });
});
