// What the site says of the results, counted here once more from the trials.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { read, root } from '../src/repository.js';
import { tables } from '../src/tables.js';

/** The best method of each comparison, and how far `ste` is behind it, in points. */
function standings(): { first: string; behind: number }[] {
  const names = readdirSync(`${root}docs/results`).filter((name) =>
    existsSync(`${root}docs/results/${name}/results.jsonl`),
  );
  const trialsOf = (name: string) =>
    readFileSync(`${root}docs/results/${name}/results.jsonl`, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { label: string; hardened: number }); // prettier-ignore
  // Comparisons of methods: others have one method, on several splits.
  const compared = names.map(trialsOf).filter((trials) => trials.some(({ label }) => label === 'ste'));
  return compared.map((trials) => {
    const percent = (label: string): number => {
      const rows = trials.filter((trial) => trial.label === label);
      return (100 * rows.reduce((sum, { hardened }) => sum + hardened, 0)) / rows.length;
    };
    const all = [...new Set(trials.map(({ label }) => label))].map((label) => ({ label, percent: percent(label) })); // prettier-ignore
    const first = all.toSorted((a, b) => b.percent - a.percent)[0]!;
    return { first: first.label, behind: first.percent - percent('ste') };
  });
}

it('what the page on quantizers says in words is what the results say', () => {
  const best = standings();
  const words = ['none', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];
  const [all, first, near] = [
    best,
    best.filter((row) => row.first === 'fda'),
    best.filter((row) => row.behind < 0.5),
  ].map(({ length }) => words[length]!);
  const page = tables.advice!();
  expect(page).toContain(`within half a point of the best on ${near} of the ${all} comparisons`);
  expect(page).toContain(`\`fda\` is first on ${first} of the ${all}`);
});

it('the table has a column for each comparison, and stands below its words', () => {
  const [head = ''] = tables.accuracies!().split('\n');
  expect(head.split('|')).toHaveLength(3 + standings().length);
  expect(read('apps/docs/pages/guide/quantizers.md')).toMatch(
    /<!--@table: advice-->[^]*<!--@table: accuracies-->/,
  );
});
