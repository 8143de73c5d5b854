// `bench compare`: did anything get worse from one run to the next?
import pc from 'picocolors';
import { methodRows } from '../aggregate.js';
import { table } from '../report/markdown.js';
import { differenceOf } from '../statistics.js';
import { readRun } from '../store.js';

/** The change of one method from the first run to the second, in points of hardened accuracy. */
export interface Change {
  readonly label: string;
  readonly before: number;
  readonly after: number;
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  /** The whole interval lies below -tolerance. */
  readonly regression: boolean;
}

/** Compares the methods that both runs have. `tolerance` in points. */
export function changesOf(before: string, after: string, tolerance: number): Change[] {
  const [a, b] = [before, after].map((folder) => {
    const { config, results } = readRun(folder);
    return methodRows(config, results);
  });
  return a!.flatMap((row) => {
    const other = b!.find(({ label }) => label === row.label);
    if (!other) return [];
    const [x, y] = [row, other].map(({ trials }) => trials.map(({ hardened }) => 100 * hardened));
    const { difference, low, high } = differenceOf(x!, y!);
    return [
      {
        label: row.label,
        before: row.hardened.mean,
        after: other.hardened.mean,
        difference,
        low,
        high,
        regression: high < -tolerance,
      },
    ];
  });
}

const points = (value: number): string =>
  Number.isFinite(value) ? value.toFixed(2) : value < 0 ? '-∞' : '∞';

/** @returns the exit code: 1 when a method got worse beyond its interval */
export function compareCommand(
  before: string,
  after: string,
  options: { tolerance: number; json: boolean },
): number {
  const changes = changesOf(before, after, options.tolerance);
  const regressions = changes.filter(({ regression }) => regression);
  if (options.json)
    process.stdout.write(
      `${JSON.stringify({ changes, regressions: regressions.map(({ label }) => label) })}\n`,
    );
  else {
    const rows = changes.map((c) => [
      c.label,
      c.before.toFixed(2),
      c.after.toFixed(2),
      `${points(c.difference)} [${points(c.low)}, ${points(c.high)}]`,
      c.regression ? 'worse' : '',
    ]);
    process.stdout.write(`${table(['method', 'before %', 'after %', 'difference [95 %]', ''], rows)}\n`);
    if (changes.length === 0) process.stdout.write('The runs have no method in common.\n');
    if (regressions.length > 0)
      process.stdout.write(pc.red(`\nworse: ${regressions.map(({ label }) => label).join(', ')}\n`));
  }
  return regressions.length > 0 ? 1 : 0;
}
