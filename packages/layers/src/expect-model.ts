// Is it a model? A name, a path or a promise is easily passed for one, and would fail somewhere inside of tfjs.
import type * as tfl from '@tensorflow/tfjs-layers';
import { BitgradError } from '@bitgrad/core';

type Layer = tfl.layers.Layer;

const isObject = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null;

/** By what it has, not by its class: it may come from another copy of tfjs-layers. */
const isLayer = (x: unknown): x is Layer =>
  isObject(x) && typeof x['getClassName'] === 'function' && Array.isArray(x['inboundNodes']);

const nextFor = (x: unknown): string | undefined => {
  if (isObject(x) && typeof x['then'] === 'function') return 'It is a promise: await it.';
  if (typeof x === 'string')
    return 'Make the model first: createModel(name, options), or load it from its folder or file.';
  return undefined;
};

/**
 * @param source the package that asks, without the scope: `layers`
 * @param owner the function that was given it: `summary`
 * @throws BitgradError `invalid-option` for what is neither a layer nor a model
 */
export function expectLayer(source: string, owner: string, layer: unknown): asserts layer is Layer {
  if (!isLayer(layer))
    throw new BitgradError({
      code: 'invalid-option',
      source,
      what: `model given to ${owner}`,
      got: layer === undefined ? 'nothing' : isObject(layer) ? Object.prototype.toString.call(layer) : layer,
      expected: 'a model of tfjs-layers',
      next: nextFor(layer),
    });
}

const isDisposed = ({ weights }: Layer): boolean =>
  weights.some((weight) => (weight as unknown as { val: { isDisposed: boolean } }).val.isDisposed);

/**
 * A model whose inputs and outputs are known, and whose weights are there.
 * @param source the package that asks, without the scope: `training`
 * @param owner the function that was given it: `createTrainer`
 * @throws BitgradError `invalid-option` for anything else, `disposed` for a model after its `dispose()`
 */
export function expectModel(source: string, owner: string, model: unknown): asserts model is tfl.LayersModel {
  expectLayer(source, owner, model);
  const { inputs, outputs } = model as Partial<tfl.LayersModel>;
  const bad = !Array.isArray(inputs) || !Array.isArray(outputs) ? 'a single layer' : 'a model without layers';
  if (!inputs?.length || !outputs?.length)
    throw new BitgradError({
      code: 'invalid-option',
      source,
      what: `model given to ${owner}`,
      got: bad,
      expected: 'a model with at least one layer and a known input shape',
    });
  if (isDisposed(model))
    throw new BitgradError({
      code: 'disposed',
      source,
      what: `model "${model.name}" given to ${owner} was disposed`,
      next: 'Dispose a model only when nothing uses it any more.',
    });
}
