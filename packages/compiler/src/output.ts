// What a packed model's output is: read from the graph, or told.
import type * as tfl from '@tensorflow/tfjs-layers';
import { failureOf, type OutputKind } from '@bitgrad/core';
import { outputKindOf } from '@bitgrad/layers';
import type { ModelMetadata } from '@bitgrad/runtime';

const failure = failureOf('compiler');

/** What {@link outputOf} needs of the compile options. */
export interface OutputOptions {
  readonly output?: OutputKind;
  readonly metadata?: ModelMetadata;
}

/**
 * The kind of a model's output.
 * @param width numbers along the last axis of the output
 * @throws BitgradError `invalid-option` where what is told cannot be, or is told twice; `shape-mismatch` for class names
 *   that are not as many as the outputs
 */
export function outputOf(
  model: tfl.LayersModel,
  { output, metadata = {} }: OutputOptions,
  width: number,
): OutputKind {
  const names = metadata.classes?.length ?? 0;
  const found = outputKindOf(model, names);
  const told = output ?? metadata.output;
  if (output !== undefined && metadata.output !== undefined && output !== metadata.output)
    throw failure('invalid-option', {
      what: 'options "output" and "metadata.output" of compileModel differ',
      got: [output, metadata.output],
      expected: 'one of them',
    });
  if (told === 'logits' && (found === 'probabilities' || found === 'sigmoid'))
    throw failure('invalid-option', {
      what: `option "output" of a model that ends in ${found === 'sigmoid' ? 'a sigmoid' : 'a softmax'}`,
      got: told,
      expected: found,
      next: 'Leave the option out, or compile the model without that last activation.',
    });
  if (names > 0 && names !== width && !(width === 1 && names === 2))
    throw failure('shape-mismatch', {
      what: 'number of class names (metadata.classes)',
      got: names,
      expected: `${width}, one for each output along the last axis`,
    });
  return told ?? found;
}
