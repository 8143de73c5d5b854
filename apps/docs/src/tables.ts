// Tables and sentences that are made when the site is built, of the results and cards of the repository.
import { existsSync, readdirSync } from 'node:fs';
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

/** Titles of the comparisons of methods among docs/results, in the order of their columns. */
const comparisons: Readonly<Record<string, string>> = {
  'mnist-tfc': 'TFC, MNIST',
  'mnist-lfc': 'LFC, MNIST',
  'mnist-cnn': 'CNN, MNIST',
  'cifar-subset-resnet20': 'ResNet-20, part of CIFAR-10',
  'cifar-subset-vit': 'ViT, part of CIFAR-10',
  'cifar10-resnet20-fda-4': "FDA's ResNet-20, CIFAR-10, 4 epochs",
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

interface Comparison {
  readonly title: string;
  readonly methods: ReadonlyMap<string, { percent: number; seeds: number }>;
}

/** What of docs/results compares methods, which is what has `ste` among others; other trials have one method in several ways. */
function comparisonsMade(): Comparison[] {
  const order = Object.keys(comparisons);
  return readdirSync(`${root}docs/results`)
    .filter((name) => existsSync(`${root}docs/results/${name}/results.jsonl`))
    .map((name) => ({ name, methods: means(trialsOf(name)) }))
    .filter(({ methods }) => methods.has('ste') && methods.size > 1)
    .map(({ name, methods }) => {
      const title = comparisons[name];
      if (!title)
        throw new RangeError(`docs/results/${name} compares methods, and has no title in tables.ts`);
      return { name, title, methods };
    })
    .sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
}

const bestOf = ({ methods }: Comparison) => [...methods].sort(([, a], [, b]) => b.percent - a.percent)[0]!;

/** Every method that two of the comparisons have or one has as its best, with its accuracies; the best of the first comparison on top. */
function accuracies(): string {
  const columns = comparisonsMade();
  const best = new Set(columns.map((column) => bestOf(column)[0]));
  const labels = [...new Set(columns.flatMap(({ methods }) => [...methods.keys()]))];
  const cell = (found?: { percent: number; seeds: number }) =>
    found ? `${found.percent.toFixed(2)} % (${found.seeds})` : '';
  const rows = labels
    .map((label) => ({ label, cells: columns.map(({ methods }) => methods.get(label)) }))
    .filter(({ label, cells }) => best.has(label) || cells.filter(Boolean).length > 1)
    .sort((a, b) => (b.cells[0]?.percent ?? 0) - (a.cells[0]?.percent ?? 0));
  return table(
    ['method', ...columns.map(({ title }) => title)],
    rows.map(({ label, cells }) => [`\`${label}\``, ...cells.map(cell)]),
  );
}

const inWords = (count: number): string =>
  ['none', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'][count] ?? `${count}`;

/** Which method to begin with, as the comparisons have it. */
function advice(): string {
  const made = comparisonsMade().map((comparison) => {
    const [first, { percent }] = bestOf(comparison);
    return { first, steBehind: percent - comparison.methods.get('ste')!.percent };
  });
  const near = made.filter(({ steBehind }) => steBehind < 0.5).length;
  const fda = made.filter(({ first }) => first === 'fda').length;
  const withNoise = made.filter(({ first }) => first.startsWith('fda, noise')).length;
  return [
    `- **Begin with \`ste\`.** It has no schedule, costs least, and is within half a point of the best on ${inWords(near)} of the ${inWords(made.length)} comparisons below.`,
    `- **Small networks, enough epochs:** \`fda\` is first on ${inWords(fda)} of the ${inWords(made.length)}, for 1.1 times the step of \`ste\`; with its noise module on ${inWords(withNoise)} more.`,
  ].join('\n');
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

/** The tables and sentences by the names that pages use. */
export const tables: Readonly<Record<string, () => string>> = { accuracies, advice, zoo };
