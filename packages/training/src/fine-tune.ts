// Where a model starts from, when it is not from random weights; and what of it does not train.
import type * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { BitgradError, checkValue, option } from '@bitgrad/core';
import { expectModel, walkLayers } from '@bitgrad/layers';
import { matchesName } from './names.js';
import { namedWeights } from './weights.js';

/** What {@link initializeFrom} did, by names of weights such as `conv1/kernel`. */
export interface Initialized {
  /** Those that were taken over. */
  readonly taken: readonly string[];
  /** Those of the model that stay as they were: the source has none of the name, or one of another shape. */
  readonly left: readonly string[];
}

/**
 * Gives a model the weights of another, by name and shape: latent weights are those of the same network in float, so that a binary
 * network starts from a float one, or one with other quantizers, and a head for other classes stays new.
 * @param source is not changed
 * @throws BitgradError `incompatible` when no weight fits
 */
export function initializeFrom(model: LayersModel, source: LayersModel): Initialized {
  expectModel('training', 'initializeFrom', model);
  expectModel('training', 'initializeFrom', source);
  const given = new Map(namedWeights(source).map(({ name, weight }) => [name, weight]));
  const [taken, left]: [string[], string[]] = [[], []];
  for (const { name, weight } of namedWeights(model)) {
    const from = given.get(name);
    if (from?.shape.join() === weight.shape.join()) {
      (weight.read() as tf.Variable).assign(from.read());
      taken.push(name);
    } else left.push(name);
  }
  if (taken.length > 0) return { taken, left };
  throw new BitgradError({
    code: 'incompatible',
    source: 'training',
    what: 'weights to start from: none has name and shape of one of the model',
    got: [...given.keys()].slice(0, 6).join(', '),
    expected: `some of ${left.slice(0, 6).join(', ')}`,
    next: 'Start from a run of the same architecture.',
  });
}

/**
 * Freezes layers: their weights do not train, and batch normalizations among them keep their averages. Before a trainer is made.
 * @param layers names of layers, in which `*` stands for anything; those of nested models have `outer/inner`
 * @returns the names of those that are frozen
 * @throws BitgradError `invalid-option` for a name that no layer with weights has
 */
export function freezeLayers(model: LayersModel, layers: readonly string[]): readonly string[] {
  expectModel('training', 'freezeLayers', model);
  checkValue('training', 'layers to freeze', layers, option.required(option.list(option.string, 1)));
  const all = [...walkLayers(model)].filter(({ layer }) => layer.weights.length > 0);
  for (const pattern of layers)
    if (!all.some(({ path }) => matchesName(pattern, path)))
      throw new BitgradError({
        code: 'invalid-option',
        source: 'training',
        what: 'layer to freeze',
        got: pattern,
        expected: `some of ${all.map(({ path }) => path).join(', ')}; * stands for anything`,
      });
  const frozen = all.filter(({ path }) => layers.some((pattern) => matchesName(pattern, path)));
  for (const { layer } of frozen) layer.trainable = false;
  return frozen.map(({ path }) => path);
}
