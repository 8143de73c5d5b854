// The whole way: graph -> plan -> validated model -> verification against the graph.
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { BitgradError, checkOptions, option, outputKinds, type OutputKind } from '@bitgrad/core';
import {
  expectModel,
  fixedInputShape,
  outputShapesFor,
  quantLayersOf,
  summary,
  withHardened,
} from '@bitgrad/layers';
import {
  elementCount,
  encodeModel,
  jsEngine,
  type InputNormalization,
  type ModelMetadata,
  type PackedModel,
} from '@bitgrad/runtime';
import { createBuilder } from './packing/builder.js';
import { materialize } from './packing/emit.js';
import { endsOf, evaluate } from './graph.js';
import { checkWeights } from './check-model.js';
import { compareOutputs, scaleOf } from './packing/differences.js';
import { checkRounding, endsInClasses, lastFloatDense, roundingCost, roundingTolerance } from './int8.js';
import { naming, namingOps } from './naming.js';
import { checkNormalization } from './normalization.js';
import { outputOf } from './output.js';
import { onRows, tidied } from './tidy.js';
import { unsupported, type Lowering, type LoweringContext } from './lower/context.js';
import { lowerings } from './lower/index.js';
import { plainValue, withChannelwise, type Value } from './packing/value.js';
import { checkSamples } from './samples.js';
import { checkLabels, verifyRules, type Agreement, type VerifyOptions } from './verify-options.js';
import { measured, runOn, verification, type Verification } from './verify.js';

/** How a model is compiled, and verified. */
export interface CompileOptions extends VerifyOptions {
  /**
   * `u8`: the packed model takes bytes, and normalization is folded into it. `f32` (default): it takes what the graph takes.
   */
  readonly input?: 'u8' | 'f32';
  /** Shape of one example, for a model whose input has unknown sizes; the packed model takes this size only. */
  readonly inputShape?: readonly number[];
  /** How training turned bytes into numbers: (byte - mean) / std, in units of bytes (0 to 255). Needed for `u8`. */
  readonly normalization?: InputNormalization;
  /** The names in `classes` are as many as the outputs along the last axis. */
  readonly metadata?: ModelMetadata;
  /** What the outputs are; default: as the graph ends, see `outputKindOf` of @bitgrad/layers. The file holds it. */
  readonly output?: OutputKind;
  /**
   * What a float dense layer at the end becomes: `float`; `int8`, a quarter of the size, its outputs off by the rounding of
   * weights, at most `tolerance` (then 0.05 by default); `auto` (default): int8 where the model ends in logits or
   * probabilities of classes, `samples` are given, every argmax stays on them and the metric, if any, holds; else float.
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

const compileRules = {
  ...verifyRules,
  input: option.oneOf('u8', 'f32'),
  inputShape: option.list(option.integer(1), 1),
  normalization: option.inside({ mean: option.required(option.any), std: option.required(option.any) }),
  metadata: option.object,
  output: option.oneOf(...outputKinds),
  lastLayer: option.oneOf('auto', 'float', 'int8'),
  lowerings: option.object,
};

const checkArguments = (model: tfl.LayersModel, options: CompileOptions): void => {
  expectModel('compiler', 'compileModel', model);
  checkOptions<CompileOptions>('compiler', 'compileModel', options, compileRules);
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
  endsOf(model);
  const shape = fixedInputShape('compiler', model, options.inputShape);
  if (normalization) checkNormalization(normalization, shape.at(-1)!);
  const size = elementCount(shape);
  checkSamples(options.samples, { type, size });
  const answers = outputShapeOf(model, shape);
  checkLabels(options, size, elementCount(answers) / answers.at(-1)!, answers.at(-1)!);
  kindOf(model, options);
  checkWeights(model);
};

/** Shape of the output of one example. */
const outputShapeOf = (model: tfl.LayersModel, inputShape: readonly number[]): number[] =>
  outputShapesFor(model, [null, ...inputShape])[0]!.slice(1) as number[];

const kindOf = (model: tfl.LayersModel, options: CompileOptions): OutputKind => {
  const shape = fixedInputShape('compiler', model, options.inputShape);
  return outputOf(model, options, outputShapeOf(model, shape).at(-1)!);
};

/** Whether the order of a row's outputs is what counts: classes, not values. */
const isClasses = (model: tfl.LayersModel, options: CompileOptions): boolean => {
  const { output } = endsOf(model);
  return endsInClasses(output) && ['logits', 'probabilities'].includes(kindOf(model, options));
};

/**
 * Compiles a trained model into a packed one, and verifies it.
 * @param model sequential or functional, one input and one output; its quantizers are hardened
 * @throws BitgradError `unsupported-op` that names the layer; `verification-failed` when the packed model disagrees or is
 *   less accurate than asked for; `not-finite` that names layer and weight; `invalid-option` for what is no built model,
 *   for unknown options, and for a normalization that is missing or not in units of bytes; `disposed`
 */
export async function compileModel(
  model: tfl.LayersModel,
  options: CompileOptions = {},
): Promise<CompileResult> {
  checkArguments(model, options);
  const { output } = endsOf(model);
  const last = lastFloatDense(output);
  const { lastLayer = 'auto', samples } = options;
  const float = lower(model, options);
  const verified = await verification(model, float.model, options);
  const result: CompileResult = { ...float, agreement: verified.agreement, lastLayer: last ? 'float' : null };
  const asked = lastLayer === 'int8';
  if (!last || !(asked || (lastLayer === 'auto' && samples && isClasses(model, options)))) return result;
  return rounded(model, options, last, verified, result);
}

/** The same model with its last layer in 8 bits, or, unless it was asked for, the float one where that is closer. */
async function rounded(
  model: tfl.LayersModel,
  options: CompileOptions,
  last: string,
  { samples, want, got, agreement }: Verification,
  float: CompileResult,
): Promise<CompileResult> {
  const { tolerance, minAgreement } = options;
  const int8 = lower(model, options, last);
  const engine = [options.engine ?? jsEngine()].flat()[0]!;
  const values = await runOn(engine, int8.model, samples);
  const outputs = { ...got, values };
  const scale = scaleOf(want, isClasses(model, options));
  const cost = roundingCost(outputs, got, scale, tolerance);
  if (options.lastLayer === 'int8') checkRounding(cost, minAgreement, tolerance);
  else if (!cost.agrees.every(Boolean)) return float;
  let figures: ReturnType<typeof measured>;
  try {
    figures = measured(options, outputs, want);
  } catch (error) {
    if (options.lastLayer === 'int8') throw error;
    return float;
  }
  const { maxDifference, relativeDifference, sameRows, rows } = compareOutputs(outputs, want, scale, 0);
  return {
    ...int8,
    agreement: {
      ...agreement,
      argmax: sameRows / rows,
      maxDifference,
      relativeDifference,
      bound: tolerance ?? roundingTolerance,
      ...figures,
    },
    lastLayer: 'int8',
  };
}

/** Lowers a model and encodes it; `int8` names the layer whose kernel is rounded to 8 bits. */
function lower(
  model: tfl.LayersModel,
  options: CompileOptions,
  int8?: string,
): Pick<CompileResult, 'model' | 'bytes' | 'fallbacks'> {
  const { input: type = 'f32', normalization } = options;
  const context: LoweringContext = { builder: createBuilder(), memo: new Map(), fallbacks: [], int8 };
  const packed = withHardened(model, () =>
    tidied(() => lowerModel(model, type, normalization, context, options)),
  );
  const bytes = namingOps(packed.plan, () => encodeModel(packed.plan, packed.weights, packed.metadata));
  return { model: packed, bytes, fallbacks: context.fallbacks };
}

const lowerModel = (
  model: tfl.LayersModel,
  type: 'u8' | 'f32',
  normalization: InputNormalization | undefined,
  context: LoweringContext,
  options: CompileOptions,
): PackedModel => {
  const table = { ...lowerings, ...options.lowerings };
  const { input, output: last } = endsOf(model);
  const shape = fixedInputShape('compiler', model, options.inputShape);
  const { builder, memo } = context;
  const source = builder.buffer(type, shape);
  let value: Value = plainValue(source, type, shape, type === 'u8' ? [0, 255] : undefined);
  if (type === 'u8') value = normalized(value, normalization!);
  const result = evaluate(last, new Map([[input.id, value]]), (layer, inputs) => {
    const lower = table[layer.getClassName()];
    if (!lower)
      return unsupported(
        layer,
        'has no packed form',
        `Use one of ${Object.keys(table).join(', ')}, or pass a lowering for it (option lowerings).`,
      );
    return naming(layer, () => lower(layer, inputs, context));
  });
  const end = materialize(builder, result, memo);
  // A plan has an op: a model that gives out its input copies it.
  const output = end === source ? builder.op({ op: 'reshape', inputs: [source] }, shape) : end;
  return builder.finish(source, output, metadataOf(model, options));
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
    apply: onRows((x) => tf.mul(tf.sub(x, tf.tensor1d([...mean])), tf.tensor1d(std.map((s) => 1 / s)))),
    lowered: [
      { kind: 'affine', affine: centred },
      { kind: 'affine', affine: scaled, apart: true },
    ],
  });
};

const metadataOf = (model: tfl.LayersModel, options: CompileOptions): ModelMetadata => {
  const { metadata, normalization } = options;
  const quantizers = new Set(
    quantLayersOf(model).flatMap((layer) => [...layer.slots.values()].map((s) => s.quantizer.name)),
  );
  return {
    name: model.name,
    producer: '@bitgrad/compiler',
    quantizers: [...quantizers].sort(),
    ...(normalization ? { normalization } : {}),
    ...sizesOf(model, fixedInputShape('compiler', model, options.inputShape)),
    ...metadata,
    output: kindOf(model, options),
  };
};

const sizesOf = (
  model: tfl.LayersModel,
  inputShape: readonly number[],
): Pick<ModelMetadata, 'floatBytes' | 'layers'> => {
  const { layers, total } = summary(model, { inputShape });
  const counted = layers.flatMap(({ name, binaryMacs, floatMacs, floatBytes }) =>
    floatBytes > 0 && binaryMacs !== null && floatMacs !== null
      ? [{ name, binaryMacs, otherMacs: floatMacs, floatBytes }]
      : [],
  );
  return { floatBytes: total.floatBytes, layers: counted };
};
