// The plots of a report, drawn by ECharts on the server into SVG, so that the page needs no script.
import * as echarts from 'echarts';
import type { MethodRow } from '../aggregate.js';

/** Colours that stay apart for colour-blind readers (Okabe and Ito), repeated as needed. */
const palette = [
  '#0072B2',
  '#E69F00',
  '#009E73',
  '#CC79A7',
  '#D55E00',
  '#56B4E9',
  '#882255',
  '#999933',
  '#666666',
  '#332288',
];

/** The SVG of a chart. */
export const draw = (option: echarts.EChartsCoreOption, height = 380, width = 760): string => {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption({
    animation: false,
    color: palette,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: 'system-ui, sans-serif' },
    ...option,
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
};

const percent = { type: 'value', scale: true, axisLabel: { formatter: '{value} %' } };

/** A chart's title. */
export const title = (text: string): { title: object } => ({
  title: { text, left: 8, top: 4, textStyle: { fontSize: 15 } },
});

/** Accuracy of each method: mean with its spread over seeds, and each seed as a point. */
export const accuracyChart = (rows: readonly MethodRow[]): string =>
  draw(
    {
      ...title('Hardened test accuracy: seeds, mean and range'),
      grid: { left: 150, right: 30, top: 44, bottom: 40 },
      xAxis: percent,
      yAxis: { type: 'category', data: rows.map(({ label }) => label), inverse: true },
      series: [
        {
          type: 'custom',
          data: rows.map(({ trials, hardened }, i) => [
            Math.min(...trials.map((t) => 100 * t.hardened)),
            Math.max(...trials.map((t) => 100 * t.hardened)),
            i,
            hardened.mean,
          ]),
          encode: { x: [0, 1], y: 2 },
          renderItem: (_params: unknown, api: { value(i: number): number; coord(p: number[]): number[] }) => {
            const [low, y] = api.coord([api.value(0), api.value(2)]) as [number, number];
            const [high] = api.coord([api.value(1), api.value(2)]) as [number, number];
            return {
              type: 'line',
              shape: { x1: low, y1: y, x2: high, y2: y },
              style: { stroke: palette[0], lineWidth: 2 },
            };
          },
        },
        {
          type: 'scatter',
          symbolSize: 6,
          itemStyle: { color: palette[5] },
          data: rows.flatMap(({ trials }, i) => trials.map((t) => [100 * t.hardened, i])),
        },
        {
          type: 'scatter',
          symbol: 'diamond',
          symbolSize: 12,
          itemStyle: { color: palette[0] },
          data: rows.map(({ hardened }, i) => [hardened.mean, i]),
        },
      ],
    },
    90 + 32 * rows.length,
  );

/** Hardened accuracy by epoch, mean over seeds; nothing if no run was evaluated twice. */
export const curveChart = (rows: readonly MethodRow[]): string | undefined =>
  rows.some(({ curve }) => curve.length > 1)
    ? draw({
        ...title('Learning curves: hardened test accuracy by epoch'),
        legend: { bottom: 0, type: 'scroll' },
        grid: { left: 60, right: 20, top: 44, bottom: 64 },
        xAxis: { type: 'value', name: 'epoch', minInterval: 1, min: 'dataMin' },
        yAxis: percent,
        series: rows.map(({ label, curve }) => ({
          type: 'line',
          name: label,
          showSymbol: curve.length < 20,
          data: curve.map((p) => [p.epoch, p.mean]),
        })),
      })
    : undefined;

/** Share of signs that a step flips, by epoch. */
export const flipChart = (rows: readonly MethodRow[]): string =>
  draw({
    ...title('Flip ratio: share of weight signs changed in a step'),
    legend: { bottom: 0, type: 'scroll' },
    grid: { left: 70, right: 20, top: 44, bottom: 64 },
    xAxis: { type: 'value', name: 'epoch', minInterval: 1, min: 'dataMin' },
    yAxis: { type: 'log', axisLabel: { formatter: (v: number) => `${v} %` } },
    series: rows.map(({ label, trials }) => ({
      type: 'line',
      name: label,
      showSymbol: false,
      data: trials[0]!.epochs.filter((e) => e.flipRatio).map((e) => [e.epoch, 100 * e.flipRatio!]),
    })),
  });

/** Accuracy against a cost, with the methods that no other beats on both marked. */
const pareto = (
  rows: readonly MethodRow[],
  text: string,
  unit: string,
  cost: (row: MethodRow) => number | null,
): string | undefined => {
  const known = rows.filter((row) => cost(row) !== null);
  if (known.length === 0) return undefined;
  const best = (row: MethodRow): boolean =>
    !known.some(
      (other) => other !== row && cost(other)! <= cost(row)! && other.hardened.mean > row.hardened.mean,
    );
  const point = (row: MethodRow) => ({ value: [cost(row)!, row.hardened.mean], name: row.label });
  const label = { show: true, position: 'right', formatter: '{b}', fontSize: 11 };
  return draw({
    ...title(text),
    grid: { left: 60, right: 110, top: 44, bottom: 50 },
    xAxis: { type: 'value', scale: true, name: unit, nameLocation: 'middle', nameGap: 28 },
    yAxis: percent,
    series: [
      {
        type: 'line',
        showSymbol: false,
        lineStyle: { type: 'dashed', color: '#999999' },
        data: known
          .filter(best)
          .map(point)
          .toSorted((a, b) => a.value[0]! - b.value[0]!),
      },
      {
        type: 'scatter',
        symbolSize: 9,
        label,
        itemStyle: { color: palette[0] },
        data: known.map(point),
        labelLayout: { hideOverlap: true },
      },
    ],
  });
};

/** Accuracy against packed size. */
export const sizeChart = (rows: readonly MethodRow[]): string | undefined =>
  pareto(rows, 'Accuracy against packed size', 'kB', ({ packedBytes }) =>
    packedBytes === null ? null : packedBytes / 1000,
  );

/** Accuracy against the latency of the fastest engine. */
export const latencyChart = (rows: readonly MethodRow[]): string | undefined =>
  pareto(rows, 'Accuracy against packed latency (fastest engine)', 'ms', ({ latency }) => {
    const times = Object.values(latency);
    return times.length > 0 ? Math.min(...times) : null;
  });

/** F and B of a pair, sampled. */
export const pairChart = (
  label: string,
  x: readonly number[],
  forward: readonly number[],
  backward: readonly number[],
): string =>
  draw(
    {
      ...title(label),
      legend: { bottom: 0 },
      grid: { left: 44, right: 16, top: 40, bottom: 52 },
      xAxis: { type: 'value' },
      yAxis: { type: 'value' },
      series: [
        { type: 'line', name: 'forward F', showSymbol: false, data: x.map((v, i) => [v, forward[i]]) },
        { type: 'line', name: 'backward B', showSymbol: false, data: x.map((v, i) => [v, backward[i]]) },
      ],
    },
    260,
  );

/**
 * A chart with class names and ids of its own. ECharts counts them over all charts of a process, which a page with several
 * needs, and a file that is kept would change with.
 */
export const alone = (svg: string): string => {
  const names = new Map<string, string>();
  return svg.replace(/\bzr\d+-[\w-]+/g, (name) => {
    if (!names.has(name)) names.set(name, `c${names.size}`);
    return names.get(name)!;
  });
};
