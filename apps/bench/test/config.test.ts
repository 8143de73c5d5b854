// Configs: presets are valid, mistakes are named, trial ids depend on what decides a result and on nothing else.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  parseConfig,
  presetNames,
  readConfig,
  trialName,
  trialsOf,
  withSpeakers,
  type BenchConfig,
} from '../src/config.js';

const base = {
  name: 'x',
  data: 'digits',
  model: 'tfc',
  methods: [{ quantizer: 'ste' }],
  budget: { epochs: 1 },
};

/** With names where a preset asks its data, which are not here. */
const named = (config: BenchConfig): BenchConfig =>
  config.testSpeakers === 'each' ? { ...config, testSpeakers: ['ann', 'bo'] } : config;

describe('configs', () => {
  it.each(presetNames())('preset %s is valid and has distinct trials', (name) => {
    const trials = trialsOf(named(readConfig(name)));
    expect(new Set(trials.map(({ id }) => id)).size).toBe(trials.length);
  });

  it('names every field that is wrong', () => {
    expect(() => parseConfig({ ...base, model: 3, extra: 1, budget: { epochs: 0 } })).toThrowError(
      /model: .*budget|budget.*model/s,
    );
    expect(() => parseConfig({ ...base, methods: [] })).toThrowError(/methods/);
    const twoRates = { name: 'adam', learningRate: 0.05 };
    expect(() => parseConfig({ ...base, optimizer: twoRates })).toThrowError(/optimizer.learningRate: give/);
    expect(() => parseConfig({ ...base, methods: [{ quantizer: 'ste', optimizer: twoRates }] })).toThrowError(
      /methods.0.optimizer.learningRate: give/,
    );
    const refused: [object, RegExp][] = [
      [{ optimizer: { name: 'adam', weightDecay: 1 } }, /optimizer: adam has no option "weightDecay"/],
      [{ optimizer: { name: 'sgd', momentum: 2 } }, /optimizer: option "momentum" of sgd: got 2/],
      [{ optimizer: { name: 'bop', rest: { name: 'sgd', nestrov: true } } }, /Did you mean "nesterov"/],
      [{ methods: [{ quantizer: 'ste', optimizer: { name: 'bop', gama: 1 } }] }, /methods.0.optimizer: bop/],
      [{ augment: 'shift' }, /augment: /],
    ];
    for (const [change, words] of refused)
      expect(() => parseConfig({ ...base, ...change })).toThrowError(words);
    for (const model of ['\u001b[31m', 'a\nb', '\u202e'])
      expect(() => parseConfig({ ...base, model })).toThrowError(/model: control characters/);
    expect(() => readConfig('no-such-preset')).toThrowError(/one of .*smoke/);
    const folder = mkdtempSync(join(tmpdir(), 'bench-'));
    writeFileSync(join(folder, 'bad.json'), '{');
    expect(() => readConfig('bad.json', folder)).toThrowError(/not JSON/);
  });

  it('resolves paths against the file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bench-'));
    writeFileSync(
      join(folder, 'c.json'),
      JSON.stringify({ ...base, data: 'mnist:data', plugins: ['./my-plugin', 'a-package'] }),
    );
    const config = readConfig('c.json', folder);
    expect(config.data).toBe(`mnist:${join(folder, 'data')}`);
    expect(config.plugins).toEqual([join(folder, 'my-plugin'), 'a-package']);
  });

  it('a trial id depends on method, seed and conditions, not on labels or where the data lies', () => {
    const id = (change: object): string => trialsOf(parseConfig({ ...base, ...change }))[0]!.id;
    const same = [
      {},
      { name: 'y' },
      { description: 'd' },
      { methods: [{ quantizer: 'ste', label: 'l' }] },
      { methods: [{ quantizer: 'ste' }, { quantizer: 'fda' }] },
    ];
    const other = [
      { model: 'cnn' },
      { seeds: [2] },
      { budget: { epochs: 2 } },
      { methods: [{ quantizer: 'fda' }] },
      { batchSize: 7 },
      { limit: 5 },
    ];
    expect(new Set(same.map(id)).size).toBe(1);
    expect(new Set([{}, ...other].map(id)).size).toBe(other.length + 1);
    expect(id({ data: 'mnist:/a' })).toBe(id({ data: 'mnist:/b' }));
  });

  it('has a trial for each speaker, whose names it finds in the folder', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bench-'));
    const of = (data: string, testSpeakers: unknown) => parseConfig({ ...base, seeds: [1, 2], data, testSpeakers }); // prettier-ignore
    const each = of(`audio:${folder}`, 'each');
    expect(() => trialsOf(each)).toThrowError(/testSpeakers of trials: got "each"/);
    writeFileSync(join(folder, 'up_bo_b_1.wav'), '');
    expect(() => withSpeakers(each)).toThrowError(/without two speakers/);
    expect(() => withSpeakers(of('digits', 'each'))).toThrowError(/without two speakers: got "digits"/);
    for (const name of ['up_ann_0.wav', 'down_ann_1.wav', 'down_bo_b_7.wav', 'README.md']) writeFileSync(join(folder, name), ''); // prettier-ignore
    const trials = trialsOf(withSpeakers(each));
    expect(trials.map(trialName)).toEqual(['ste seed 1, tested on ann', 'ste seed 1, tested on bo_b', 'ste seed 2, tested on ann', 'ste seed 2, tested on bo_b']); // prettier-ignore
    expect(new Set(trials.map(({ id }) => id)).size).toBe(4);
    // One more speaker leaves the trials of the others what they were.
    const more = trialsOf(of(`audio:${folder}`, ['bo_b', 'cy'])).map(({ id }) => id);
    expect(more.filter((id) => trials.some((trial) => trial.id === id))).toHaveLength(2);
    expect(() => of('digits', [])).toThrowError(/testSpeakers/);
  });

  it('refuses two methods of one label', () => {
    expect(() =>
      trialsOf(
        parseConfig({ ...base, methods: [{ quantizer: 'ste' }, { quantizer: 'ste', learningRate: 1 }] }),
      ),
    ).toThrowError(/same label/);
  });
});
