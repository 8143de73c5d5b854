// Validation of weights against the plan, and of metadata.
import { outputKinds, soundFields, unknownOption, wordsPerRow } from '@bitgrad/bits';
import { valid } from '../fail.js';
import { limitsFrom, type Limits } from '../limits.js';
import type { ModelMetadata, PackedModel } from '../model.js';
import type { Plan, TensorData, WeightSpec } from '../plan.js';
import { finite, integer, integers, list, oneOf, record, text } from './fields.js';
import { channelCount, expectPlan, isStorage, storageLength } from '../tensors.js';
import { validatePlan } from './plan.js';

/** Unused high bits of every packed row are 0; engines rely on it. */
function checkTail(words: Uint32Array, { shape }: WeightSpec, at: string): void {
  const c = channelCount(shape);
  if (c % 32 === 0) return;
  const stride = wordsPerRow(c);
  for (let i = stride - 1; i < words.length; i += stride)
    valid(words[i]! >>> (c % 32) === 0, `unused bits of ${at}, word ${i}`, words[i], 'zeros');
}

const allFinite = (values: Float32Array): boolean => values.every(Number.isFinite);

/**
 * Checks the contents of the weights of a valid plan, typed arrays of the lengths that it says.
 * @throws BitgradError `invalid-file`
 */
export function validateContents(plan: Plan, weights: readonly TensorData[]): void {
  plan.weights.forEach((spec, i) => {
    if (spec.type === 'bits') checkTail(weights[i] as Uint32Array, spec, `weights[${i}]`);
  });
  plan.ops.forEach(({ op, weights: used = [] }, i) => {
    const first = weights[used[0]!];
    const at = `plan.ops[${i}] (${op}).weights[0]`;
    if (op === 'conv' || op === 'depthwise' || op === 'dense')
      valid(!(first instanceof Float32Array) || allFinite(first), at, 'NaN or infinity', 'finite numbers');
    if (op === 'quantize')
      valid(
        (first as Float32Array).every((t, j, all) => t >= (all[j - 1] ?? -Infinity)),
        at,
        'an unsorted list',
        'nondecreasing numbers',
      );
  });
}

/**
 * Checks weights that were made in memory, their arrays and contents, against a valid plan.
 * @throws BitgradError `invalid-file`
 */
export function validateWeights(plan: Plan, weights: readonly TensorData[]): void {
  expectPlan(plan);
  valid(Array.isArray(weights), 'weights', weights ?? 'nothing', 'a list of typed arrays');
  valid(
    weights.length === plan.weights.length,
    'number of weights',
    weights.length,
    `${plan.weights.length}`,
  );
  plan.weights.forEach(({ type, shape }, i) => {
    const data = weights[i];
    const length = storageLength(type, shape);
    valid(
      isStorage(type, data) && data.length === length,
      `weights[${i}]`,
      data?.constructor.name,
      `the typed array of ${type}, length ${length}`,
    );
  });
  validateContents(plan, weights);
}

/** Reads a part of metadata; what this version does not know is left out, or `strict`ly refused. */
type Reader = (value: unknown, at: string, strict?: boolean) => unknown;

const many =
  (entry: Reader): Reader =>
  (value, at, strict) =>
    list(value, at, 0, 2 ** 20).map((one, i) => entry(one, `${at}[${i}]`, strict));

/** Named fields, all of them unless `optional`. */
const fields =
  (readers: Readonly<Record<string, Reader>>, optional = false): Reader =>
  (value, at, strict) => {
    const source = record(value, at);
    const known = Object.keys(readers);
    const unknown = Object.keys(source).find((field) => !known.includes(field));
    if (strict && unknown !== undefined) throw unknownOption('runtime', at, unknown, known);
    return Object.fromEntries(
      known
        .filter((field) => !optional || source[field] !== undefined)
        .map((field) => [field, readers[field]!(source[field], `${at}.${field}`, strict)]),
    );
  };

const name: Reader = (value, at) => text(value, at);
const count: Reader = (value, at) => integer(value ?? 0, at, 0, Number.MAX_SAFE_INTEGER);
const size: Reader = (value, at) => integer(value, at, 1, 2 ** 20);
const positive: Reader = (value, at) => {
  valid((value as number) > 0, at, value, 'a positive number');
  return finite(value, at);
};

const metadataFields: { readonly [Field in keyof ModelMetadata]-?: Reader } = {
  name,
  classes: many(name),
  output: oneOf(...outputKinds),
  normalization: fields({ mean: many(finite), std: many(positive) }),
  picture: fields({
    fit: oneOf('cover', 'contain', 'stretch'),
    background: (value, at) => integers(value, at, [3, 3], [0, 255]),
    invert: oneOf(true, false),
  }),
  // Whether they fit together, soundInput asks: every page reads metadata, and few listen.
  sound: fields(
    Object.fromEntries(
      Object.entries(soundFields).map(([field, kind]) => [
        field,
        kind === 'integer' ? size : kind === 'number' ? finite : oneOf(...kind),
      ]),
    ),
  ),
  quantizers: many(name),
  floatBytes: count,
  layers: many(fields({ name, binaryMacs: count, otherMacs: count, floatBytes: count })),
  producer: name,
  extra: record,
};
const readMetadata = fields(metadataFields, true);

/**
 * Checks metadata and returns a copy with only the known fields; `extra` is passed on as it is.
 * @param strict refuses unknown fields
 * @throws BitgradError `invalid-file`, `limit-exceeded`; `invalid-option` for unknown fields
 */
export const validateMetadata = (value: unknown, strict = false): ModelMetadata =>
  readMetadata(value, 'metadata', strict) as ModelMetadata;

/**
 * Checks a model made in memory, as `decodeModel` checks one from a file.
 * @returns a model with a clean plan and metadata and the same weight arrays
 * @throws BitgradError `invalid-file`, `unsupported-op`, `overflow`, `limit-exceeded`
 */
export function validateModel(model: PackedModel, limits: Partial<Limits> = {}): PackedModel {
  const { plan: given, weights, metadata } = record(model, 'model') as unknown as PackedModel;
  const plan = validatePlan(given, limitsFrom(limits));
  validateWeights(plan, weights);
  return { plan, weights, metadata: validateMetadata(metadata) };
}
