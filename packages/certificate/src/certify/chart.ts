// The picture of a certificate as plain data: an option of Apache ECharts. Whoever draws brings echarts; this package
// does not depend on it.
import type { Certificate, Position } from './certify.js';
import type { SampledFunction } from './sampled-function.js';

/** One panel of the picture. */
interface Panel {
  readonly title: string;
  readonly points: readonly (readonly [number, number])[];
  readonly color: string;
}

/** Okabe-Ito blue, vermillion, green, purple, orange: told apart without red and green. */
const colors = { F: '#0072b2', B: '#d55e00', P: '#009e73', T: '#9a4a8b', r: '#b27700' };
const [width, height] = [320, 210];

/** Size of the picture in pixels: three panels side by side, two rows where the pair is sound. */
export const chartSize = ({ holds }: Position): { width: number; height: number } => ({
  width: 3 * width,
  height: (holds ? 2 : 1) * height + 60,
});

const short = (x: number): number => Number(x.toPrecision(5));

/** Samples for a line of about 300 pixels; what is under 1e-4 is rounding. */
function thin({ x, y }: SampledFunction): [number, number][] {
  const points = Array.from(x, (at, i): [number, number] => [at, y[i]!]).filter(([, v]) =>
    Number.isFinite(v),
  );
  const pixel = (x.at(-1)! - x[0]!) / 300;
  const size = points.reduce((a, [, v]) => Math.max(a, Math.abs(v)), 1e-12);
  const kept: [number, number][] = [];
  points.forEach((point, i) => {
    const [last, next] = [kept.at(-1), points[i + 1]];
    const near = last && next && next[0] - last[0] < pixel && Math.abs(next[1] - last[1]) < size / 100;
    const level = last && next && last[1] === point[1] && point[1] === next[1];
    if (!near && !level) kept.push(point);
  });
  return kept.map(([a, b]) => [short(a), Number(b.toFixed(4))]);
}

function panelsOf({ F, B, decomposition }: Position): Panel[] {
  const panels = [
    { title: 'F(x), forward', points: thin(F), color: colors.F },
    { title: 'B(x), backward', points: thin(B), color: colors.B },
  ];
  if (!decomposition) return panels;
  const { proximalMap, transform, regularizer } = decomposition;
  return [
    ...panels,
    { title: 'P(x), proximal map', points: thin(proximalMap), color: colors.P },
    { title: 'T(p), transform', points: thin(transform), color: colors.T },
    { title: 'r(p), regularizer', points: thin(regularizer), color: colors.r },
  ];
}

const shown = (settings: Position['settings']): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name} ${short(value)}`)
    .join(', ');

/**
 * An ECharts option that shows F, B and, where the pair is sound, P, T and r; intervals that violate a condition are
 * shaded. Draw it with a canvas of {@link chartSize} at least.
 * @param position which setting of the scalars; default the middle one
 */
export function certificateChart(
  { name, positions }: Certificate,
  position: Position = positions[positions.length >> 1]!,
): Record<string, unknown> {
  const panels = panelsOf(position);
  const text = { color: '#333333', fontSize: 11, fontFamily: 'sans-serif' };
  const line = { lineStyle: { color: '#8c8c8c' } };
  const place = (i: number) => ({ left: 44 + (i % 3) * width, top: 66 + Math.floor(i / 3) * height });
  const settings = shown(position.settings);
  const heading = `${name}: ${position.holds ? 'sound' : 'not sound'}${settings ? ` at ${settings}` : ''}`;
  const areas = position.violations.map(({ interval: [a, b] }) => [{ xAxis: a }, { xAxis: b }]);
  return {
    animation: false,
    backgroundColor: '#ffffff',
    title: [
      { text: heading, left: 12, top: 6, textStyle: { ...text, fontSize: 14, fontWeight: 'bold' } },
      ...panels.map(({ title }, i) => ({
        text: title,
        left: place(i).left - 4,
        top: place(i).top - 26,
        textStyle: { ...text, fontWeight: 'normal' },
      })),
    ],
    grid: panels.map((_, i) => ({ ...place(i), width: width - 68, height: height - 66 })),
    xAxis: panels.map(({ points }, i) => ({
      gridIndex: i,
      min: points[0]![0],
      max: points.at(-1)![0],
      axisLine: { ...line, onZero: true },
      axisTick: line,
      splitLine: { show: false },
      axisLabel: { ...text, hideOverlap: true, showMinLabel: false, showMaxLabel: false },
    })),
    yAxis: panels.map((_, i) => ({
      gridIndex: i,
      splitNumber: 4,
      // r of an identity is 0, not noise on a scale of its own.
      ...(panels[i]!.points.every(([, v]) => Math.abs(v) < 1e-2) ? { min: -1, max: 1 } : {}),
      axisLine: { ...line, show: true, onZero: false },
      splitLine: { lineStyle: { color: '#e6e6e6' } },
      axisLabel: text,
    })),
    series: panels.map(({ title, points, color }, i) => ({
      type: 'line',
      name: title,
      xAxisIndex: i,
      yAxisIndex: i,
      data: points,
      symbol: 'none',
      silent: true,
      lineStyle: { width: 2, color },
      itemStyle: { color },
      ...(i < 2 && areas.length > 0
        ? { markArea: { silent: true, itemStyle: { color: 'rgba(0,0,0,0.07)' }, data: areas } }
        : {}),
    })),
  };
}
