// `bench publish`: keeps the results of runs in docs/results, and writes what is derived from them: the plots there and
// the tables of docs/results.md and of the READMEs, each between markers
// `<!-- results:NAME:start -->` (every method) or `<!-- results:NAME:LABEL|LABEL:start -->` (some), where NAME is a run,
// `training`, `inference` or `growth` for the JSON that those benchmarks write, or `headline` for a choice of all.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bySeedAndSpeaker, methodRows } from '../aggregate.js';
import { labelOf } from '../config.js';
import { kinds } from '../growth/axes.js';
import { growthChart, growthMarkdown, type GrowthReport } from '../growth/report.js';
import { inferenceChart, inferenceMarkdown } from '../inference/report.js';
import { accuracyChart, alone, curveChart, latencyChart, sizeChart } from '../report/charts.js';
import { headline } from '../report/headline.js';
import { conditions, machines, methodTable, speakerTable } from '../report/markdown.js';
import type { TrialResult } from '../result.js';
import { readRun } from '../store.js';
import { trainingMarkdown, type TrainingReport } from '../training/command.js';

/** The repository's root. */
export const repository = fileURLToPath(new URL('../../../../', import.meta.url));

/** Where results are kept, below the root. */
export const kept = 'docs/results';

const readmes = (root: string): string[] => [
  'README.md',
  'docs/results.md',
  ...readdirSync(join(root, 'packages')).map((name) => `packages/${name}/README.md`),
];

/** A trial without what no table and no plot shows. */
const slim = ({ kernels: _kernels, ...trial }: TrialResult): object => trial;

/** Copies a run into docs/results; paths of the machine it ran on stay out. */
export function keepRun(run: string, root = repository): string {
  const { config, results } = readRun(run);
  const folder = join(root, kept, config.name);
  mkdirSync(folder, { recursive: true });
  const named = { ...config, data: config.data.split(':')[0] };
  writeFileSync(join(folder, 'config.json'), `${JSON.stringify(named, null, 2)}\n`);
  const order = config.methods.map(labelOf);
  const sorted = results.toSorted(
    (a, b) => order.indexOf(a.label) - order.indexOf(b.label) || bySeedAndSpeaker(a, b),
  );
  writeFileSync(
    join(folder, 'results.jsonl'),
    sorted.map((trial) => `${JSON.stringify(slim(trial))}\n`).join(''),
  );
  return config.name;
}

/** The names of the runs that are kept. */
export const keptRuns = (root = repository): string[] =>
  readdirSync(join(root, kept), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();

const marker = /<!-- results:([a-z0-9-]+)(?::([^>]*?))?:start -->\n[\s\S]*?<!-- results:\1(?::\2)?:end -->/g;

interface InferenceReport {
  readonly environment: Parameters<typeof inferenceMarkdown>[1];
  readonly rows: Parameters<typeof inferenceMarkdown>[0];
  readonly coldStart: Parameters<typeof inferenceMarkdown>[2];
}

const json = (name: string, root: string): unknown =>
  JSON.parse(readFileSync(join(root, kept, `${name}.json`), 'utf8'));
/** Without its title, the other headings one level down. */
const nested = (markdown: string): string =>
  markdown
    .replace(/^# .*\n/, '')
    .replaceAll(/^##/gm, '###')
    .trim();

/** A kept run, with its rows. */
const keptRun = (name: string, root: string) => {
  const { config, results } = readRun(join(root, kept, name));
  return { config, results, rows: methodRows(config, results) };
};

/** The tables that are not one of a run. */
const otherTables: Readonly<Record<string, (root: string) => string>> = {
  training: (root) => nested(trainingMarkdown(json('training', root) as TrainingReport)),
  inference: (root) => {
    const { rows, environment, coldStart } = json('inference', root) as InferenceReport;
    return nested(inferenceMarkdown(rows, environment, coldStart));
  },
  growth: (root) => nested(growthMarkdown(json('growth', root) as GrowthReport)),
  headline: (root) =>
    headline({
      training: (json('training', root) as TrainingReport).rows,
      inference: (json('inference', root) as InferenceReport).rows,
      tfc: keptRun('mnist-tfc', root).rows,
      cnn: keptRun('mnist-cnn', root).rows,
    }),
};

/** A text with its tables made anew from the kept results. */
export function withTables(text: string, root = repository): string {
  return text.replace(marker, (_, name: string, labels?: string) => {
    if (Object.hasOwn(otherTables, name))
      return `<!-- results:${name}:start -->\n\n${otherTables[name]!(root)}\n\n<!-- results:${name}:end -->`;
    const { config, results, rows } = keptRun(name, root);
    const chosen = labels?.split('|').map((label) => label.trim());
    const shown = rows.filter(({ label }) => !chosen || chosen.includes(label));
    const head = chosen ? '' : `${conditions(config, config.data)}\n\n`;
    const foot = chosen ? '' : `\n\nRun on ${machines(results)}.`;
    const tag = labels === undefined ? name : `${name}:${labels}`;
    return `<!-- results:${tag}:start -->\n\n${head}${methodTable(config, shown, { times: false })}${speakerTable(shown)}${foot}\n\n<!-- results:${tag}:end -->`;
  });
}

const plots = { accuracy: accuracyChart, curves: curveChart, size: sizeChart, latency: latencyChart };

/** Draws the plots of a kept run. */
export function drawPlots(name: string, root = repository): void {
  const folder = join(root, kept, name);
  const { rows } = keptRun(name, root);
  for (const [plot, draw] of Object.entries(plots)) {
    const svg = draw(rows);
    if (svg) writeFileSync(join(folder, `${plot}.svg`), alone(svg));
    else rmSync(join(folder, `${plot}.svg`), { force: true });
  }
}

/** Draws the charts of the benchmarks that are kept. */
function drawBenchmarks(root = repository): void {
  const draw = (name: string, svg: string): void =>
    writeFileSync(join(root, kept, `${name}.svg`), alone(svg));
  const has = (name: string): boolean => existsSync(join(root, kept, `${name}.json`));
  if (has('inference')) draw('inference', inferenceChart((json('inference', root) as InferenceReport).rows));
  if (!has('growth')) return;
  const { rows } = json('growth', root) as GrowthReport;
  for (const kind of kinds)
    if (rows.some((row) => row.kind === kind)) draw(`growth-${kind}`, growthChart(rows, kind));
}

/** The files with tables. */
export const filesWithTables = (root = repository): string[] =>
  readmes(root).filter((file) => readFileSync(join(root, file), 'utf8').search(marker) >= 0);

/** Options of `bench publish`. */
export interface PublishOptions {
  /** JSON files of `bench training`, `bench inference` and `bench growth`. */
  readonly training?: string;
  readonly inference?: string;
  readonly growth?: string;
}

/** `bench publish [RUN...]`; returns the exit code. */
export async function publishCommand(runs: readonly string[], options: PublishOptions): Promise<number> {
  for (const run of runs) keepRun(resolve(run));
  for (const name of ['training', 'inference', 'growth'] as const)
    if (options[name]) copyFileSync(resolve(options[name]), join(repository, kept, `${name}.json`));
  for (const name of keptRuns()) drawPlots(name);
  drawBenchmarks();
  const { format, resolveConfig } = await import('prettier');
  for (const file of filesWithTables()) {
    const path = join(repository, file);
    const text = withTables(readFileSync(path, 'utf8'));
    writeFileSync(path, await format(text, { ...(await resolveConfig(path)), parser: 'markdown' }));
    process.stderr.write(`${file}\n`);
  }
  return 0;
}
