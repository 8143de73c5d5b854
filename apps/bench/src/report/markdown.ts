// A run as Markdown: what was compared, under which conditions, and the table.
import { baseRateOf, type OptimizerConfig } from '@bitgrad/training';
import type { MethodRow } from '../aggregate.js';
import { labelOf, type BenchConfig, type Method } from '../config.js';
import { mean } from '../statistics.js';
import type { TrialResult } from '../result.js';

/** A table's rows and head as Markdown. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** Bytes in kB (1,000). */
export const kilobytes = (bytes: number | null): string =>
  bytes === null ? '' : `${(bytes / 1000).toFixed(1)} kB`;

const budgetText = ({ budget }: BenchConfig): string =>
  'epochs' in budget
    ? `${budget.epochs} epochs`
    : 'images' in budget
      ? `${budget.images} images`
      : `${budget.minutes} minutes`;

/** What was made of recordings, and who was left out. */
const soundText = ({ audio, testSpeakers }: BenchConfig): string => {
  const { sound, copies = 1, noises = 0 } = audio ?? {};
  const parts = [
    ...(audio ? [`${copies} examples of each recording for training`] : []),
    ...(sound ? [`sound \`${JSON.stringify(sound)}\``] : []),
    ...(noises > 0 ? [`${noises} of nobody speaking`] : []),
    ...(testSpeakers ? ['each speaker in turn left out of training and tested on'] : []),
  ];
  return parts.map((part) => `${part}, `).join('');
};

/** What holds for every method, in one sentence. */
export const conditions = (config: BenchConfig, data: string): string =>
  `Model \`${config.model}\`, data \`${data}\`${config.limit ? ` (${config.limit} training images)` : ''}, ` +
  `${budgetText(config)}, batch ${config.batchSize}, ${config.optimizer.name} with learning rate ${config.learningRate ?? baseRateOf(config.optimizer as OptimizerConfig)} ` +
  `(${config.schedule}), ${soundText(config)}seeds ${config.seeds.join(', ')}, backend \`${config.backend}\`. ` +
  'Every method has the same data order, initialization and budget.';

/** Accuracy on each speaker who was for testing alone, as a table below another; empty where there are none. */
export function speakerTable(rows: readonly MethodRow[]): string {
  const speakers = [...new Set(rows.flatMap(({ trials }) => trials.flatMap(({ speaker }) => speaker ?? [])))];
  if (speakers.length === 0) return '';
  const of = ({ trials }: MethodRow, speaker: string): string => {
    const own = trials.filter((trial) => trial.speaker === speaker).map(({ hardened }) => 100 * hardened);
    return own.length === 0 ? '-' : `${mean(own).toFixed(2)} %`;
  };
  const cells = rows.map((row) => [`\`${row.label}\``, ...speakers.map((speaker) => of(row, speaker))]);
  return `\n\n${table(['tested on', ...speakers], cells)}`;
}

/** Machines that results came from. */
export const machines = (results: readonly TrialResult[]): string =>
  [
    ...new Set(
      results.map(
        ({ machine: m, commit }) =>
          `${m.cpu}, ${m.cores} cores, Node ${m.node}, commit ${commit ?? 'unknown'}`,
      ),
    ),
  ].join('; ');

const teacherText = (
  { model, quantizer, epochs }: NonNullable<Method['teacher']>,
  { temperature = 1, teacherShare = 1 }: Method,
): string =>
  `teacher ${model ? `${model}, ` : ''}${quantizer === 'none' ? 'in float' : quantizer}, ${epochs} epochs of its own, temperature ${temperature}, share ${teacherShare}`;

const own = (config: BenchConfig, label: string): string => {
  const method = config.methods.find((m) => labelOf(m) === label)!;
  const parts = [
    method.optimizer && `optimizer ${JSON.stringify(method.optimizer)}`,
    method.learningRate && `learning rate ${method.learningRate}`,
    method.recipe && `recipe ${method.recipe}`,
    method.teacher && teacherText(method.teacher, method),
  ];
  const text = parts.filter(Boolean).join(', ');
  return text ? ` (${text})` : '';
};

const accuracy = ({ hardened, trials }: MethodRow): string => {
  const spread = trials.length > 1 ? ` ± ${hardened.deviation.toFixed(2)}` : '';
  return `${hardened.mean.toFixed(2)}${spread} % (${trials.length})`;
};

/**
 * The table of methods, best first.
 * @param times with throughput and latency, which say something only of a machine that did nothing else
 */
export function methodTable(config: BenchConfig, rows: readonly MethodRow[], { times = true } = {}): string {
  const engines = times ? [...new Set(rows.flatMap(({ latency }) => Object.keys(latency)))] : [];
  return table(
    [
      'method',
      'hardened test accuracy',
      'soft - hard (most)',
      'flips a step',
      ...(times ? ['img/s'] : []),
      'packed',
      ...engines.map((e) => `${e} ms`),
      'agreement',
    ],
    rows.map((row) => [
      `\`${row.label}\`${own(config, row.label)}`,
      accuracy(row),
      `${row.gap.toFixed(2)} (${row.largestGap.toFixed(2)})`,
      row.flipRatio === null ? '' : `${(100 * row.flipRatio).toFixed(3)} %`,
      ...(times ? [row.imagesPerSecond.toFixed(0)] : []),
      row.packedBytes === null ? '' : `${kilobytes(row.packedBytes)} of ${kilobytes(row.floatBytes)}`,
      ...engines.map((e) => row.latency[e]?.toFixed(3) ?? ''),
      row.agreement === null ? '' : `${(100 * row.agreement).toFixed(2)} %`,
    ]),
  );
}

/** The whole report. */
export const markdownReport = (
  config: BenchConfig,
  results: readonly TrialResult[],
  rows: readonly MethodRow[],
): string =>
  `# ${config.name}

${config.description ? `${config.description}\n\n` : ''}${conditions(config, results[0]?.data ?? config.data)}

${methodTable(config, rows)}${speakerTable(rows)}

Accuracy: mean ± standard deviation over seeds (number of seeds) of the deployed levels. soft - hard: accuracy lost by
hardening, in points, mean and the largest of a seed. flips a step: share of weight signs that a step changes, mean over
training. agreement: share of test images that packed file and graph put into the same class, worst seed. Machine: ${machines(results)}.
`;
