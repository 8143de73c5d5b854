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
  type Op,
  type PackedModel,
} from '@bitgrad/runtime';
import { createBuilder } from './packing/builder.js';
import { materialize } from './packing/emit.js';
import { firstFloatConv } from './first-layer.js';
import { endsOf, evaluate } from './graph.js';
import { checkWeights } from './check-model.js';
import { compareOutputs, scaleOf } from './packing/differences.js';
import { checkRounding, endsInClasses, lastFloatDense, roundingCost, roundingTolerance } from './int8.js';
import { naming, namingOps } from './naming.js';
import { checkNormalization } from './normalization.js';
import { outputOf } from './output.js';
import { onRows, tidied } from './tidy.js';
import { unsupported, type Lowering, type LoweringContext, type Rounding } from './lower/context.js';
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
  /**
   * What a float convolution at the start becomes, with bytes as input: `float` (default); `integers`, exact sums of bytes with
   * weights of 15 bits, several times as fast, off by the rounding of the weights, at most `tolerance` (then 0.05 by default);
   * `auto`: integers under the conditions of `lastLayer`, and where normalization and padding have integers.
   */
  readonly firstLayer?: 'auto' | 'float' | 'integers';
  /** Lowerings of further layer classes. */
  readonly lowerings?: Readonly<Record<string, Lowering>>;
}

/** What {@link compileModel} gives. */
export interface CompileResult {
  readonly model: PackedModel;
  /** The `.bitgrad` file. */
  readonly bytes: Uint8Array;
  readonly agreement: Agreement;
  /** What the float convolution of bytes at the start became; null when the model has none. */
  readonly firstLayer: 'float' | 'integers' | null;
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
  firstLayer: option.oneOf('auto', 'float', 'integers'),
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
  const { input, output } = endsOf(model);
  const { samples, firstLayer = 'float', lastLayer = 'auto' } = options;
  const [first, last] = [
    options.input === 'u8' ? firstFloatConv(input, output) : undefined,
    lastFloatDense(output),
  ];
  if (firstLayer === 'integers' && !first)
    throw noIntegers(model, 'no float convolution of bytes begins the model');
  const float = lower(model, options, {});
  const verified = await verification(model, float.model, options);
  let result: CompileResult = {
    ...float,
    agreement: verified.agreement,
    firstLayer: first ? 'float' : null,
    lastLayer: last ? 'float' : null,
  };
  const wanted = (option: string): boolean =>
    option === 'auto' ? samples !== undefined && isClasses(model, options) : option !== 'float';
  if (first && wanted(firstLayer))
    result = await rounded(model, options, 'firstLayer', { integers: first }, verified, result);
  if (last && wanted(lastLayer)) {
    const rounding = { int8: last, ...(result.firstLayer === 'integers' && { integers: first! }) };
    result = await rounded(model, options, 'lastLayer', rounding, verified, result);
  }
  return result;
}

const noIntegers = (model: tfl.LayersModel, got: string): BitgradError =>
  new BitgradError({
    code: 'unsupported-op',
    source: 'compiler',
    what: `first layer of model "${model.name}" in integers`,
    got,
    expected:
      "input: 'u8', a convolution without quantizers on it, and one normalization for all channels that padding has an integer in",
    next: "Use firstLayer: 'auto' or 'float'.",
  });

/** The same model with one layer more rounded, or, unless that was asked for, the one before where that is closer. */
async function rounded(
  model: tfl.LayersModel,
  options: CompileOptions,
  option: 'firstLayer' | 'lastLayer',
  rounding: Rounding,
  { samples, want, got, agreement }: Verification,
  before: CompileResult,
): Promise<CompileResult> {
  const { tolerance, minAgreement } = options;
  const asked = options[option] !== 'auto' && options[option] !== undefined;
  const packed = lower(model, options, rounding);
  const planes = ({ op, name }: Op): boolean => op === 'add' && name === rounding.integers;
  if (option === 'firstLayer' && !packed.model.plan.ops.some(planes)) {
    if (asked)
      throw noIntegers(model, 'padding or normalization have no integers, or the sums no room in 32 bits');
    return before;
  }
  const engine = [options.engine ?? jsEngine()].flat()[0]!;
  const values = await runOn(engine, packed.model, samples);
  const outputs = { ...got, values };
  const scale = scaleOf(want, isClasses(model, options));
  const cost = roundingCost(outputs, got, scale, tolerance);
  if (asked) checkRounding(option, cost, minAgreement, tolerance);
  else if (!cost.agrees.every(Boolean)) return before;
  let figures: ReturnType<typeof measured>;
  try {
    figures = measured(options, outputs, want);
  } catch (error) {
    if (asked) throw error;
    return before;
  }
  const { maxDifference, relativeDifference, sameRows, rows } = compareOutputs(outputs, want, scale, 0);
  return {
    ...packed,
    agreement: {
      ...agreement,
      argmax: sameRows / rows,
      maxDifference,
      relativeDifference,
      bound: tolerance ?? roundingTolerance,
      ...figures,
    },
    firstLayer: option === 'firstLayer' ? 'integers' : before.firstLayer,
    lastLayer: option === 'lastLayer' ? 'int8' : before.lastLayer,
  };
}

/** Lowers a model and encodes it; `rounding` names the layers whose kernels are rounded. */
function lower(
  model: tfl.LayersModel,
  options: CompileOptions,
  rounding: Rounding,
): Pick<CompileResult, 'model' | 'bytes' | 'fallbacks'> {
  const { input: type = 'f32', normalization } = options;
  const context: LoweringContext = { builder: createBuilder(), memo: new Map(), fallbacks: [], rounding };
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
