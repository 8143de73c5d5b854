// The command as a process: a run with a third-party quantizer, kill -9 in its middle, resume, reports, wrong use.
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { sourceFlags } from '../src/source-flags.js';
import { tinyComparison } from './tiny.js';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const flags = [...sourceFlags, main];
const bench = (...args: string[]) =>
  promisify(execFile)(process.execPath, [...flags, ...args], { timeout: 240_000 }).catch(
    (e: { code: number; stdout: string; stderr: string }) => e,
  );

const lines = (out: string): number =>
  existsSync(join(out, 'results.jsonl'))
    ? readFileSync(join(out, 'results.jsonl'), 'utf8').split('\n').length - 1
    : 0;

it('runs, survives kill -9, finishes what is missing, and reports', { timeout: 300_000 }, async () => {
  const config = tinyComparison();
  const out = join(dirname(config), 'out');
  const child = spawn(process.execPath, [...flags, 'run', config, '--out', out], { stdio: 'ignore' });
  while (lines(out) < 1) await new Promise((resolve) => setTimeout(resolve, 50));
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  const before = readFileSync(join(out, 'results.jsonl'), 'utf8').split('\n')[0];

  const { stdout } = await bench('run', config, '--out', out, '--json');
  expect(JSON.parse(stdout.trim().split('\n').at(-1)!)).toMatchObject({
    trials: 4,
    finished: 4,
    failures: [],
  });
  const rows = readFileSync(join(out, 'results.jsonl'), 'utf8').trim().split('\n');
  expect(rows[0]).toBe(before);
  const results = rows.map((row) => JSON.parse(row) as Record<string, never>);
  expect(results.map((r) => `${r.label} ${r.seed}`).sort()).toEqual([
    'soft-step 1',
    'soft-step 2',
    'ste 1',
    'ste 2',
  ]);
  for (const result of results) {
    expect(result).toMatchObject({ backend: 'wasm', model: 'tfc', gap: 0, packed: { agreement: 1 } });
    expect(result.kernels).not.toEqual({});
  }
  expect(readFileSync(join(out, 'report.md'), 'utf8')).toContain('`soft-step`');
  const page = readFileSync(join(out, 'report.html'), 'utf8');
  expect(page.match(/<svg/g)!.length).toBeGreaterThanOrEqual(6);
  expect(page).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/);

  const compared = await bench('compare', out, out, '--json');
  expect(JSON.parse(compared.stdout)).toMatchObject({ regressions: [] });
});

it('says what is wrong in one line, with exit code 2', async () => {
  const { code, stderr } = (await bench('run', 'nothing-here')) as { code: number; stderr: string };
  expect(code).toBe(2);
  expect(stderr).toMatch(/^\[bitgrad\/bench\] config: got "nothing-here"/);
});

it('takes paths from where the user called pnpm', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-where-'));
  writeFileSync(join(folder, 'mine.json'), '{ "name": "mine" }');
  const env = { ...process.env, npm_lifecycle_event: 'bench', INIT_CWD: folder };
  const run = promisify(execFile)(process.execPath, [...flags, 'run', 'mine.json'], { env });
  // The file is found, and read: it has no data.
  await expect(run).rejects.toMatchObject({ code: 2, stderr: expect.stringMatching(/mine\.json[^]*data/) });
  rmSync(folder, { recursive: true });
});
