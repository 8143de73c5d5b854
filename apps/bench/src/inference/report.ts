// The comparison as Markdown and as a chart.
import type { ColdStart } from './cold-start.js';
import { speedup, type InferenceRow } from './compare.js';
import { draw, title } from '../report/charts.js';
import { table } from '../report/markdown.js';

/** Where and how it was measured. */
export interface Environment {
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  readonly commit: string | null;
  readonly date: string;
  readonly rounds: number;
  readonly sliceMs: number;
  /** Load of the machine at the start, one minute's mean. */
  readonly load: number;
}

/** A speed-up that the project aims at. */
export interface Goal {
  readonly text: string;
  readonly wanted: number;
  /** By the medians. */
  readonly got: number | null;
  /** By the medians of CPU time, which other work on the machine disturbs less. */
  readonly gotCpu: number | null;
}

/** The goals, with what this run gives. */
export const goalsOf = (rows: readonly InferenceRow[]): Goal[] => {
  const goal = (net: string, fast: string, slow: string, wanted: number, threads = 1): Goal => ({
    text: `${net}: ${fast} against ${slow}${threads > 1 ? `, ${threads} threads` : ''}`,
    wanted,
    got: speedup(rows, { net, fast, slow, threads }),
    gotCpu: speedup(rows, { net, fast, slow, threads }, 'cpuMedianMs'),
  });
  return [
    goal('vgg-small', 'bitgrad-wasm', 'tfjs-wasm', 9),
    goal('vgg-small', 'bitgrad-wasm', 'ort-web-int8', 4.5),
    goal('vgg-small', 'bitgrad-wasm-relaxed', 'tfjs-wasm', 12),
    goal('vgg-small', 'bitgrad-wasm-relaxed', 'ort-web-int8', 6),
    goal('birealnet18', 'bitgrad-wasm', 'tfjs-wasm', 8),
    goal('birealnet18', 'bitgrad-wasm-relaxed', 'tfjs-wasm', 11),
    ...[1, 2].flatMap((threads) => [
      goal('vgg-small', 'bitgrad-native', 'ort-node-int8', 3, threads),
      goal('birealnet18', 'bitgrad-native', 'ort-node-int8', 2, threads),
    ]),
  ];
};

const labelOf = ({ engine, threads }: InferenceRow): string =>
  threads > 1 ? `${engine}, ${threads} threads` : engine;

const unique = <T>(items: readonly T[]): T[] => [...new Set(items)];

/** Milliseconds with three significant digits. */
const ms = (value: number | null): string => (value === null ? '-' : value.toPrecision(3));

const times = (factor: number | null): string => (factor === null ? '-' : `${factor.toFixed(1)}x`);

const coldStartParts = ({ runs, node, engines }: ColdStart): string[] => [
  '## Cold start',
  `From starting Node to the first VGG-small result of a bundled script, by turns, ${runs} of each. ` +
    `A Node that only writes: median ${ms(node.medianMs)} ms, best ${ms(node.bestMs)} ms.`,
  table(
    ['engine', 'median ms', 'best ms', 'above an empty Node, medians', 'script, kB'],
    engines.map(({ engine, medianMs, bestMs, scriptBytes }) => [
      engine,
      ms(medianMs),
      ms(bestMs),
      `${ms(medianMs - node.medianMs)} ms`,
      (scriptBytes / 1000).toFixed(0),
    ]),
  ),
];

/** The whole report. */
export function inferenceMarkdown(
  rows: readonly InferenceRow[],
  environment: Environment,
  cold: ColdStart | null,
): string {
  const nets = unique(rows.map(({ net }) => net));
  const labels = unique(rows.map(labelOf));
  const find = (net: string, label: string): InferenceRow | undefined =>
    rows.find((row) => row.net === net && labelOf(row) === label);
  const { cpu, cores, node, commit, date, rounds, sliceMs, load } = environment;
  const missing = unique(
    rows.flatMap((row) => (row.reason ? [`${labelOf(row)} on ${row.net}: ${row.reason}`] : [])),
  );
  const goals = goalsOf(rows);
  return [
    '# Inference of one image',
    `${cpu}, ${cores} cores (load ${load.toFixed(1)} at the start), Node ${node}, commit ${commit ?? 'unknown'}, ${date}. ` +
      `Engines take turns: ${rounds} turns of ${sliceMs} ms each, in one run. One thread unless it says otherwise.`,
    '## Median milliseconds (10^9 multiply-accumulates a second)',
    table(
      ['engine', ...nets],
      labels.map((label) => [
        label,
        ...nets.map((net) => {
          const row = find(net, label);
          return row?.medianMs ? `${ms(row.medianMs)} (${row.gmacs!.toFixed(0)})` : '-';
        }),
      ]),
    ),
    '## Median CPU milliseconds (one thread)',
    table(
      ['engine', ...nets],
      labels
        .filter((label) => rows.some((row) => labelOf(row) === label && row.cpuMedianMs !== null))
        .map((label) => [label, ...nets.map((net) => ms(find(net, label)?.cpuMedianMs ?? null))]),
    ),
    'Networks run with the input that each engine takes best: bytes for bitgrad, float32 for the others; int8 graphs ' +
      'quantize at their ends. A single layer of bitgrad is a convolution with its thresholds, bits in and bits out: a ' +
      'quarter of the difference between chains of five layers and of one. `birealnet18` is ResNet-18 for the others.',
    '## Times faster',
    table(
      ['', 'wanted', 'by medians', 'by CPU time'],
      goals.map(({ text, wanted, got, gotCpu }) => [text, `${wanted}x`, times(got), times(gotCpu)]),
    ),
    ...(cold ? coldStartParts(cold) : []),
    ...(missing.length > 0 ? ['## Not available', ...missing.map((line) => `- ${line}`)] : []),
    '',
  ].join('\n\n');
}

/** Bars of the median times, by network, on a logarithmic axis. */
export function inferenceChart(rows: readonly InferenceRow[]): string {
  const nets = unique(rows.map(({ net }) => net));
  const labels = unique(rows.map(labelOf));
  const option = {
    color: [
      '#0072B2',
      '#56B4E9',
      '#009E73',
      '#999933',
      '#D55E00',
      '#E69F00',
      '#CC79A7',
      '#882255',
      '#666666',
    ],
    ...title('One image, median milliseconds (lower is better)'),
    legend: { bottom: 0, type: 'plain' },
    grid: { left: 56, right: 16, top: 44, bottom: 96 },
    xAxis: { type: 'category', data: nets },
    yAxis: { type: 'log', axisLabel: { formatter: '{value} ms' } },
    series: labels.map((name) => ({
      type: 'bar',
      name,
      data: nets.map((net) => rows.find((row) => row.net === net && labelOf(row) === name)?.medianMs ?? null),
    })),
  };
  return draw(option, 460, 900);
}
