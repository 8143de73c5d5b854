// Models of Keras and Larq to go on training, apart from the rest: what packs models needs no tfjs-layers.
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { checkOptions, checkValue, option } from '@bitgrad/bits';
import type { SourceFile } from './define.js';
import { check } from './fail.js';
import type { Tensor } from './graph.js';
import { limitsFrom, type ImportLimits } from './limits.js';
import type { ModelConfig } from './formats/keras/config.js';
import { withModel } from './formats/keras/index.js';
import { withOptions } from './formats/keras/layer.js';
import { forKind, inputShape } from './formats/keras/read.js';
import { trainable } from './formats/keras/to-layers.js';
import type { Weights } from './formats/keras/weights.js';

/** How a model is read. */
export interface ImportLayersOptions {
  /** Sizes of the input after the batch, for files that leave them open. */
  readonly inputShape?: readonly number[];
  readonly limits?: Partial<ImportLimits>;
}

/** Sets the weights of a layer that has been applied. @throws BitgradError `invalid-file` for others than it has */
function setWeights(layer: tfl.layers.Layer, stored: readonly Tensor[]): void {
  const shapes = layer.weights.map(({ shape }) => shape);
  const fits = stored.length === shapes.length && stored.every(({ shape }, i) => shape.join() === shapes[i]!.join()); // prettier-ignore
  check(fits, `weights of layer "${layer.name}"`, stored.map(({ shape }) => shape), JSON.stringify(shapes)); // prettier-ignore
  const tensors = stored.map(({ shape, data }) => tf.tensor(Float32Array.from(data), [...shape]));
  layer.setWeights(tensors);
  tf.dispose(tensors);
}

function build(model: ModelConfig, weights: Weights, given: readonly number[] | undefined): tfl.LayersModel {
  const values = new Map<string, tfl.SymbolicTensor>();
  let input: tfl.SymbolicTensor | undefined;
  const first = model.order[0]!;
  for (const layer of model.order) {
    if (layer.kind === 'InputLayer' || (layer === first && layer.inputs.length === 0)) {
      check(!input, 'second input', layer.name, 'one input', 'unsupported-op');
      const name = layer.kind === 'InputLayer' ? layer.name : `${layer.name}_input`;
      input = tfl.input({ shape: inputShape(layer, given).slice(1), name });
      values.set(layer.name, input);
      if (layer.kind === 'InputLayer') continue;
    }
    const own = withOptions(layer, model.version, forKind(trainable, layer));
    const inputs = layer.inputs.length > 0 ? layer.inputs.map((name) => values.get(name)!) : [input!];
    values.set(layer.name, own.apply(inputs.length === 1 ? inputs[0]! : inputs) as tfl.SymbolicTensor);
    setWeights(own, weights.get(layer.name) ?? []);
  }
  check(input, 'input of the model', 'nothing', 'an InputLayer, or a first layer with its input shape');
  return tfl.model({ inputs: input, outputs: values.get(model.output)!, ...(model.name && { name: model.name }) }); // prettier-ignore
}

/**
 * A Keras or Larq model with its latent weights, as a model of tfjs-layers to train on, evaluate and compile. Its
 * quantizers are found by name: `use(stePlugin)` of @bitgrad/quantizer-ste first.
 * @param files one file, or all files of a folder: `.keras`, `.h5`, or `.json` with `.h5`
 * @throws BitgradError `unsupported-op` that names the layer which has no counterpart here; `invalid-file`;
 *   `limit-exceeded`; `unknown-name` for quantizers without their plugin
 */
export async function importLayers(
  files: readonly SourceFile[],
  options: ImportLayersOptions = {},
): Promise<tfl.LayersModel> {
  const rules = { inputShape: option.list(option.integer(1), 1), limits: option.object };
  checkOptions<ImportLayersOptions>('importer', 'importLayers', options, rules);
  checkValue('importer', 'files', files, option.required(option.list(option.object, 1)));
  return withModel(files, limitsFrom(options.limits), (model, weights) => build(model, weights, options.inputShape)); // prettier-ignore
}
