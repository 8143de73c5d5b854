// From pen strokes to the network's input. The strokes stay lines until the end: they are scaled and centred by their
// ink as the training digits are (20 pixels high on 28 x 28, see @bitgrad/datasets), and drawn with a pen of the
// training set's mean width. So size, place and screen resolution of a drawing do not matter.

/** A point, in units of the drawing area's side. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** What is drawn from setting the pen down to lifting it. */
export type Stroke = readonly Point[];

/** Side of the image that is made. */
export const imageSide = 28;
/** Height or width of the pen's path, the larger of both, in pixels; with the pen's width about 20. */
const pathExtent = 18;
const penRadius = 1.3;
const edge = 1.2;
/** A drawing smaller than this is not enlarged any further: a dot stays a dot. */
const smallest = 0.06;

interface Segment {
  readonly a: Point;
  readonly b: Point;
  readonly length: number;
}

const segmentsOf = (strokes: readonly Stroke[]): Segment[] =>
  strokes.flatMap((stroke) =>
    stroke.length === 1
      ? [{ a: stroke[0]!, b: stroke[0]!, length: 1e-6 }]
      : stroke.slice(1).map((b, i) => {
          const a = stroke[i]!;
          return { a, b, length: Math.hypot(b.x - a.x, b.y - a.y) + 1e-9 };
        }),
  );

/** Where one axis of the drawing goes: scaled, its centre of ink in the middle, all of it inside. */
function axis(segments: readonly Segment[], key: 'x' | 'y', scale: number): (value: number) => number {
  let [low, high, sum, total] = [Infinity, -Infinity, 0, 0];
  for (const { a, b, length } of segments) {
    low = Math.min(low, a[key], b[key]);
    high = Math.max(high, a[key], b[key]);
    sum += (length * (a[key] + b[key])) / 2;
    total += length;
  }
  const reach = penRadius + 1.4;
  const wanted = imageSide / 2 - (sum / total - low) * scale;
  const start = Math.max(reach, Math.min(imageSide - reach - (high - low) * scale, wanted));
  return (value) => (value - low) * scale + start;
}

/**
 * Draws strokes as the network sees them.
 * @param strokes the drawing; without any the image is black
 * @returns uint8 [28, 28], bright ink on black
 */
export function rasterizeStrokes(strokes: readonly Stroke[]): Uint8Array {
  const image = new Uint8Array(imageSide * imageSide);
  const segments = segmentsOf(strokes);
  if (segments.length === 0) return image;
  const extent = (key: 'x' | 'y'): number => {
    const values = segments.flatMap(({ a, b }) => [a[key], b[key]]);
    return (
      values.reduce((m, v) => Math.max(m, v), -Infinity) - values.reduce((m, v) => Math.min(m, v), Infinity)
    );
  };
  const scale = pathExtent / Math.max(smallest, extent('x'), extent('y'));
  const [toX, toY] = [axis(segments, 'x', scale), axis(segments, 'y', scale)];
  for (const { a, b } of segments) ink(image, { x: toX(a.x), y: toY(a.y) }, { x: toX(b.x), y: toY(b.y) });
  return image;
}

/** Coverage falls off linearly with the distance from the line, over `edge` pixels. */
function ink(image: Uint8Array, a: Point, b: Point): void {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const reach = penRadius + edge / 2;
  const inverse = dx * dx + dy * dy > 0 ? 1 / (dx * dx + dy * dy) : 0;
  const range = (p: number, q: number): [number, number] => [
    Math.max(0, Math.ceil(Math.min(p, q) - reach - 0.5)),
    Math.min(imageSide - 1, Math.floor(Math.max(p, q) + reach - 0.5)),
  ];
  const [left, right] = range(a.x, b.x);
  const [top, bottom] = range(a.y, b.y);
  for (let y = top; y <= bottom; y++)
    for (let x = left; x <= right; x++) {
      const [px, py] = [x + 0.5 - a.x, y + 0.5 - a.y];
      const t = Math.max(0, Math.min(1, (px * dx + py * dy) * inverse));
      const distance = Math.hypot(px - t * dx, py - t * dy);
      const value = Math.round(255 * Math.max(0, Math.min(1, 0.5 + (penRadius - distance) / edge)));
      const at = y * imageSide + x;
      if (value > image[at]!) image[at] = value;
    }
}
