// Walks a tfjs-layers model from its output to its input, nested models included. tfjs declares what is read here as
// private or untyped, so its shape is written down once, in this file.
import type * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { BitgradError } from '@bitgrad/core';

/** A tfjs symbolic tensor: output `tensorIndex` of call `nodeIndex` of a layer. */
export interface Symbolic {
  readonly id: number;
  readonly shape: readonly (number | null)[];
  readonly sourceLayer: GraphLayer;
  readonly nodeIndex: number;
  readonly tensorIndex: number;
}

/** What the compiler reads of a layer. */
export interface GraphLayer {
  readonly name: string;
  readonly weights: { read(): tf.Tensor; readonly originalName: string }[];
  readonly inboundNodes: { readonly inputTensors: Symbolic[] }[];
  getClassName(): string;
  getConfig(): tf.serialization.ConfigDict;
  call(inputs: tf.Tensor | tf.Tensor[], kwargs: Record<string, unknown>): tf.Tensor | tf.Tensor[];
}

interface Container extends GraphLayer {
  readonly inputs: Symbolic[];
  readonly outputs: Symbolic[];
}

const isContainer = (layer: object): layer is Container =>
  Array.isArray((layer as Container).inputs) &&
  Array.isArray((layer as Container).outputs) &&
  'layers' in layer;

/** The input and the output of a model with one of each. */
export function endsOf(model: tfl.LayersModel): { input: Symbolic; output: Symbolic } {
  const { inputs, outputs } = model as unknown as Container;
  if (inputs.length !== 1 || outputs.length !== 1)
    throw new BitgradError({
      code: 'unsupported-op',
      source: 'compiler',
      what: `model "${model.name}" has ${inputs.length} inputs and ${outputs.length} outputs`,
      expected: 'one of each',
      next: 'Compile a model with one input and one output.',
    });
  return { input: inputs[0]!, output: outputs[0]! };
}

/**
 * Evaluates a symbolic tensor by a function of layers, depth first; each layer call is evaluated once.
 * @param known values of tensors that are given, by id: at least the model's input
 */
export function evaluate<V>(
  tensor: Symbolic,
  known: Map<number, V>,
  lower: (layer: GraphLayer, inputs: V[], output: Symbolic) => V,
): V {
  const found = known.get(tensor.id);
  if (found !== undefined) return found;
  const layer = tensor.sourceLayer;
  const sources = layer.inboundNodes[tensor.nodeIndex]!.inputTensors;
  const inputs = sources.map((source) => evaluate(source, known, lower));
  let value: V;
  if (isContainer(layer)) {
    const inner = new Map(layer.inputs.map((input, i) => [input.id, inputs[i]!]));
    value = evaluate(layer.outputs[tensor.tensorIndex]!, inner, lower);
  } else value = lower(layer, inputs, tensor);
  known.set(tensor.id, value);
  return value;
}
