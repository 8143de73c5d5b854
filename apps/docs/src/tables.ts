// Tables that are made when the site is built, of the results and cards of the repository.
import { readdirSync } from 'node:fs';
import { read, root, zooModels } from './repository.js';

type Row = readonly (string | number)[];

const table = (head: Row, rows: readonly Row[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

/** One trial of a comparison, as docs/results keeps it. */
interface Trial {
  readonly label: string;
  /** Test accuracy of the deployed network, in [0, 1]. */
  readonly hardened: number;
}

const comparisons: Readonly<Record<string, string>> = {
  'mnist-tfc': 'TFC, MNIST',
  'mnist-lfc': 'LFC, MNIST',
  'mnist-cnn': 'CNN, MNIST',
  'cifar-subset-resnet20': 'ResNet-20, part of CIFAR-10',
  'cifar-subset-vit': 'ViT, part of CIFAR-10',
};

const trialsOf = (name: string): Trial[] =>
  read(`docs/results/${name}/results.jsonl`)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Trial);

/** Mean accuracy in percent and number of seeds of each method. */
function means(trials: readonly Trial[]): Map<string, { percent: number; seeds: number }> {
  return new Map(
    [...byLabel(trials)].map(([label, rows]) => [
      label,
      { percent: (100 * rows.reduce((sum, row) => sum + row.hardened, 0)) / rows.length, seeds: rows.length },
    ]),
  );
}

// Node 20 has no `Map.groupBy`.
function byLabel(trials: readonly Trial[]): Map<string, Trial[]> {
  const grouped = new Map<string, Trial[]>();
  for (const trial of trials) grouped.set(trial.label, [...(grouped.get(trial.label) ?? []), trial]);
  return grouped;
}

/** Every method that at least two of the comparisons have, with its accuracies; the best of the first comparison on top. */
function accuracies(): string {
  const names = readdirSync(`${root}docs/results`).filter((name) => name in comparisons);
  const order = Object.keys(comparisons).filter((name) => names.includes(name));
  const columns = order.map((name) => means(trialsOf(name)));
  const labels = [...new Set(columns.flatMap((column) => [...column.keys()]))];
  const cell = (found?: { percent: number; seeds: number }) =>
    found ? `${found.percent.toFixed(2)} % (${found.seeds})` : '';
  const rows = labels
    .map((label) => ({ label, cells: columns.map((column) => column.get(label)) }))
    .filter(({ cells }) => cells.filter(Boolean).length > 1)
    .sort((a, b) => (b.cells[0]?.percent ?? 0) - (a.cells[0]?.percent ?? 0));
  return table(
    ['method', ...order.map((name) => comparisons[name]!)],
    rows.map(({ label, cells }) => [`\`${label}\``, ...cells.map(cell)]),
  );
}

/** The models of the zoo, from their cards. */
function zoo(): string {
  const cards = zooModels.map((name) => JSON.parse(read(`packages/zoo/models/${name}/card.json`)));
  return table(
    ['model', 'what it is', 'test accuracy', 'packed', 'in float32', 'licence of its data'],
    cards.map((card) => [
      `[\`${card.name}\`](./${card.name}.md)`,
      card.title,
      `${(100 * card.test.accuracy).toFixed(2)} %`,
      `${(card.bytes.packed / 1000).toFixed(1)} kB`,
      `${(card.bytes.float / 1000).toFixed(1)} kB`,
      card.dataLicence,
    ]),
  );
}

/** The tables by the names that pages use. */
export const tables: Readonly<Record<string, () => string>> = { accuracies, zoo };
