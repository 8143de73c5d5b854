// Checks of what an op is given, in constant time: tfjs's own errors name neither the op nor the argument.
import * as tf from '@tensorflow/tfjs-core';
import { BitgradError } from '@bitgrad/bits';

/**
 * @param owner the op, for messages
 * @param rank of the tensor; undefined: any
 * @throws BitgradError `invalid-option` for what is no tensor, `shape-mismatch` for another rank, `disposed`
 */
export function expectTensor(owner: string, name: string, x: unknown, rank?: number): asserts x is tf.Tensor {
  const what = `${name} of ${owner}`;
  if (!(x instanceof tf.Tensor))
    throw new BitgradError({
      code: 'invalid-option',
      source: 'core',
      what,
      got: x === undefined ? 'nothing' : x,
      expected: 'a tensor',
    });
  if (x.isDisposed) throw new BitgradError({ code: 'disposed', source: 'core', what });
  if (rank !== undefined && x.rank !== rank) throw shapeMismatch(what, x.shape, `rank ${rank}`);
}

/** @throws BitgradError `shape-mismatch` when a tensor does not have a shape; also as {@link expectTensor} */
export function expectShape(
  owner: string,
  name: string,
  x: unknown,
  shape: readonly number[],
): asserts x is tf.Tensor {
  expectTensor(owner, name, x);
  if (x.shape.length !== shape.length || !x.shape.every((size, i) => size === shape[i]))
    throw shapeMismatch(`${name} of ${owner}`, x.shape, `[${shape.join(', ')}]`);
}

/** The error of a shape that does not fit. */
export const shapeMismatch = (what: string, got: unknown, expected: string): BitgradError =>
  new BitgradError({ code: 'shape-mismatch', source: 'core', what, got, expected });
