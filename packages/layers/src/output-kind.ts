// What the numbers of a model's output are, read from how its graph ends.
import type * as tfl from '@tensorflow/tfjs-layers';
import type { OutputKind } from '@bitgrad/core';
import { expectModel } from './expect-model.js';

interface Symbolic {
  readonly shape: readonly (number | null)[];
  readonly sourceLayer: EndLayer;
  readonly nodeIndex: number;
  readonly tensorIndex: number;
}

/** What is read of a layer; models have outputs, wrappers a layer inside. */
interface EndLayer {
  readonly outputs?: readonly Symbolic[];
  readonly layer?: EndLayer;
  readonly inboundNodes: readonly { readonly inputTensors: readonly Symbolic[] }[];
  getClassName(): string;
  getConfig(): Record<string, unknown>;
}

/** Layers that leave each number as it is. */
const passive = /^(Dropout|AlphaDropout|GaussianDropout|GaussianNoise|SpatialDropout1D|Reshape|Flatten|Permute|RepeatVector|UpSampling2D|ZeroPadding2D|Cropping2D)$/; // prettier-ignore

/** The activation that a layer ends with, 'linear' where it has none. */
function activationOf(layer: EndLayer): string {
  if (layer.layer) return activationOf(layer.layer);
  if (layer.getClassName() === 'Softmax') return 'softmax';
  const { activation } = layer.getConfig();
  return typeof activation === 'string' ? activation.toLowerCase().replaceAll('_', '') : 'linear';
}

/** The activation at the end of a graph, behind layers that only move numbers. */
function ending(at: Symbolic, width: number | null): string {
  const layer = at.sourceLayer;
  if (layer.outputs) return ending(layer.outputs[at.tensorIndex]!, width);
  const [source] = layer.inboundNodes[at.nodeIndex]!.inputTensors;
  if (!source || !passive.test(layer.getClassName())) return activationOf(layer);
  const before = ending(source, source.shape.at(-1)!);
  // Rows of a softmax that are taken apart or joined are no probabilities of classes any more.
  return before === 'softmax' && source.shape.at(-1) !== width ? 'linear' : before;
}

/**
 * What a model's first output is: `probabilities` after a softmax, `sigmoid` after a (hard) sigmoid; else `logits` where one
 * row of several numbers is given out, and `regression` for one number, or for rows at positions (pixels, tokens) unless
 * `classes` says that each number of a row is a class.
 * @param classes number of class names, if there are any
 * @throws BitgradError `invalid-option` for what is no built model
 */
export function outputKindOf(model: tfl.LayersModel, classes = 0): OutputKind {
  expectModel('layers', 'outputKindOf', model);
  const output = model.outputs[0] as unknown as Symbolic;
  const width = output.shape.at(-1) ?? null;
  const activation = ending(output, width);
  if (activation === 'softmax') return 'probabilities';
  if (activation === 'sigmoid' || activation === 'hardsigmoid') return 'sigmoid';
  if (width === 1) return 'regression';
  return output.shape.length === 2 || classes === width ? 'logits' : 'regression';
}
