// What grows: from one network, along one axis at a time.

/** The axes, in the order of the report. */
export const axes = ['batch', 'width', 'size', 'threads'] as const;
/** An axis. */
export type Axis = (typeof axes)[number];

/** What is measured: packed networks, or steps of training. */
export const kinds = ['inference', 'training'] as const;
/** What is measured. */
export type Kind = (typeof kinds)[number];

/** A network of an axis. */
export interface Point {
  /** Examples of one call or step. */
  readonly batch: number;
  /** Factor on the channels. */
  readonly width: number;
  /** Side of the images. */
  readonly size: number;
  readonly threads: 1 | 2;
}

const base: Readonly<Record<Kind, Point>> = {
  inference: { batch: 1, width: 1, size: 32, threads: 1 },
  training: { batch: 16, width: 1, size: 32, threads: 1 },
};

const values: Readonly<Record<Axis, readonly number[]>> = {
  batch: [1, 4, 16, 64, 256],
  width: [0.25, 0.5, 1, 2],
  size: [16, 32, 64, 112, 224],
  threads: [1, 2],
};

/** The largest batch with which a step on large images fits into the memory and the time of a turn. */
const largestOnSizes = 4;

/** The networks of an axis, smallest first. */
export function pointsOf(kind: Kind, axis: Axis): Point[] {
  const from = base[kind];
  const start = axis === 'size' ? { ...from, batch: Math.min(from.batch, largestOnSizes) } : from;
  return values[axis].map((value) => ({ ...start, [axis]: value }));
}

/** Multiply-accumulates of ResNet-20 (3 stages of 6 binary convolutions) on images of side `size`, forward. */
export function resnet20Macs(size: number, width: number): number {
  const [a, b, c] = [16, 32, 64].map((count) => Math.round(count * width)) as [number, number, number];
  const stage = (side: number, from: number, to: number): number =>
    side * side * (9 * (from * to + 5 * to * to) + (from === to ? 0 : from * to));
  return 27 * size * size * a + stage(size, a, a) + stage(size / 2, a, b) + stage(size / 4, b, c) + c * 10;
}
