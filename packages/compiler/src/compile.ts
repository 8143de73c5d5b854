// The whole way: graph -> plan -> validated model -> verification against the graph.
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { BitgradError } from '@bitgrad/core';
import { quantLayersOf, summary, withHardened } from '@bitgrad/layers';
import {
  elementCount,
  encodeModel,
  type Engine,
  type InputNormalization,
  type ModelMetadata,
  type PackedModel,
} from '@bitgrad/runtime';
import { createBuilder } from './builder.js';
import { materialize } from './emit.js';
import { endsOf, evaluate } from './graph.js';
import { lastFloatDense } from './int8.js';
import { checkNormalization } from './normalization.js';
import { tidied } from './tidy.js';
import { known, unsupported, type Lowering, type LoweringContext } from './lower/context.js';
import { lowerings } from './lower/index.js';
import { plainValue, withChannelwise, type Value } from './value.js';
import { checkLabels, verifyModel, type Agreement, type Samples } from './verify.js';

/** How a model is compiled. */
export interface CompileOptions {
  /**
   * `u8`: the packed model takes bytes, and normalization is folded into it. `f32` (default): it takes what the graph takes.
   */
  readonly input?: 'u8' | 'f32';
  /** How training turned bytes into numbers: (byte - mean) / std, in units of bytes (0 to 255). Needed for `u8`. */
  readonly normalization?: InputNormalization;
  readonly metadata?: ModelMetadata;
  /** Inputs to verify on: rows of bytes for `u8`, of floats for `f32`. Default: 16 random ones, seeded. */
  readonly samples?: Samples;
  /** The class of each of `samples`: `agreement` then has the accuracy of the packed model. */
  readonly labels?: ArrayLike<number>;
  /** Least accuracy on `samples`; it notices what graph and packed model cannot disagree about, as wrong samples. */
  readonly minAccuracy?: number;
  /** Share of samples whose largest output must be the graph's; default 1. */
  readonly minAgreement?: number;
  /** Runs the packed model for the verification; default the portable engine. */
  readonly engine?: Engine;
  /**
   * What a float dense layer at the end becomes: `float`; `int8`, a quarter of the size, its logits off by the rounding of
   * weights; `auto` (default): int8 when `samples` are given and every argmax stays the same on them, else float.
   */
  readonly lastLayer?: 'auto' | 'float' | 'int8';
  /** Lowerings of further layer classes. */
  readonly lowerings?: Readonly<Record<string, Lowering>>;
}

/** What {@link compileModel} gives. */
export interface CompileResult {
  readonly model: PackedModel;
  /** The `.bitgrad` file. */
  readonly bytes: Uint8Array;
  readonly agreement: Agreement;
  /** What the float dense layer at the end became; null when the model has none. */
  readonly lastLayer: 'float' | 'int8' | null;
  /** Layers that run as float ops although they are quantized, with the reason. */
  readonly fallbacks: readonly { layer: string; reason: string }[];
}

/**
 * Compiles a trained model into a packed one, and verifies it.
 * @param model sequential or functional, one input and one output; its quantizers are hardened
 * @throws BitgradError `unsupported-op` that names the layer; `verification-failed` when the packed model disagrees or is
 *   less accurate than asked for; `invalid-option` for a normalization that is missing or not in units of bytes
 */
export async function compileModel(
  model: tfl.LayersModel,
  options: CompileOptions = {},
): Promise<CompileResult> {
  const { input: type = 'f32', normalization } = options;
  if (type === 'u8' && !normalization)
    throw new BitgradError({
      code: 'invalid-option',
      source: 'compiler',
      what: 'normalization',
      got: normalization,
      expected: '{ mean, std } of the training data',
      next: 'Pass the normalization that the data set was trained with, or input: "f32".',
    });
  const shape = known(endsOf(model).input.shape);
  if (normalization) checkNormalization(normalization, shape.at(-1)!);
  checkLabels(options, elementCount(shape));
  const last = lastFloatDense(endsOf(model).output);
  const { lastLayer = 'auto' } = options;
  if (!last || lastLayer === 'float')
    return { ...(await compileOnce(model, options)), lastLayer: last ? 'float' : null };
  if (lastLayer === 'int8') return { ...(await compileOnce(model, options, last)), lastLayer };
  if (options.samples) {
    const rounded = await compileOnce(model, { ...options, minAgreement: 0, minAccuracy: undefined }, last);
    const { argmax, accuracy = 1 } = rounded.agreement;
    if (argmax === 1 && accuracy >= (options.minAccuracy ?? 0)) return { ...rounded, lastLayer: 'int8' };
  }
  return { ...(await compileOnce(model, options)), lastLayer: 'float' };
}

/** Compiles and verifies; `int8` names the layer whose kernel is rounded to 8 bits. */
async function compileOnce(
  model: tfl.LayersModel,
  options: CompileOptions,
  int8?: string,
): Promise<Omit<CompileResult, 'lastLayer'>> {
  const { input: type = 'f32', normalization } = options;
  const context: LoweringContext = { builder: createBuilder(), memo: new Map(), fallbacks: [], int8 };
  const packed = withHardened(model, () => {
    return tidied(() => lowerModel(model, type, normalization, context, options));
  });
  const bytes = encodeModel(packed.plan, packed.weights, packed.metadata);
  const agreement = await verifyModel(model, packed, options);
  return { model: packed, bytes, agreement, fallbacks: context.fallbacks };
}

const lowerModel = (
  model: tfl.LayersModel,
  type: 'u8' | 'f32',
  normalization: InputNormalization | undefined,
  context: LoweringContext,
  options: CompileOptions,
): PackedModel => {
  const table = { ...lowerings, ...options.lowerings };
  const { input, output } = endsOf(model);
  const shape = known(input.shape);
  const { builder, memo } = context;
  const source = builder.buffer(type, shape);
  let value: Value = plainValue(source, type, shape, type === 'u8' ? [0, 255] : undefined);
  if (type === 'u8') value = normalized(value, normalization!);
  const result = evaluate(output, new Map([[input.id, value]]), (layer, inputs) => {
    const lower = table[layer.getClassName()];
    if (!lower)
      return unsupported(
        layer,
        'has no packed form',
        `Use one of ${Object.keys(table).join(', ')}, or pass a lowering for it (option lowerings).`,
      );
    return lower(layer, inputs, context);
  });
  return builder.finish(source, materialize(builder, result, memo), metadataOf(model, options));
};

/** Normalization of bytes as a pending function: (x - mean) * (1 / std) in float32, as the data sets compute it. */
const normalized = (value: Value, { mean, std }: InputNormalization): Value => {
  const c = value.shape.at(-1)!;
  const of = (list: readonly number[], f: (v: number) => number): number[] =>
    Array.from({ length: c }, (_, i) => f(list[list.length === 1 ? 0 : i]!));
  const centred = { scale: Array<number>(c).fill(1), bias: of(mean, (m) => -m) };
  const scaled = { scale: of(std, (s) => 1 / s), bias: Array<number>(c).fill(0) };
  return withChannelwise(value, {
    name: 'normalization',
    apply: (x) => tf.mul(tf.sub(x, tf.tensor1d([...mean])), tf.tensor1d(std.map((s) => 1 / s))),
    lowered: [
      { kind: 'affine', affine: centred },
      { kind: 'affine', affine: scaled, apart: true },
    ],
  });
};

const metadataOf = (model: tfl.LayersModel, { metadata, normalization }: CompileOptions): ModelMetadata => {
  const quantizers = new Set(
    quantLayersOf(model).flatMap((layer) => [...layer.slots.values()].map((s) => s.quantizer.name)),
  );
  return {
    name: model.name,
    producer: '@bitgrad/compiler',
    quantizers: [...quantizers].sort(),
    ...(normalization ? { normalization } : {}),
    ...sizesOf(model),
    ...metadata,
  };
};

const sizesOf = (model: tfl.LayersModel): Pick<ModelMetadata, 'floatBytes' | 'layers'> => {
  const { layers, total } = summary(model);
  return {
    floatBytes: total.floatBytes,
    layers: layers
      .filter(({ floatBytes }) => floatBytes > 0)
      .map(({ name, binaryMacs, floatMacs, floatBytes }) => ({
        name,
        binaryMacs,
        otherMacs: floatMacs,
        floatBytes,
      })),
  };
};
