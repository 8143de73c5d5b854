// `bench report`: results as Markdown and as one page.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { methodRows } from '../aggregate.js';
import { htmlReport } from '../report/html.js';
import { markdownReport } from '../report/markdown.js';
import { pairPictures } from '../report/pairs.js';
import { readRun } from '../store.js';
import { writeWhole } from '../whole-file.js';

/** Where a report was written, and its text. */
export interface WrittenReport {
  readonly markdown: string;
  readonly html: string;
  readonly files: readonly string[];
}

const write = (path: string, text: string): string => {
  writeWhole(path, text);
  return path;
};

/** Writes report.md and report.html for one run, or one of each for several, into a folder. */
export async function writeReport(runs: readonly string[], out: string): Promise<WrittenReport> {
  mkdirSync(out, { recursive: true });
  const files: string[] = [];
  const texts: string[] = [];
  for (const run of runs) {
    const { config, results } = readRun(run);
    const rows = methodRows(config, results);
    const stem = runs.length > 1 ? config.name : 'report';
    const text = markdownReport(config, results, rows);
    texts.push(text);
    files.push(write(join(out, `${stem}.md`), text));
    files.push(
      write(join(out, `${stem}.html`), htmlReport(config, results, rows, await pairPictures(config))),
    );
  }
  return { markdown: texts.join('\n'), html: files.at(-1)!, files };
}
