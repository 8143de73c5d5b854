// What the certificate says of every quantizer, as plain data for the page. Formulas are plain Math: the tensor code, and
// with it TensorFlow.js, stays out of the page (withoutTfjs of the demo).
import { certify, type Position } from '@bitgrad/certificate';
import { createRegistry } from '@bitgrad/core';
import { fdaPlugin } from '@bitgrad/quantizer-fda';
import { modernPlugin } from '@bitgrad/quantizer-modern';
import { proxConnectPlugin } from '@bitgrad/quantizer-proxconnect';
import { stePlugin } from '@bitgrad/quantizer-ste';

const registry = createRegistry([stePlugin, proxConnectPlugin, fdaPlugin, modernPlugin]);

/** Names of all quantizers. */
export const quantizerNames: readonly string[] = registry
  .entries()
  .filter(({ kind }) => kind === 'quantizer')
  .map(({ name }) => name)
  .sort();

/** A curve as an SVG sees it: `points` in a box of 300 x 150, and where 0 and the ends are. */
export interface Curve {
  readonly points: string;
  /** Height of the line of 0. */
  readonly zero: number;
  readonly low: number;
  readonly high: number;
  /** Intervals that break a condition: left and width, in the box. */
  readonly marks: readonly { readonly x: number; readonly width: number }[];
}

/** What the page shows of a quantizer at a moment of training. */
export interface Shown {
  readonly holds: boolean;
  /** The certificate over all of training, in words. */
  readonly words: string;
  readonly forward: Curve;
  readonly backward: Curve;
}

export const box = { width: 300, height: 150 } as const;

function curve({ x, y }: Position['F'], marks: readonly (readonly [number, number])[]): Curve {
  const finite = Array.from(y, (value, i) => [x[i]!, value] as const).filter(([, v]) => Number.isFinite(v));
  const values = finite.map(([, value]) => value);
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const [left, right] = [x[0]!, x.at(-1)!];
  const across = (at: number): number =>
    (box.width * (Math.min(right, Math.max(left, at)) - left)) / (right - left);
  const down = (value: number): number => 4 + ((box.height - 8) * (high - value)) / (high - low || 1);
  return {
    points: finite.map(([at, value]) => `${across(at).toFixed(1)},${down(value).toFixed(1)}`).join(' '),
    zero: down(0),
    low,
    high,
    marks: marks.map(([from, to]) => ({
      x: across(from),
      width: Math.max(2, across(to) - across(from)),
    })),
  };
}

/**
 * The verdict on a quantizer, and its curves.
 * @param progress share of training that is done, where the curves are read
 */
export function show(name: string, progress: number): Shown {
  const quantizer = registry.quantizer(name);
  const { holds, explain } = certify(quantizer);
  const [at] = certify(quantizer, { progress: [progress] }).positions as [Position];
  const marks = at.violations.map(({ interval }) => interval);
  return { holds, words: explain(), forward: curve(at.F, marks), backward: curve(at.B, marks) };
}
