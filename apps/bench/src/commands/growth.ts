// `bench growth`: what time does when the batch, the channels, the image or the threads grow, ours and the peers'.
import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { native } from '@bitgrad/backend-native';
import { pick } from '../arguments.js';
import { axes, kinds } from '../growth/axes.js';
import { measureAxis, runnersOf, type GrowthTimes } from '../growth/measure.js';
import { growthChart, growthMarkdown, type GrowthReport } from '../growth/report.js';
import type { GrowthRow } from '../growth/rows.js';
import { commit, machine } from '../result.js';
import { findTorch, torchCommand } from '../training/peer.js';
import { writeWhole } from '../whole-file.js';

/** Options of `bench growth`. */
export interface GrowthOptions extends GrowthTimes {
  /** What is measured, along which axes, by whom; all by default. */
  readonly of?: readonly string[];
  readonly axes?: readonly string[];
  readonly runners?: readonly string[];
  readonly python?: string;
  readonly json?: string;
  /** Folder of growth.md and the charts. */
  readonly out?: string;
}

const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** Measures, writes JSON, Markdown and charts after each axis; returns the exit code. */
export async function growthCommand(options: GrowthOptions): Promise<number> {
  const chosen = pick(kinds, (name) => name, 'kind', options.of);
  const known = [...new Set(chosen.flatMap(runnersOf))];
  const wanted = pick(known, (name) => name, 'runner', options.runners);
  const python = wanted.includes('pytorch') ? findTorch(options.python) : undefined;
  const { available, reason } = await native().probe();
  const obstacles: Record<string, string | undefined> = {
    pytorch: python ? undefined : `no interpreter can import torch; to have one: ${torchCommand}`,
    'bitgrad-native': available ? undefined : reason,
  };
  const skipped = wanted.flatMap((name) => (obstacles[name] ? [`${name}, since ${obstacles[name]}`] : []));
  skipped.forEach((why) => say(`skipped: ${why}`));
  const rows: GrowthRow[] = [];
  const reportOf = (): GrowthReport => ({
    date: new Date().toISOString().slice(0, 10),
    ...{ machine: machine(), commit: commit(), rounds: options.rounds, rows, skipped },
  });
  for (const kind of chosen) {
    const own = runnersOf(kind).filter((name) => wanted.includes(name) && !obstacles[name]);
    for (const axis of pick(axes, (name) => name, 'axis', options.axes)) {
      if (own.length > 0) rows.push(...(await measureAxis(kind, axis, own, options, python, say)));
      // What was measured is kept when the next axis is interrupted.
      write(reportOf(), options);
    }
  }
  process.stdout.write(growthMarkdown(reportOf()));
  return 0;
}

/** JSON, Markdown and charts of a report, where they are wanted. */
function write(report: GrowthReport, { json, out }: GrowthOptions): void {
  if (json) {
    mkdirSync(dirname(resolve(json)), { recursive: true });
    writeWhole(resolve(json), `${JSON.stringify(report, null, 2)}\n`);
  }
  if (!out) return;
  mkdirSync(out, { recursive: true });
  const charts = kinds.filter((kind) =>
    report.rows.some((row) => row.kind === kind && row.axis !== 'threads'),
  );
  for (const kind of charts) writeWhole(resolve(out, `growth-${kind}.svg`), growthChart(report.rows, kind));
  const links = charts.map((kind) => `![${kind}](./growth-${kind}.svg)`).join('\n\n');
  writeWhole(resolve(out, 'growth.md'), `${growthMarkdown(report)}\n${links}\n`);
}
