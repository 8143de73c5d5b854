// A validation split through the command: early stop, best weights, the course of a run in its folder, longer runs.
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadCheckpoint, tensorboardUntil } from '@bitgrad/training';
import { eventsName, historyName } from '../src/run-log.js';
import { cli, lastLine, read, temporaryFolder } from './run.js';

const data = ['--limit', '160', '--test-limit', '40', '--validation', '0.25', '--seed', '3'];
const choice = ['--keep-best', '--early-stop', '4', '--monitor', 'loss'];
const args = (out: string, ...more: string[]): string[] => [
  ...['train', '--model', 'mlp', '--backend', 'wasm', '--batch', '16', '--lr', '0.05', '--out', out],
  ...data,
  ...choice,
  ...['--lr-schedule', 'polynomial', '--lr-schedule-options', '{"per":"epoch","power":2}'],
  ...more,
];
const linesOf = (out: string) =>
  read(out, historyName)
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

it('chooses the epoch, tests once, and keeps the course of the run', { timeout: 120_000 }, async () => {
  const out = join(temporaryFolder(), 'run');
  const trained = await cli(args(out, '--epochs', '6', '--json'));
  expect(trained.code, trained.stderr).toBe(0);
  expect(trained.stderr).toContain('120 training, 40 validation and 40 test images');
  const result = JSON.parse(lastLine(trained.stdout));
  const history = linesOf(out);
  const losses = history.map(({ validationLoss }) => validationLoss);
  const best = losses.indexOf(Math.min(...losses));
  expect(result).toMatchObject({
    epoch: best,
    validationAccuracy: history[best].validationAccuracy,
    validationLoss: losses[best],
    validationImages: 40,
    trainImages: 120,
    finished: true,
  });
  expect(history.map((line) => [line.epoch, line.hardenedTestAccuracy])).toEqual(
    losses.map((_, i) => [i, null]),
  );
  // Every record of the event file is whole.
  const events = read(out, eventsName);
  expect(tensorboardUntil(events, Number.MAX_SAFE_INTEGER)).toHaveLength(events.length);
  expect(events.includes('loss/validation')).toBe(true);
  for (const [split, accuracy, images] of [
    ['test', result.testAccuracy, 40],
    ['validation', result.validationAccuracy, 40],
    ['train', undefined, 120],
  ]) {
    const evaluated = JSON.parse((await cli(['eval', out, '--split', split, '--json'])).stdout);
    expect([split, evaluated.images]).toEqual([split, images]);
    if (accuracy !== undefined) expect(evaluated.testAccuracy).toBe(accuracy);
  }
});

it('stopped and resumed, and then made longer, it is as if never stopped', { timeout: 120_000 }, async () => {
  const folder = temporaryFolder();
  const [whole, parts] = [join(folder, 'whole'), join(folder, 'parts')];
  expect((await cli(args(whole, '--epochs', '3'))).code).toBe(0);
  const stop = new AbortController();
  const stopped = await cli(args(parts, '--epochs', '3'), stop.signal, (text) => {
    if (text.startsWith('epoch 2/3 | loss')) stop.abort('SIGINT');
  });
  expect(stopped.code).toBe(130);
  // What a killed process wrote after its checkpoint does not stay.
  const { step } = loadCheckpoint(read(parts, 'checkpoint')).clock;
  expect(step).toBe(16);
  expect((await cli(args(parts, '--epochs', '3', '--resume'))).code).toBe(0);
  for (const file of ['weights.bin', 'model.json'])
    expect(read(parts, file).equals(read(whole, file)), file).toBe(true);
  const bare = (out: string) => linesOf(out).map(({ seconds: _, ...line }) => line);
  expect(bare(parts)).toEqual(bare(whole));
  expect(read(parts, eventsName)).toHaveLength(read(whole, eventsName).length);
  const longer = await cli(args(parts, '--epochs', '5', '--resume', '--json'));
  expect(longer.code, longer.stderr).toBe(0);
  expect(longer.stderr).toContain('resumed at step 24 of 40');
  expect(linesOf(parts).map(({ epochs }) => epochs)).toEqual([3, 3, 3, 5, 5]);
  const other = await cli(args(parts, '--epochs', '5', '--resume', '--validation', '0.5'));
  expect(lastLine(other.stderr)).toContain('option "validation" differs');
});

it(
  'starts from the same network in float, with frozen layers, and resumes',
  { timeout: 120_000 },
  async () => {
    const folder = temporaryFolder();
    const train = (out: string, ...more: string[]) =>
    cli(['train', '--model', 'mlp', '--backend', 'wasm', '--limit', '96', '--test-limit', '40', '--batch', '16', '--epochs', '2', '--out', join(folder, out), ...more]); // prettier-ignore
    expect((await train('float', '--quantizer', 'none')).code).toBe(0);
    const args = ['--init-from', join(folder, 'float'), '--freeze', 'dense1,bn1'];
    const whole = await train('whole', ...args);
    expect(whole.code, whole.stderr).toBe(0);
    expect(whole.stdout).toMatch(/\d+ of \d+ weights are taken over/);
    expect(whole.stdout).toContain('frozen: dense1, bn1');
    const kernel = (out: string) => loadCheckpoint(read(folder, out, 'checkpoint')).weights.find(({ name }) => name === 'dense1/kernel')!.values; // prettier-ignore
    expect(kernel('whole')).toEqual(kernel('float'));
    const stop = new AbortController();
    const parts = ['train', '--model', 'mlp', '--backend', 'wasm', '--limit', '96', '--test-limit', '40', '--batch', '16', '--epochs', '2', '--out', join(folder, 'parts'), ...args]; // prettier-ignore
    await cli(parts, stop.signal, (text) => {
      if (text.startsWith('epoch 1/2 | loss')) stop.abort('SIGINT');
    });
    expect((await cli([...parts, '--resume'])).code).toBe(0);
    expect(read(folder, 'parts', 'weights.bin').equals(read(folder, 'whole', 'weights.bin'))).toBe(true);
    const other = await cli([...parts, '--resume', '--freeze', 'dense1']);
    expect(lastLine(other.stderr)).toContain('option "freeze" differs');
  },
);

it(
  'trains in stages with a teacher, names the stage, and resumes in the second to the same bits',
  { timeout: 120_000 },
  async () => {
    const folder = temporaryFolder();
    const args = (out: string, ...more: string[]) =>
    ['train', '--model', 'mlp', '--backend', 'wasm', '--limit', '96', '--test-limit', '40', '--batch', '16', '--out', join(folder, out), ...more]; // prettier-ignore
    expect((await cli(args('teacher', '--quantizer', 'none', '--epochs', '2'))).code).toBe(0);
    const how = ['--epochs', '4', '--recipe', 'two-stage', '--teacher', join(folder, 'teacher'), '--temperature', '2']; // prettier-ignore
    const whole = await cli(args('whole', ...how));
    expect(whole.code, whole.stderr).toBe(0);
    expect(whole.stdout).toContain('stage inputs: 2 epochs, none/ste\nstage kernels: 2 epochs, ste');
    expect(whole.stdout).toMatch(/epoch 2\/4 \| inputs \| loss.*\n(.*\n)*epoch 3\/4 \| kernels \| loss/);
    const lines = read(folder, 'whole', 'history.jsonl').toString('utf8').trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>); // prettier-ignore
    expect(lines.map(({ epoch, step, stage }) => [epoch, step, stage])).toEqual([[0, 6, 'inputs'], [1, 12, 'inputs'], [2, 18, 'kernels'], [3, 24, 'kernels']]); // prettier-ignore
    const stop = new AbortController();
    await cli(args('parts', ...how), stop.signal, (text) => {
      if (text.startsWith('epoch 3/4 | kernels')) stop.abort('SIGINT');
    });
    const resumed = await cli(args('parts', ...how, '--resume'));
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(resumed.stdout).toMatch(/resumed at step 1[89] of 24/);
    expect(read(folder, 'parts', 'weights.bin').equals(read(folder, 'whole', 'weights.bin'))).toBe(true);
    const other = await cli(args('parts', ...how.slice(0, 4), '--resume'));
    expect(lastLine(other.stderr)).toMatch(/option "(teacher|temperature)" differs/);
  },
);
