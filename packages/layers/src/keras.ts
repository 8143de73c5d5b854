// tfjs-layers keeps the functions that turn 'glorotUniform' or a config into an initializer, constraint, regularizer or
// activation to itself. A throw-away Dense layer, which takes all four, gives them back by its public constructor.
import * as tfl from '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { BitgradError } from '@bitgrad/core';
import { weightClip } from './constraints.js';

type DenseArgs = Parameters<typeof tfl.layers.dense>[0];
/** What every tfjs layer's constructor takes: name, inputShape, trainable, ... */
export type LayerArgs = NonNullable<ConstructorParameters<typeof tfl.layers.Layer>[0]>;
/** A shape with null for unknown sizes. */
export type Shape = tfl.Shape;
/** A tensor a layer owns. */
export type LayerVariable = tfl.LayerVariable;
/** An initializer by name, by `{ className, config }` or as an object, as in tfjs-layers. */
export type InitializerSpec = DenseArgs['kernelInitializer'] | null;
/** A constraint by name ('weightClip' too), by `{ className, config }` or as an object. */
export type ConstraintSpec = DenseArgs['kernelConstraint'] | 'weightClip' | null;
/** A regularizer by name, by `{ className, config }` or as an object, as in tfjs-layers. */
export type RegularizerSpec = DenseArgs['kernelRegularizer'] | null;
/** An activation by name, as in tfjs-layers. */
export type ActivationSpec = DenseArgs['activation'] | null;

interface Serializable {
  getClassName(): string;
  getConfig(): tf.serialization.ConfigDict;
}
/** A tfjs-layers initializer. */
export type Initializer = Serializable & { apply(shape: Shape, dtype?: tf.DataType): tf.Tensor };
/** A tfjs-layers constraint. */
export type Constraint = Serializable & { apply(w: tf.Tensor): tf.Tensor };
/** A tfjs-layers regularizer. */
export type Regularizer = Serializable & { apply(x: tf.Tensor): tf.Scalar };
/** A tfjs-layers activation. */
export type Activation = Serializable & { apply(x: tf.Tensor): tf.Tensor };

const probe = <T>(key: keyof DenseArgs, spec: unknown): T => {
  try {
    // The name keeps tfjs from counting the probe in the automatic names of Dense layers.
    const layer = tfl.layers.dense({ units: 1, name: 'probe', [key]: spec } as DenseArgs);
    return (layer as unknown as Record<string, T>)[key]!;
  } catch (cause) {
    throw new BitgradError({
      code: 'invalid-option',
      source: 'layers',
      what: `${key.replace('kernel', '').toLowerCase()} of a layer`,
      got: spec,
      expected: 'a name, { className, config } or an object of tfjs-layers',
      cause,
    });
  }
};

/** @throws BitgradError `invalid-option` for an unknown name */
export const resolveInitializer = (spec: InitializerSpec | undefined, fallback: Initializer): Initializer =>
  spec === undefined || spec === null ? fallback : probe<Initializer>('kernelInitializer', spec);

/** @throws BitgradError `invalid-option` for an unknown name */
export const resolveConstraint = (spec: ConstraintSpec | undefined): Constraint | null =>
  spec === undefined || spec === null
    ? null
    : spec === 'weightClip'
      ? weightClip()
      : probe<Constraint>('kernelConstraint', spec);

/** @throws BitgradError `invalid-option` for an unknown name */
export const resolveRegularizer = (spec: RegularizerSpec | undefined): Regularizer | null =>
  spec === undefined || spec === null ? null : probe<Regularizer>('kernelRegularizer', spec);

/** @throws BitgradError `invalid-option` for an unknown name; null for none and for 'linear' */
export const resolveActivation = (spec: ActivationSpec | undefined): Activation | null =>
  spec === undefined || spec === null || spec === 'linear' ? null : probe<Activation>('activation', spec);

/** The form that tfjs saves and rebuilds from. */
export const serializeKeras = (object: Serializable | null): tf.serialization.ConfigDict | null =>
  object === null ? null : { className: object.getClassName(), config: object.getConfig() };

/** The one tensor or shape that a layer with a single input is given. */
export const single = <T extends tf.Tensor>(inputs: tf.Tensor | tf.Tensor[]): T =>
  (Array.isArray(inputs) ? inputs[0] : inputs) as T;

/**
 * What `call` of a layer with one input does: its arithmetic, within a tidy, once those who listen to the layer know.
 * @param compute gets the input, and whether the layer is training
 */
export const called = <T extends tf.Tensor>(
  layer: tfl.layers.Layer,
  inputs: tf.Tensor | tf.Tensor[],
  kwargs: Record<string, unknown>,
  compute: (x: T, training: boolean) => tf.Tensor,
): tf.Tensor =>
  tf.tidy(() => {
    // Protected in the types of tfjs: meant for `call`.
    const { invokeCallHook } = layer as unknown as { invokeCallHook(...args: unknown[]): void };
    invokeCallHook.call(layer, inputs, kwargs);
    return compute(single<T>(inputs), kwargs['training'] === true);
  });

/** The one shape that a layer with a single input is built with. */
export const singleShape = (shape: Shape | Shape[]): Shape =>
  (Array.isArray(shape[0]) ? shape[0] : shape) as Shape;

/**
 * The size of an axis that must be known to build a layer.
 * @throws BitgradError `shape-mismatch` when it is null or the rank is wrong
 */
export function knownSize(shape: Shape, rank: number, axis: number, owner: string): number {
  const size = shape.at(axis);
  if (shape.length !== rank || typeof size !== 'number')
    throw new BitgradError({
      code: 'shape-mismatch',
      source: 'layers',
      what: `input shape of ${owner}`,
      got: shape,
      expected: `rank ${rank} with a known size of axis ${axis}`,
    });
  return size;
}
