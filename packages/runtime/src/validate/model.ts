// Validation of weights against the plan, and of metadata.
import { outputKinds, wordsPerRow, type PictureSettings } from '@bitgrad/bits';
import { among, valid } from '../fail.js';
import { limitsFrom, type Limits } from '../limits.js';
import type { ModelMetadata, PackedModel } from '../model.js';
import type { Plan, TensorData, WeightSpec } from '../plan.js';
import { finite, integer, integers, list, record, text } from './fields.js';
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
 * Checks the contents of the weights of a valid plan.
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
  plan.weights.forEach((spec, i) => {
    const at = `weights[${i}]`;
    const data = weights[i];
    const length = storageLength(spec.type, spec.shape);
    valid(
      isStorage(spec.type, data) && data.length === length,
      at,
      data?.constructor.name,
      `the typed array of ${spec.type}, length ${length}`,
    );
    if (spec.type === 'bits') checkTail(data as Uint32Array, spec, at);
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

/** What a metadata field may be: text, a count, a finite or positive number, any object, a list of one kind, or fields. */
export type Kind =
  | 'text'
  | 'count'
  | 'finite'
  | 'positive'
  | 'object'
  | 'picture'
  | 'output'
  | readonly [Kind]
  | { readonly [field: string]: Kind };

/** The fields of metadata and what each may be. */
export const metadataFields: { readonly [Field in keyof ModelMetadata]-?: Kind } = {
  name: 'text',
  classes: ['text'],
  output: 'output',
  normalization: { mean: ['finite'], std: ['positive'] },
  picture: 'picture',
  quantizers: ['text'],
  floatBytes: 'count',
  layers: [{ name: 'text', binaryMacs: 'count', otherMacs: 'count', floatBytes: 'count' }],
  producer: 'text',
  extra: 'object',
};

/** Settings in full; what this version does not know is left out, as of all metadata. */
function picture(
  { fit, background, invert }: Readonly<Record<string, unknown>>,
  at: string,
): PictureSettings {
  among(fit, `${at}.fit`, fits);
  valid(typeof invert === 'boolean', `${at}.invert`, invert, 'true or false');
  const colour = integers(background, `${at}.background`, [3, 3], [0, 255]);
  return {
    fit: fit as PictureSettings['fit'],
    background: colour as unknown as PictureSettings['background'],
    invert,
  };
}

const fits: readonly unknown[] = ['cover', 'contain', 'stretch'];

function read(value: unknown, at: string, kind: Kind): unknown {
  if (kind === 'text') return text(value, at);
  if (kind === 'count') return integer(value ?? 0, at, 0, Number.MAX_SAFE_INTEGER);
  if (kind === 'object') return record(value, at);
  if (kind === 'output') {
    among(value, at, outputKinds);
    return value;
  }
  if (kind === 'picture') return picture(record(value, at), at);
  if (kind === 'finite' || kind === 'positive') {
    valid(kind === 'finite' || (value as number) > 0, at, value, 'a positive number');
    return finite(value, at);
  }
  if (Array.isArray(kind))
    return list(value, at, 0, 2 ** 20).map((entry, i) => read(entry, `${at}[${i}]`, kind[0] as Kind));
  const source = record(value, at);
  return Object.fromEntries(
    Object.entries(kind).map(([field, inner]) => [field, read(source[field], `${at}.${field}`, inner)]),
  );
}

/**
 * Checks metadata and returns a copy with only the known fields; `extra` is passed on as it is.
 * @throws BitgradError `invalid-file`, `limit-exceeded`
 */
export function validateMetadata(value: unknown): ModelMetadata {
  const source = record(value, 'metadata');
  const metadata: Record<string, unknown> = {};
  for (const [field, kind] of Object.entries(metadataFields))
    if (source[field] !== undefined) metadata[field] = read(source[field], `metadata.${field}`, kind);
  return metadata;
}

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
