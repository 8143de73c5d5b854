// Trains every algorithm of this package on real data by the benchmark harness, and writes the tables of the README:
// `pnpm accuracy [--table] [tfc|cnn ...]`. Finished trials are kept: a second call runs what is missing; --table runs
// nothing. It expects MNIST in ../shared/data/mnist beside the repository, and takes hours.
import { writeSection } from '@bitgrad/tooling/plots';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { root } from './bitgrad.js';

interface Trial {
  readonly label: string;
  readonly seed: number;
  readonly hardened: number;
  readonly soft: number;
  readonly commit: string | null;
  readonly machine: { readonly cpu: string; readonly node: string };
}
/** What is kept in the repository: one line a trial. */
type Kept = Pick<Trial, 'label' | 'seed' | 'hardened' | 'soft' | 'commit'> & { cpu: string; node: string };

const args = process.argv.slice(2);
const nets = args.filter((arg) => !arg.startsWith('--'));
const readme = new URL('../README.md', import.meta.url);
const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

const percent = (x: number): string => (100 * x).toFixed(2);
const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;
const deviation = (xs: readonly number[]): number =>
  xs.length < 2 ? NaN : Math.sqrt(xs.reduce((a, x) => a + (x - mean(xs)) ** 2, 0) / (xs.length - 1));

function table(trials: readonly Kept[]): string {
  const labels = [...new Set(trials.map(({ label }) => label))];
  const rows = labels
    .map((label) => {
      const of = trials.filter((trial) => trial.label === label);
      const hardened = of.map((trial) => trial.hardened);
      const gaps = of.map((trial) => trial.soft - trial.hardened);
      const worst = gaps.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a));
      const spread = hardened.length > 1 ? percent(deviation(hardened)) : '';
      const columns = [
        `\`${label}\``,
        percent(mean(hardened)),
        spread,
        hardened.map(percent).join(', '),
        percent(mean(of.map((trial) => trial.soft))),
        percent(worst),
      ];
      return { hardened: mean(hardened), line: `| ${columns.join(' | ')} |` };
    })
    .sort((a, b) => b.hardened - a.hardened);
  return [
    '| algorithm | hardened % | deviation | seeds | soft % | largest gap |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows.map(({ line }) => line),
  ].join('\n');
}

for (const net of nets.length > 0 ? nets : ['tfc', 'cnn']) {
  const config = path(`../accuracy/${net}.json`);
  const runs = path(`../accuracy/runs/${net}/`);
  const results = `${runs}results.jsonl`;
  const kept = path(`../accuracy/${net}-results.json`);
  if (!args.includes('--table'))
    execFileSync('pnpm', ['-s', 'bench', 'run', config, '--out', runs], {
      cwd: fileURLToPath(new URL('apps/bench/', root)),
      stdio: 'inherit',
    });
  if (existsSync(results)) {
    const trials = readFileSync(results, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Trial)
      .map(({ label, seed, hardened, soft, commit, machine: { cpu, node } }): Kept => {
        return { label, seed, hardened, soft, commit, cpu, node };
      })
      .sort((a, b) => (a.label < b.label ? -1 : a.label > b.label ? 1 : a.seed - b.seed));
    writeFileSync(kept, `${JSON.stringify(trials, null, 2)}\n`);
  }
  if (existsSync(kept))
    writeSection(readme, `accuracy-${net}`, table(JSON.parse(readFileSync(kept, 'utf8')) as Kept[]));
}
execFileSync('npx', ['prettier', '--write', fileURLToPath(readme), path('../accuracy/')], {
  stdio: 'inherit',
});
