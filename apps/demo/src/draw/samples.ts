// One way to write each digit, for visitors who cannot or do not want to draw: polylines over a box of 100 x 100.
import type { Stroke } from './strokes.js';

const arc = (cx: number, cy: number, rx: number, ry: number, from: number, to: number): number[] =>
  Array.from({ length: 25 }, (_, i) => ((from + ((to - from) * i) / 24) * Math.PI) / 180).flatMap((angle) => [
    cx + rx * Math.cos(angle),
    cy + ry * Math.sin(angle),
  ]);

const lines: readonly (readonly number[][])[] = [
  [arc(50, 50, 20, 32, -90, 270)],
  [[40, 30, 54, 18, 52, 50, 50, 82]],
  [[...arc(50, 37, 19, 18, 195, 385), 32, 82, 72, 81]],
  [[...arc(46, 35, 17, 17, 210, 430), ...arc(46, 66, 20, 17, 285, 510)]],
  [
    [42, 18, 30, 56, 72, 55],
    [62, 22, 57, 84],
  ],
  [
    [40, 20, 36, 47, ...arc(47, 63, 20, 19, 235, 500)],
    [40, 20, 68, 18],
  ],
  [[60, 17, 44, 33, 34, 58, ...arc(50, 65, 17, 17, 190, 545)]],
  [[30, 22, 70, 20, 58, 50, 45, 84]],
  [[...arc(50, 33, 16, 15, 45, -225), ...arc(50, 66, 19, 18, -130, 225), 62, 45]],
  [[...arc(49, 36, 17, 17, -15, -375), 64, 55, 58, 84]],
];

/** Strokes of a digit, 0 to 9, inside the unit box. */
export const sampleStrokes = (digit: number): Stroke[] =>
  (lines[digit] ?? []).map((values) =>
    Array.from({ length: values.length / 2 }, (_, i) => ({
      x: values[2 * i]! / 100,
      y: values[2 * i + 1]! / 100,
    })),
  );
