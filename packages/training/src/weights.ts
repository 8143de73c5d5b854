// The weights of a model as plain data, by name.
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel, LayerVariable } from '@tensorflow/tfjs-layers';
import { BitgradError } from '@bitgrad/core';
import { expectModel, walkLayers } from '@bitgrad/layers';
import { differingNames, matchNames } from './names.js';
import { checksumOf } from './state.js';

/** A weight of a model as plain data. */
export interface WeightValues {
  /** Names of the layers that it is in and its own, `block/conv1/kernel`; weights are matched by it. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A weight with its name. */
export interface NamedWeight {
  /** Unique in the model, the same wherever the layer stands and whatever is frozen. */
  readonly name: string;
  /** For messages: `kernel of layer "conv1"`. */
  readonly label: string;
  readonly weight: LayerVariable;
}

const last = (name: string): string => name.slice(name.lastIndexOf('/') + 1);

/** Every weight of a model, in the model's order: trainable ones first, as tfjs has it. */
export function namedWeights(model: LayersModel): NamedWeight[] {
  const named = new Map<LayerVariable, NamedWeight>();
  for (const { layer, path } of walkLayers(model)) {
    const seen = new Map<string, number>();
    for (const weight of layer.weights) {
      const own = last(weight.originalName);
      const count = (seen.get(own) ?? 0) + 1;
      seen.set(own, count);
      const name = `${path}/${own}${count > 1 ? `:${count}` : ''}`;
      named.set(weight, { name, label: `${own} of layer "${layer.name}"`, weight });
    }
  }
  const unknown = (weight: LayerVariable): NamedWeight => ({
    name: weight.originalName,
    label: `weight "${weight.originalName}"`,
    weight,
  });
  return model.weights.map((weight) => named.get(weight) ?? unknown(weight));
}

/** Every weight of a model, trainable or not. */
export const readWeights = (model: LayersModel): Promise<WeightValues[]> =>
  Promise.all(
    namedWeights(model).map(async ({ name, weight }) => {
      const tensor = weight.read();
      return { name, shape: [...tensor.shape], values: Float32Array.from(await tensor.data()) };
    }),
  );

/** A number that differs, almost surely, between models of other weights: that of a teacher, which a resumed run needs again. */
export async function weightsChecksum(model: LayersModel): Promise<number> {
  expectModel('training', 'weightsChecksum', model);
  return checksumOf(...(await readWeights(model)).map(({ values }) => values));
}

/** Weights with other values, in their order. */
export const withValues = (
  weights: readonly WeightValues[],
  values: readonly Float32Array[],
): readonly WeightValues[] => weights.map((weight, i) => ({ ...weight, values: values[i]! }));

/** The variables that training changes, in the order of the model's trainable weights. */
export const trainedVariables = (model: LayersModel): tf.Variable[] =>
  model.trainableWeights.map((weight) => weight.read() as tf.Variable);

const mismatch = (what: string, got?: unknown, expected?: string, next?: string): BitgradError =>
  new BitgradError({
    code: 'incompatible',
    source: 'training',
    what,
    got,
    expected,
    next: next ?? 'Resume with the model that the state was saved from.',
  });

const none = 'none';
const few = (names: readonly string[]): string =>
  names.length === 0 ? none : `${names.slice(0, 4).join(', ')}${names.length > 4 ? ', ...' : ''}`;

/** Saved weights beside the model's. */
interface Matched {
  readonly target: NamedWeight;
  readonly saved: WeightValues;
}

function matchWeights(model: LayersModel, saved: readonly WeightValues[]): Matched[] {
  const targets = namedWeights(model);
  const names = saved.map(({ name }) => name);
  const present = targets.map(({ name }) => name);
  // The first version of checkpoints has tfjs's names, which leave out nested models.
  const places =
    matchNames(names, present) ??
    matchNames(
      names,
      targets.map(({ weight }) => weight.originalName),
    );
  if (!places) {
    const [missing, extra] = differingNames(names, present);
    throw mismatch(
      'names of the weights',
      `in the model only: ${few(extra)}`,
      `in the state only: ${few(missing)}`,
    );
  }
  const matched = saved.map((weight, i) => ({ target: targets[places[i]!]!, saved: weight }));
  for (const {
    target,
    saved: { shape },
  } of matched) {
    const own = target.weight.shape;
    if (own.join() !== shape.join())
      throw mismatch(`shape of the ${target.label}`, `[${own.join(', ')}]`, `[${shape.join(', ')}]`);
  }
  return matched;
}

/** What of a state concerns the weights. */
interface SavedWeights {
  readonly weights: readonly WeightValues[];
  /** How many of them, from the first, were trained. */
  readonly trained: number;
  /** The order must be the model's too. */
  readonly ordered?: boolean;
}

/**
 * Finds a model's weights for saved ones.
 * @returns `write` puts the values in; `variables`: those of the trained weights, in the order of the state
 * @throws BitgradError `incompatible` that names the weights or layers when names, shapes or frozen layers differ; the
 *   model is not changed
 */
export function planRestore(
  model: LayersModel,
  { weights, trained, ordered = false }: SavedWeights,
): { write(): void; variables: tf.Variable[] } {
  const matched = matchWeights(model, weights);
  const present = new Set(model.trainableWeights);
  const labelsOf = (some: readonly Matched[], trainedNow: boolean): string =>
    few(
      some
        .filter(({ target }) => present.has(target.weight) === trainedNow)
        .map(({ target }) => target.label),
    );
  const frozen = labelsOf(matched.slice(0, trained), false);
  const thawed = labelsOf(matched.slice(trained), true);
  if (frozen !== none || thawed !== none)
    throw mismatch(
      `frozen layers are not those of the state (frozen now: ${frozen}; trained now: ${thawed})`,
      undefined,
      undefined,
      'Set `trainable` of these layers as it was.',
    );
  const moved = matched.find(({ target }, i) => ordered && target.weight !== model.weights[i]);
  if (moved)
    throw mismatch(
      'order of the weights',
      `${moved.target.label} elsewhere`,
      'that of the model, in a checkpoint of this version',
    );
  return {
    variables: matched.slice(0, trained).map(({ target }) => target.weight.read() as tf.Variable),
    write: () =>
      matched.forEach(({ target, saved }) => {
        const variable = target.weight.read() as tf.Variable;
        const tensor = tf.tensor(Float32Array.from(saved.values), variable.shape);
        variable.assign(tensor);
        tensor.dispose();
      }),
  };
}
