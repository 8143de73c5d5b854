// A value during compilation: a buffer of the plan, and what the graph does to it before anyone needs the result.
// Channelwise functions and max pools stay pending, so that a sign that follows folds them into one threshold a channel.
import type { ClampOp, Shape, UnaryOp, Window } from '@bitgrad/runtime';
import type { Steps } from './steps.js';

/** A channelwise y = scale[c] * x + bias[c], in float64. */
export interface Affine {
  readonly scale: readonly number[];
  readonly bias: readonly number[];
}

/** Numbers of a tensor; the graph of training computes in float32. */
export type Values = Float32Array | Float64Array;

/** A function of each element and its channel, on values of the shape [n, (1,)* c]. */
export type RowFunction = (x: Values, shape: Shape) => Values;

/** How a channelwise function is written as float ops, when it cannot be folded. */
export type Lowered =
  /**
   * `apart`: not made one with an affine function before it, which would round otherwise than the graph; `exact`: made one
   * only where it rounds the same.
   */
  | { readonly kind: 'affine'; readonly affine: Affine; readonly apart?: boolean; readonly exact?: boolean }
  | { readonly kind: 'clamp'; readonly min: ClampOp['min']; readonly max: ClampOp['max'] }
  /** A step function with these values, ascending: its steps are found by running it. */
  | { readonly kind: 'steps'; readonly steps: Steps }
  | { readonly kind: 'unary'; readonly function: UnaryOp['function'] }
  | { readonly kind: 'prelu'; readonly before: number[]; readonly slope: number[]; readonly after: number[] };

/** A function of each element and its channel (last axis). */
export interface Channelwise {
  /** Layer that it came from. */
  readonly name: string;
  /** The graph's own arithmetic, on values of a tensor [n, (1,)* c] of any n: what folding must agree with. */
  readonly apply: RowFunction;
  readonly lowered: readonly Lowered[];
}

/** A pending max pool. */
interface PendingPool {
  readonly name: string;
  readonly window: Window;
  readonly shape: Shape;
}

/** See the head of this file. The value is reshape(after(pool(before(buffer)))). */
export interface Value {
  readonly buffer: number;
  readonly type: 'u8' | 'i32' | 'f32';
  /** Shape of the buffer, without a batch axis. */
  readonly shape: Shape;
  /** Smallest and largest value of an integer buffer. */
  readonly range?: readonly [number, number];
  readonly before: readonly Channelwise[];
  readonly pool?: PendingPool;
  readonly after: readonly Channelwise[];
  readonly reshape?: Shape;
}

/** Shape of the value after everything that is pending. */
export const shapeOf = (value: Value): Shape => value.reshape ?? value.pool?.shape ?? value.shape;

/** A value with nothing pending. */
export const plainValue = (
  buffer: number,
  type: Value['type'],
  shape: Shape,
  range?: readonly [number, number],
): Value => ({ buffer, type, shape, before: [], after: [], ...(range ? { range } : {}) });

/** The value with one more channelwise function. Not for a value with a pending reshape. */
export const withChannelwise = (value: Value, f: Channelwise): Value =>
  value.pool ? { ...value, after: [...value.after, f] } : { ...value, before: [...value.before, f] };

/** Two affine functions as one: second after first. */
export const composeAffine = (first: Affine, second: Affine): Affine => ({
  scale: first.scale.map((s, i) => s * second.scale[i]!),
  bias: first.bias.map((b, i) => b * second.scale[i]! + second.bias[i]!),
});

const all = (list: readonly number[], value: number): boolean => list.every((v) => v === value);
const isIdentity = ({ scale, bias }: Affine): boolean => all(scale, 1) && all(bias, 0);

/** Whether one affine op rounds as two do: one of them does nothing, or the first only scales and the second only shifts. */
export const roundsAlike = (first: Affine, second: Affine): boolean =>
  isIdentity(first) || isIdentity(second) || (all(first.bias, 0) && all(second.scale, 1));

/** The affine function that a chain amounts to, or undefined when it holds anything else. Identity for an empty chain. */
export function asAffine(chain: readonly Channelwise[], channels: number): Affine | undefined {
  let result: Affine = { scale: Array(channels).fill(1), bias: Array(channels).fill(0) };
  for (const { lowered } of chain)
    for (const step of lowered) {
      if (step.kind !== 'affine') return undefined;
      result = composeAffine(result, step.affine);
    }
  return result;
}
