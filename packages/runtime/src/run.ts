// What every engine checks before it runs: types and lengths of the arrays that the user gave.
import type { InputArray, OutputArray } from './engine.js';
import { failure } from './fail.js';
import type { Plan } from './plan.js';
import { elementCount, expectPlan, isStorage } from './tensors.js';

/**
 * Checks the arguments of `Executable.run` and returns the array for the result: `output` if given, else a new
 * one. The number of examples is input.length / (elements of the plan's input).
 * @throws BitgradError `shape-mismatch`
 */
export function resultFor(plan: Plan, input: InputArray, output?: OutputArray): OutputArray {
  expectPlan(plan);
  const { type, shape } = plan.buffers[plan.input]!;
  const size = elementCount(shape);
  const n = input?.length / size;
  const typed = isStorage(type, input) || (type === 'u8' && input instanceof Uint8ClampedArray);
  if (!typed || !Number.isInteger(n) || n < 1)
    throw failure('shape-mismatch', {
      what: 'input',
      got: `${(input as object | undefined)?.constructor?.name} of ${input?.length}`,
      expected: `${type === 'u8' ? 'Uint8Array' : 'Float32Array'} of a multiple of ${size} (${shape.join(' x ')})`,
    });
  const target = plan.buffers[plan.output]!;
  const length = n * elementCount(target.shape);
  const result = output ?? new (target.type === 'f32' ? Float32Array : Int32Array)(length);
  if (!isStorage(target.type, result) || result.length !== length)
    throw failure('shape-mismatch', {
      what: 'output array',
      got: `${result.constructor.name} of ${result.length}`,
      expected: `${target.type === 'f32' ? 'Float32Array' : 'Int32Array'} of ${length}`,
    });
  return result;
}
