// The picture of a certificate: an SVG of line plots, drawn here.
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

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/** Round numbers between two ends, about `count` of them. */
function ticksOf(low: number, high: number, count: number): number[] {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((n) => n * power >= rough) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => short((first + i) * step));
}

/** The range of a panel's values; r of an identity is 0, not noise on a scale of its own. */
function rangeOf(points: Panel['points']): [number, number] {
  const values = points.map(([, y]) => y);
  // Not Math.min(...values): long lists overflow the stack.
  const [low, high] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  if (Math.max(Math.abs(low), Math.abs(high)) < 1e-2) return [-1, 1];
  const margin = 0.06 * (high - low || 1);
  return [low - margin, high + margin];
}

type Interval = readonly [number, number];

/** One plot with its axes at a place of the picture. */
function panelSvg(
  { title, points, color }: Panel,
  left: number,
  top: number,
  shaded: readonly Interval[],
): string {
  const [w, h] = [width - 68, height - 66];
  const [x0, x1] = [points[0]![0], points.at(-1)![0]];
  const [y0, y1] = rangeOf(points);
  const px = (x: number): number => short(left + ((Math.min(Math.max(x, x0), x1) - x0) / (x1 - x0)) * w);
  const py = (y: number): number => short(top + h - ((y - y0) / (y1 - y0)) * h);
  const axis = y0 < 0 && y1 > 0 ? py(0) : top + h;
  const area = ([a, b]: Interval): string =>
    `<rect x="${px(a)}" y="${top}" width="${short(Math.max(1, px(b) - px(a)))}" height="${h}" fill="#000000" fill-opacity="0.07"/>`;
  return [
    `<text x="${left - 4}" y="${top - 14}">${escaped(title)}</text>`,
    ...shaded.map(area),
    ...ticksOf(y0, y1, 5).map(
      (y) =>
        `<path d="M${left} ${py(y)}h${w}" stroke="#e6e6e6"/><text x="${left - 6}" y="${py(y) + 4}" text-anchor="end">${y}</text>`,
    ),
    `<path d="M${left} ${top}v${h}M${left} ${axis}h${w}" stroke="#8c8c8c" fill="none"/>`,
    ...ticksOf(x0, x1, 5)
      .filter((x) => x > x0 && x < x1)
      .map(
        (x) =>
          `<path d="M${px(x)} ${axis}v4" stroke="#8c8c8c"/><text x="${px(x)}" y="${axis + 16}" text-anchor="middle">${x}</text>`,
      ),
    `<path d="M${points.map(([x, y]) => `${px(x)} ${py(y)}`).join('L')}" fill="none" stroke="${color}" stroke-width="2" stroke-linejoin="round"/>`,
  ].join('\n');
}

/**
 * An SVG that shows F, B and, where the pair is sound, P, T and r; intervals that violate a condition are shaded.
 * @param position which setting of the scalars; default the middle one
 */
export function certificateSvg(
  { name, positions }: Certificate,
  position: Position = positions[positions.length >> 1]!,
): string {
  const panels = panelsOf(position);
  const settings = shown(position.settings);
  const verdict = `${name}: ${position.holds ? 'sound' : 'not sound'}${settings ? ` at ${settings}` : ''}`;
  const [w, h] = [3 * width, (position.holds ? 2 : 1) * height + 60];
  const shaded = position.violations.map(({ interval: [a, b] }): Interval => [a, b]);
  const plots = panels.map((panel, i) =>
    panelSvg(panel, 44 + (i % 3) * width, 66 + Math.floor(i / 3) * height, i < 2 ? shaded : []),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}" font-family="sans-serif" font-size="11" fill="#333333">`,
    `<rect width="${w}" height="${h}" fill="#ffffff"/>`,
    `<text x="12" y="22" font-size="14" font-weight="bold">${escaped(verdict)}</text>`,
    ...plots,
    '</svg>\n',
  ].join('\n');
}
