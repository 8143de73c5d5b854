// Methods with a recipe and a teacher: stages share the budget, a teacher is trained once for those that are alike.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openRun } from '@bitgrad/recipe';
import { parseConfig, readConfig, trialsOf, type BenchConfig } from '../src/config.js';
import { openData } from '@bitgrad/recipe';
import { backends } from '../src/parts.js';
import { methodTable } from '../src/report/markdown.js';
import { runTrial } from '../src/run-trial.js';

const config = (methods: object[], extra: object = {}): BenchConfig =>
  parseConfig({ name: 'tiny', data: 'digits', limit: 300, testLimit: 100, model: 'tfc', methods, budget: { epochs: 4 }, backend: 'cpu', compile: false, ...extra }); // prettier-ignore

const temporary = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-stages-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

it('trains in stages, within the budget', { timeout: 240_000 }, async () => {
  const [plain, staged] = trialsOf(config([{ label: 'plain', quantizer: 'ste' }, { quantizer: 'ste', recipe: 'two-stage' }])); // prettier-ignore
  const result = await runTrial(staged!);
  expect(result.epochs.map(({ epoch, stage }) => [epoch, stage])).toEqual([
    [1, 'inputs'],
    [2, 'inputs'],
    [3, 'kernels'],
    [4, 'kernels'],
  ]);
  const reference = await runTrial(plain!);
  expect(reference.epochs.map(({ stage }) => stage)).toEqual([undefined, undefined, undefined, undefined]);
  expect(reference.epochs.map(({ loss }) => loss)).not.toEqual(result.epochs.map(({ loss }) => loss));
});

it(
  'learns from a teacher that is trained once: with its logits as openRun itself has them',
  { timeout: 240_000 },
  async () => {
    // prettier-ignore
    const teacher = { epochs: 2, seed: 5 };
    const methods = [{ label: 'a', quantizer: 'ste', teacher }, { label: 'b', quantizer: 'ste', teacher, temperature: 4 }, { label: 'c', quantizer: 'ste', teacher: { ...teacher, quantizer: 'fda' } }]; // prettier-ignore
    const trials = trialsOf(config(methods));
    expect(new Set(trials.map(({ id }) => id)).size).toBe(3);
    const folder = temporary();
    const results = [];
    for (const trial of trials) results.push(await runTrial(trial, () => {}, { folder }));
    expect(readdirSync(join(folder, 'teachers'))).toHaveLength(2);
    expect(results.map((result) => result.teacher?.quantizer)).toEqual(['none', 'none', 'fda']);
    expect(results[0]!.teacher).toEqual(results[1]!.teacher);
    expect(results[0]!.epochs).not.toEqual(results[1]!.epochs);

    // The same by hand.
    const dataset = await openData({ data: 'digits', limit: 300, testLimit: 100, seed: 0 });
    const shared = { model: 'tfc', epochs: 4, batch: 100, seed: 1, backend: 'cpu' } as const;
    const first = await openRun({ ...shared, quantizer: 'none', epochs: 2, seed: 5 }, { backends, dataset });
    await first.train();
    const run = await openRun(
      { ...shared, quantizer: 'ste' },
      { backends, dataset, teacher: () => first.model },
    );
    await run.train();
    expect(results[0]!.epochs.map(({ loss }) => loss)).toEqual(
      run.progress().history.map(({ loss }) => loss),
    );
    expect(results[0]!.teacher).toMatchObject({ epochs: 2, accuracy: first.result().hardenedTestAccuracy });
    await run.dispose();
  },
);

it('refuses what it cannot keep, and says what was done', () => {
  const teacher = { epochs: 2 };
  expect(() => config([{ quantizer: 'ste', recipe: 'three-stage' }])).toThrow(/recipe of a method: expected one of .*two-stage/); // prettier-ignore
  expect(() => config([{ quantizer: 'ste', temperature: 2 }])).toThrow(/methods with a teacher/);
  expect(() => config([{ quantizer: 'ste', teacher }], { budget: { minutes: 1 } })).toThrow(/budget in minutes/); // prettier-ignore
  expect(() => config([{ quantizer: 'ste', teacher: { epochs: 0 } }])).toThrow(/epochs/);
  const preset = readConfig('cifar10-resnet20-fda-stages');
  const rows = trialsOf(preset).slice(0, 4).map(({ label }) => ({ label, trials: [], hardened: { mean: 1, deviation: 0 }, gap: 0, largestGap: 0, flipRatio: null, imagesPerSecond: 1, packedBytes: null, floatBytes: 1, latency: {}, agreement: null })); // prettier-ignore
  const table = methodTable(preset, rows as never);
  expect(table).toContain('`two stages, distilled` (recipe two-stage, teacher in float, 30 epochs of its own, temperature 1, share 1)'); // prettier-ignore
  expect(table).toMatch(/`from scratch` +\|/);
});
