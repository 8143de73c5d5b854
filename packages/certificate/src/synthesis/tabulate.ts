// A function of one variable as tensor code, where nobody wrote an expression for it: linear interpolation in a table,
// plus its jumps as exact steps. Not differentiable; used inside customGrad.
import * as tf from '@tensorflow/tfjs-core';

/** A table of `f` less its jumps, at even spacing over [-reach, reach]. */
export interface FunctionTable {
  readonly reach: number;
  readonly values: Float32Array;
  /** Where f jumps, and by how much. */
  readonly steps: readonly (readonly [at: number, height: number])[];
}

/** Width beside a point at which one-sided limits are read. */
const nudge = 1e-9;

/**
 * Tabulates f.
 * @param special points where f may jump; the value at the point itself counts as the right limit
 */
export function tabulate(
  f: (x: number) => number,
  special: readonly number[],
  reach: number,
  size = 4097,
): FunctionTable {
  const steps = [...new Set(special)]
    .filter((at) => Math.abs(at) < reach)
    .map((at) => [at, f(at + nudge) - f(at - nudge)] as const)
    .filter(([, height]) => Math.abs(height) > 1e-6);
  const values = Float32Array.from({ length: size }, (_, i) => {
    const x = -reach + (2 * reach * i) / (size - 1);
    // A knot on a jump takes the right limit, as the steps do.
    const value = steps.some(([at]) => at === x) ? f(x + nudge) : f(x);
    return steps.reduce((sum, [at, height]) => (x >= at ? sum - height : sum), value);
  });
  return { reach, values, steps };
}

/**
 * The tabulated function of a tensor.
 * @param beyond 'line' continues the outermost cells, 'hold' repeats the end values
 * @returns float32 tensor of x's shape; the caller disposes it
 */
export function lookUp(
  { reach, values, steps }: FunctionTable,
  x: tf.Tensor,
  beyond: 'line' | 'hold',
): tf.Tensor {
  return tf.tidy(() => {
    const cells = values.length - 1;
    const position = tf.mul(tf.add(x, reach), cells / (2 * reach));
    const cell = tf.clipByValue(tf.floor(position), 0, cells - 1);
    const share = tf.sub(beyond === 'hold' ? tf.clipByValue(position, 0, cells) : position, cell);
    const flat = tf.cast(tf.reshape(cell, [-1]), 'int32');
    const read = (table: Float32Array) => tf.reshape(tf.gather(tf.tensor1d(table), flat), x.shape);
    const low = read(values.subarray(0, cells));
    const rise = read(Float32Array.from({ length: cells }, (_, i) => values[i + 1]! - values[i]!));
    const smooth = tf.add(low, tf.mul(rise, share));
    return steps.reduce<tf.Tensor>(
      (sum, [at, height]) => tf.add(sum, tf.mul(tf.cast(tf.greaterEqual(x, at), 'float32'), height)),
      smooth,
    );
  });
}
