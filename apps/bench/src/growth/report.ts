// Growth as Markdown and as charts: milliseconds against work, on logarithmic axes, where linear growth is a line of slope 1.
import { draw, title } from '../report/charts.js';
import { table } from '../report/markdown.js';
import type { Machine } from '../result.js';
import { axes, type Axis, type Kind } from './axes.js';
import { slopes, steep, type GrowthRow, type Slope } from './rows.js';

/** What the command writes as JSON. */
export interface GrowthReport {
  readonly date: string;
  readonly machine: Machine;
  readonly commit: string | null;
  readonly rounds: number;
  readonly rows: readonly GrowthRow[];
  readonly skipped: readonly string[];
}

const unique = <T>(items: readonly T[]): T[] => [...new Set(items)];
const number = (value: number): string => String(Number(value.toPrecision(3)));

/** What an axis grew from. */
const fixed = (axis: Axis, point: GrowthRow['point']): string =>
  axes.filter((other) => other !== axis).map((other) => `${other} ${point[other]}`).join(', '); // prettier-ignore

const cell = ({ medianMs, power, gain }: Slope): string => {
  if (medianMs === null) return '-';
  if (gain !== null) return `${number(medianMs)} (${gain.toFixed(2)}x)`;
  return power === null ? number(medianMs) : `${number(medianMs)} (${power.toFixed(2)})`;
};

function axisTable(rows: readonly Slope[], axis: Axis): string {
  const runners = unique(rows.map(({ runner }) => runner));
  const points = unique(rows.map(({ point }) => point[axis]));
  const at = (value: number): readonly Slope[] => rows.filter(({ point }) => point[axis] === value);
  return table(
    [axis, 'GMAC', ...runners],
    points.map((value) => [
      String(value),
      number(at(value)[0]!.macs / 1e9),
      ...runners.map((runner) => {
        const row = at(value).find((own) => own.runner === runner);
        return row ? cell(row) : '-';
      }),
    ]),
  );
}

/** Where time grows faster than work, in words; none is a sentence too. */
export function bends(rows: readonly Slope[]): string[] {
  const found = rows.filter(({ power }) => power !== null && power > steep);
  if (found.length === 0) return ['Nowhere does time grow faster than work.'];
  return found.map(
    ({ kind, axis, runner, point, power }) =>
      `- ${kind}, ${axis} up to ${point[axis]}: ${runner} by work to the power of ${power!.toFixed(2)}`,
  );
}

/** The report. */
export function growthMarkdown({ machine: m, commit, date, rounds, rows, skipped }: GrowthReport): string {
  const all = slopes(rows);
  const parts = unique(rows.map(({ kind }) => kind)).flatMap((kind) => {
    const own = all.filter((row) => row.kind === kind);
    return unique(own.map(({ axis }) => axis)).flatMap((axis) => {
      const here = own.filter((row) => row.axis === axis);
      const { net, point } = here[0]!;
      return [`## ${kind}: ${net}, ${axis} (${fixed(axis, point)})`, axisTable(here, axis)];
    });
  });
  const reasons = unique(rows.flatMap(({ runner, reason }) => (reason ? [`${runner}: ${reason}`] : [])));
  const lines = [
    '# Growth',
    `${m.cpu}, ${m.cores} cores, Node ${m.node}, commit ${commit ?? 'unknown'}, ${date}. Median milliseconds of a call or a step, ${rounds} turns ` +
      'of every runner; GMAC: multiply-accumulates of all examples, forward, in 10^9. In brackets: by which power of the work the time ' +
      'grew since the line above (1 is linear, less is better), or how many times faster the second thread made it.',
    ...parts,
    `## Where it bends (power over ${steep})`,
    bends(all).join('\n'),
    ...[...skipped, ...reasons].map((why) => `Skipped: ${why}.`),
  ];
  return `${lines.join('\n\n')}\n`;
}

/** One chart for a kind: an axis beside the other. */
export function growthChart(rows: readonly GrowthRow[], kind: Kind): string {
  const own = rows.filter((row) => row.kind === kind && row.axis !== 'threads' && row.medianMs !== null);
  const shown = unique(own.map(({ axis }) => axis));
  const runners = unique(own.map(({ runner }) => runner));
  const panel = (i: number): { left: string; width: string } => ({ left: `${6 + (94 / shown.length) * i}%`, width: `${94 / shown.length - 7}%` }); // prettier-ignore
  return draw(
    {
      ...title(
        `${kind === 'inference' ? 'Inference: VGG-small' : 'Training: ResNet-20'}, ms of a call against its work (dashed: linear)`,
      ),
      legend: { bottom: 0, data: runners },
      grid: shown.map((_, i) => ({ ...panel(i), top: 56, bottom: 84 })),
      xAxis: shown.map((axis, i) => ({ type: 'log', gridIndex: i, name: `GMAC, by ${axis}`, nameLocation: 'middle', nameGap: 30, min: 'dataMin', max: 'dataMax', axisLabel: { formatter: number } })), // prettier-ignore
      yAxis: shown.map((_, i) => ({ type: 'log', gridIndex: i, axisLabel: { formatter: number } })),
      series: shown.flatMap((axis, i) => {
        const here = own.filter((row) => row.axis === axis);
        const place = { xAxisIndex: i, yAxisIndex: i, type: 'line' };
        const [first, last] = [here[0]!, here.at(-1)!].map(({ macs }) => macs / 1e9) as [number, number];
        const low = Math.min(...here.map(({ medianMs }) => medianMs!));
        return [
          ...runners.map((name) => ({
            ...{ ...place, name },
            data: here
              .filter(({ runner }) => runner === name)
              .map(({ macs, medianMs }) => [macs / 1e9, medianMs]),
          })),
          { ...place, name: 'linear', showSymbol: false, lineStyle: { type: 'dashed', color: '#999999' }, data: [[first, low], [last, (low * last) / first]] }, // prettier-ignore
        ];
      }),
    },
    420,
    960,
  );
}
