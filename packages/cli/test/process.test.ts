// The command as a process: kill -9 at random moments, Ctrl-C and SIGTERM, and no colours when they are not wanted.
// BITGRAD_KILLS sets how often it is killed.
import { cpSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRng } from '@bitgrad/core';
import { amount } from '@bitgrad/tooling/endurance';
import { loadCheckpoint } from '@bitgrad/training';
import { readRunInfo } from '../src/index.js';
import { cli, ended, lastLine, read, sleep, start, temporaryFolder } from './run.js';

const kills = amount({ test: 1, full: 3, variable: 'BITGRAD_KILLS' });
const seed = Number(process.env.BITGRAD_SEED ?? 1);

/** Loaded before the command: kills it at a rename in a run's folder. */
const killer = new URL('./kill-at-rename.mjs', import.meta.url).href;

const args = (out: string, ...more: string[]): string[] => [
  ...[
    'train',
    '--model',
    'mlp',
    '--backend',
    'wasm',
    '--limit',
    '480',
    '--test-limit',
    '64',
    '--batch',
    '16',
  ],
  // A fifth is held out, so that the checkpoint has the best epoch's weights too.
  ...['--validation', '0.2', '--keep-best'],
  // So often that a kill falls into the writing of a checkpoint now and then.
  ...['--epochs', '5', '--seed', '3', '--checkpoint-seconds', '0.02', '--out', out, ...more],
];

const appears = async (file: string): Promise<void> => {
  while (!existsSync(file)) await sleep(5);
};

describe('a run that is stopped from outside', () => {
  it(
    `has a valid checkpoint after kill -9, and resumes to the same bytes, ${kills} times`,
    { timeout: 60_000 + kills * 90_000 },
    async () => {
      const folder = temporaryFolder();
      const reference = start(args(join(folder, 'whole')));
      const done = ended(reference);
      await appears(join(folder, 'whole', 'checkpoint'));
      const begun = performance.now();
      expect((await done).code).toBe(0);
      const trainMs = performance.now() - begun;
      const expected = read(folder, 'whole', 'weights.bin');
      const random = createRng(seed);
      const steps: number[] = [];
      for (let i = 0; i < kills; i++) {
        const out = join(folder, `killed-${i}`);
        const delay = random.next() * trainMs * 0.9;
        const child = start(args(out));
        const killed = ended(child);
        await appears(join(out, 'checkpoint'));
        await sleep(delay);
        child.kill('SIGKILL');
        await killed;
        const { clock } = loadCheckpoint(read(out, 'checkpoint'));
        steps.push(clock.step);
        const resumed = await ended(start(args(out, '--resume', '--json')));
        expect(resumed.code, `${resumed.stderr} (kill ${i}, seed ${seed}, ${delay} ms)`).toBe(0);
        expect(resumed.stderr).toContain(`resumed at step ${clock.step} of 120`);
        const same = read(out, 'weights.bin').equals(expected);
        expect(same, `weights after kill ${i} at step ${clock.step} (seed ${seed}, ${delay} ms)`).toBe(true);
      }
      process.stdout.write(`killed after steps ${steps.join(', ')} of 120\n`);
    },
  );

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('finishes the step, saves and exits: %s %i', async (signal, code) => {
    const out = join(temporaryFolder(), 'run');
    const child = start(args(out, '--epochs', '400', '--json', '--checkpoint-seconds', '600'));
    const outcome = ended(child);
    await appears(join(out, 'checkpoint'));
    await sleep(300);
    child.kill(signal);
    const { code: got, stdout, stderr } = await outcome;
    expect(stderr).toContain(`${signal}: finishing the step and saving`);
    expect(got).toBe(code);
    const result = JSON.parse(lastLine(stdout));
    expect(result.finished).toBe(false);
    expect(result.steps).toBeGreaterThan(0);
    // The last checkpoint is newer than the one of the start, although the clock had none due.
    expect(loadCheckpoint(read(out, 'checkpoint')).clock.step).toBe(result.steps);
  });
});

describe('a run that replaces another', () => {
  const tiny = [
    '--model',
    'mlp',
    '--backend',
    'wasm',
    '--limit',
    '64',
    '--test-limit',
    '64',
    '--epochs',
    '1',
  ];
  const train = (out: string, ...more: string[]): string[] => ['train', ...tiny, '--out', out, ...more];

  it(
    `and is killed between its files leaves one of the two whole, ${kills} times`,
    { timeout: 120_000 + kills * 60_000 },
    async () => {
      const folder = temporaryFolder();
      const whole = new Map<string, number>();
      for (const seed of ['3', '4']) {
        const { code } = await cli(train(join(folder, seed), '--seed', seed));
        expect(code).toBe(0);
        whole.set(seed, (await readRunInfo(join(folder, seed))).result.testAccuracy as number);
      }
      for (let i = 0; i < kills; i++) {
        // Renames that count: the manifest's, which commits, and one for each of three files.
        const at = i % 4;
        const out = join(folder, `killed-${i}`);
        cpSync(join(folder, '3'), out, { recursive: true });
        const child = start(train(out, '--seed', '4', '--overwrite'), {
          NODE_OPTIONS: `--import=${killer}`,
          KILL_AT: String(at),
        });
        expect((await ended(child)).signal).toBe('SIGKILL');
        const { code, stdout, stderr } = await cli(['eval', out, '--json']);
        expect(code, stderr).toBe(0);
        const info = await readRunInfo(out);
        expect(info.options.seed).toBe(at === 0 ? 3 : 4);
        expect(JSON.parse(stdout).testAccuracy).toBe(info.result.testAccuracy);
        expect(info.result.testAccuracy).toBe(whole.get(String(info.options.seed)));
        // Its owner is dead: the lock does not stand in the way.
        const again = await cli(train(out, '--seed', '4', '--resume'));
        expect(again.stdout).toContain('taking over');
        expect(again.code, again.stderr).toBe(0);
        expect(read(out, 'weights.bin').equals(read(folder, '4', 'weights.bin'))).toBe(true);
        expect(readdirSync(out).sort()).toEqual(readdirSync(join(folder, '4')).sort());
      }
    },
  );

  it('does not share its folder with another process', { timeout: 120_000 }, async () => {
    const out = join(temporaryFolder(), 'run');
    const long = start(args(out, '--epochs', '400', '--checkpoint-seconds', '600'));
    const outcome = ended(long);
    await appears(join(out, 'checkpoint'));
    const second = await ended(start(train(out, '--overwrite', '--json')));
    expect(second.code).toBe(1);
    expect(lastLine(second.stderr)).toMatch(
      new RegExp(`is in use by process ${long.pid} on .*, which started at 20`),
    );
    expect(JSON.parse(second.stdout).error.code).toBe('invalid-state');
    long.kill('SIGTERM');
    expect((await outcome).code).toBe(143);
    expect((await readRunInfo(out)).finished).toBe(false);
  });
});

it('writes no escape codes with NO_COLOR, and some with FORCE_COLOR', async () => {
  const escape = String.fromCharCode(27);
  const plain = await ended(start(['list'], { NO_COLOR: '1', FORCE_COLOR: '' }));
  expect(plain.stdout).not.toContain(escape);
  const coloured = await ended(start(['list'], { NO_COLOR: '', FORCE_COLOR: '1' }));
  expect(coloured.stdout).toContain(escape);
});

it('ends quietly when nobody reads its output any more', async () => {
  const child = start(['train', '--help']);
  child.stdout!.destroy();
  expect(await ended(child)).toMatchObject({ code: 141, stderr: '' });
});
