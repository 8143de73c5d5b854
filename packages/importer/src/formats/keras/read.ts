// Keras models as source graphs.
import { nearestName } from '@bitgrad/bits';
import { createGraphBuilder } from '../../builder.js';
import type { ReadContext } from '../../define.js';
import { check, unsupported } from '../../fail.js';
import type { SourceGraph } from '../../graph.js';
import type { LayerConfig, ModelConfig } from './config.js';
import { translateLayer, type Translation } from './layer.js';
import { activations } from './layers/activations.js';
import { products } from './layers/products.js';
import { shapes } from './layers/shapes.js';
import type { Weights } from './weights.js';

const translations: Readonly<Record<string, Translation>> = { ...activations, ...products, ...shapes };

/** What a table has for a class of layers. @throws BitgradError `unsupported-op` that says why it has nothing */
export function forKind<T>(table: Readonly<Record<string, T>>, { name, kind }: LayerConfig): T {
  if (Object.hasOwn(table, kind)) return table[kind]!;
  const node = { name, op: kind };
  if (kind === 'Lambda') unsupported(node, 'holds Python code', 'Put a layer of Keras in its place.');
  if (['Sequential', 'Functional', 'Model'].includes(kind)) unsupported(node, 'is a model within the model', 'Save the model with the layers of both in one.'); // prettier-ignore
  const known = Object.keys(table).sort();
  const meant = nearestName(kind, known);
  return unsupported(node, 'is a layer that is not known', `${meant ? `Did you mean ${meant}? ` : ''}Known: ${known.join(', ')}; or offer an importer of your own.`); // prettier-ignore
}

/** The shape that a model's first layer takes. */
export function inputShape({ name, config }: LayerConfig, given: readonly number[] | undefined): number[] {
  if (given) return [1, ...given];
  const shape = config.batch_input_shape ?? config.batch_shape;
  const rest = Array.isArray(shape) ? (shape as unknown[]).slice(1) : [];
  check(rest.length > 0 && rest.every((n) => Number.isInteger(n) && (n as number) > 0), `input shape of layer "${name}"`, shape, 'known sizes after the batch: give them as inputShape', 'invalid-option'); // prettier-ignore
  return [1, ...(rest as number[])];
}

/** @throws BitgradError that names the layer, and a next step; `limit-exceeded` */
export function readKeras(model: ModelConfig, weights: Weights, context: ReadContext): SourceGraph {
  const builder = createGraphBuilder(context.limits, context.ops);
  const values = new Map<string, string>();
  let first = true;
  for (const layer of model.order) {
    const isInput = layer.kind === 'InputLayer';
    if (isInput || (first && layer.inputs.length === 0))
      builder.input(`${layer.name}/input`, inputShape(layer, context.inputShape));
    first = false;
    const inputs = layer.inputs.length > 0 ? layer.inputs.map((name) => values.get(name)!) : [`${layer.name}/input`]; // prettier-ignore
    if (isInput) {
      values.set(layer.name, `${layer.name}/input`);
      continue;
    }
    const from = { inputs, weights: weights.get(layer.name) ?? [], version: model.version };
    values.set(layer.name, translateLayer(layer, builder, from, forKind(translations, layer)));
  }
  const output = values.get(model.output);
  check(output !== undefined, 'output of the model', model.output, 'a layer of the model');
  return builder.finish(output, { name: model.name || context.name, channels: 'last' });
}
