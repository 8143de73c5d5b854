// Plots of quantizers for READMEs: F and B side by side, rendered to SVG without a browser.
// Shared by the quantizer packages' `plots` scripts; output is the same for the same input.
import { init } from 'echarts';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

/** Dark to light of one hue each (Okabe-Ito blue and vermillion), so that curves differ in grey print too. */
const hues = {
  forward: ['#0072b2', '#56a5d6', '#a3cfea'],
  backward: ['#b34700', '#e8843c', '#f5bd94'],
};
const ink = '#333333';
const size = { width: 640, height: 240 };

/**
 * Samples a function for a line: evenly, and on both sides of each breakpoint, so that jumps are vertical.
 * @param {(x: number) => number} f
 * @param {readonly [number, number]} range
 * @param {readonly number[]} [breakpoints]
 * @param {number} [count] even samples
 * @returns {[number, number][]} points with at most 4 decimals; points on a straight line are left out
 */
export function sample(f, [low, high], breakpoints = [], count = 240) {
  const xs = Array.from({ length: count + 1 }, (_, i) => low + ((high - low) * i) / count);
  for (const at of breakpoints) if (at > low && at < high) xs.push(at - step, at, at + step);
  const points = xs.sort((a, b) => a - b).map((x) => [round(x), round(f(x))]);
  const kept = [];
  points.forEach((point, i) => {
    const [last, next] = [kept.at(-1), points[i + 1]];
    if (!last || !next || !(same(point, next) || straight(last, point, next))) kept.push(point);
  });
  return kept;
}

/** Half the width of a drawn jump: a hundredth of a pixel. */
const step = 1e-4;
const round = (v) => Number(v.toFixed(4)) || 0;
const same = ([x0, y0], [x1, y1]) => x0 === x1 && y0 === y1;
const straight = ([x0, y0], [x1, y1], [x2, y2]) =>
  Math.abs((y1 - y0) * (x2 - x0) - (y2 - y0) * (x1 - x0)) < 1e-9;

/** Room beyond the curves, with round ends; nothing below 0 for curves that stay above it. */
const extent = (curves) => {
  const ys = curves.flatMap(({ points }) => points.map(([, y]) => y));
  const [low, high] = [Math.min(0, ...ys), Math.max(0, ...ys)];
  const step = [0.25, 0.5, 1, 2, 2.5, 5, 10, 20, 50].find((s) => (high - low) / s <= 6) ?? 100;
  return {
    min: low < 0 ? Math.floor((low - step / 10) / step) * step : 0,
    max: Math.ceil((high + step / 10) / step) * step,
    interval: step,
  };
};

/**
 * Draws F on the left and B on the right.
 * @param {{
 *   title: string,
 *   range: readonly [number, number],
 *   forward: readonly { label: string, points: [number, number][] }[],
 *   backward: readonly { label: string, points: [number, number][] }[],
 * }} plot one to three curves a side, the most important first (drawn darkest, listed last); a label is shown where a side has several
 * @returns {string} SVG
 */
export function pairPlot({ title, range, forward, backward }) {
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...size });
  const sides = [
    { name: 'F(x), forward', curves: forward, colors: hues.forward, left: 44 },
    { name: 'B(x), backward', curves: backward, colors: hues.backward, left: 364 },
  ];
  const text = { color: ink, fontSize: 11, fontFamily: 'sans-serif' };
  const line = { lineStyle: { color: '#8c8c8c' } };
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: [
      { text: title, left: 12, top: 6, textStyle: { ...text, fontSize: 14, fontWeight: 'bold' } },
      ...sides.map(({ name, left }) => ({
        text: name,
        left: left - 4,
        top: 30,
        textStyle: { ...text, fontWeight: 'normal' },
      })),
    ],
    grid: sides.map(({ left }) => ({ left, top: 54, width: 252, height: 150 })),
    xAxis: sides.map((_, i) => ({
      gridIndex: i,
      min: range[0],
      max: range[1],
      axisLine: { ...line, onZero: true },
      axisTick: line,
      splitLine: { show: false },
      axisLabel: text,
    })),
    yAxis: sides.map(({ curves }, i) => ({
      gridIndex: i,
      ...extent(curves),
      axisLine: { ...line, show: true, onZero: false },
      splitLine: { lineStyle: { color: '#e6e6e6' } },
      axisLabel: { ...text, formatter: (v) => String(round(v)) },
    })),
    legend: sides
      .filter(({ curves }) => curves.length > 1)
      .map(({ curves, left }) => ({
        data: curves.map(({ label }) => label).reverse(),
        left: left - 2,
        bottom: 2,
        itemWidth: 16,
        itemHeight: 8,
        icon: 'rect',
        textStyle: text,
      })),
    series: sides.flatMap(({ curves, colors }, i) =>
      curves
        .map(({ label, points }, j) => ({
          type: 'line',
          name: curves.length > 1 ? label : `${label} ${i}`,
          xAxisIndex: i,
          yAxisIndex: i,
          data: points,
          symbol: 'none',
          silent: true,
          lineStyle: { width: 2, color: colors[j] },
          itemStyle: { color: colors[j] },
          z: 10 - j,
        }))
        .reverse(),
    ),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  // Ids count up over a process: without them a plot does not depend on what was drawn before.
  return `${svg.replace(/zr\d+-/g, 'p-').replace(/(\.\d{2})\d+/g, '$1')}\n`;
}

/**
 * Writes SVG files.
 * @param {URL} folder
 * @param {Readonly<Record<string, string>>} plots SVG by file name
 */
export function writePlots(folder, plots) {
  mkdirSync(folder, { recursive: true });
  for (const [name, svg] of Object.entries(plots)) writeFileSync(new URL(name, folder), svg);
}

/**
 * Replaces the part of a text between `<!-- name:start -->` and `<!-- name:end -->`.
 * @param {string} text
 * @param {string} name
 * @param {string} content
 */
export function withSection(text, name, content) {
  const pattern = new RegExp(`(<!-- ${name}:start -->)[\\s\\S]*?(<!-- ${name}:end -->)`);
  if (!pattern.test(text)) throw new RangeError(`no section ${name}`);
  return text.replace(pattern, (_, start, end) => `${start}\n\n${content.trim()}\n\n${end}`);
}

/**
 * {@link withSection} of a file.
 * @param {URL} file
 * @param {string} name
 * @param {string} content
 */
export function writeSection(file, name, content) {
  writeFileSync(file, withSection(readFileSync(file, 'utf8'), name, content));
}
