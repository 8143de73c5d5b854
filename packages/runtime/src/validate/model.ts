// Validation of weights against the plan, and of metadata.
import { wordsPerRow } from '@bitgrad/bits';
import { check } from '../fail.js';
import { defaultLimits, type Limits } from '../limits.js';
import type { LayerInfo, ModelMetadata, PackedModel } from '../model.js';
import type { Plan, TensorData, WeightSpec } from '../plan.js';
import { channelCount, isStorage, storageLength } from '../tensors.js';
import { finite, integer, list, record, text } from './fields.js';
import { validatePlan } from './plan.js';

/** Unused high bits of every packed row are 0; engines rely on it. */
function checkTail(words: Uint32Array, { shape }: WeightSpec, at: string): void {
  const c = channelCount(shape);
  if (c % 32 === 0) return;
  const stride = wordsPerRow(c);
  for (let i = stride - 1; i < words.length; i += stride)
    check(words[i]! >>> (c % 32) === 0, 'invalid-file', `unused bits of ${at}, word ${i}`, words[i], 'zeros');
}

const allFinite = (values: Float32Array): boolean => values.every(Number.isFinite);

/**
 * Checks the contents of the weights of a valid plan.
 * @throws BitgradError `invalid-file`
 */
export function validateWeights(plan: Plan, weights: readonly TensorData[]): void {
  check(
    weights.length === plan.weights.length,
    'invalid-file',
    'number of weights',
    weights.length,
    `${plan.weights.length}`,
  );
  plan.weights.forEach((spec, i) => {
    const at = `weights[${i}]`;
    const data = weights[i];
    const length = storageLength(spec.type, spec.shape);
    check(
      isStorage(spec.type, data) && data.length === length,
      'invalid-file',
      at,
      data?.constructor.name,
      `the typed array of ${spec.type}, length ${length}`,
    );
    if (spec.type === 'bits') checkTail(data as Uint32Array, spec, at);
  });
  plan.ops.forEach(({ op, weights: used = [] }, i) => {
    const first = weights[used[0]!];
    const at = `weight 0 of plan.ops[${i}] (${op})`;
    if (op === 'conv' || op === 'depthwise' || op === 'dense')
      check(
        !(first instanceof Float32Array) || allFinite(first),
        'invalid-file',
        at,
        'NaN or infinity',
        'finite numbers',
      );
    if (op === 'quantize')
      check(
        (first as Float32Array).every((t, j, all) => t >= (all[j - 1] ?? -Infinity)),
        'invalid-file',
        at,
        'an unsorted list',
        'nondecreasing numbers',
      );
  });
}

const layer = (value: unknown, at: string): LayerInfo => {
  const { name, ...counts } = record(value, at);
  const count = (field: string): number =>
    integer(counts[field], `${at}.${field}`, 0, Number.MAX_SAFE_INTEGER);
  return {
    name: text(name, `${at}.name`),
    binaryMacs: count('binaryMacs'),
    otherMacs: count('otherMacs'),
    floatBytes: count('floatBytes'),
  };
};

const most = 2 ** 20;

const readers: { [Field in keyof ModelMetadata]-?: (value: unknown, at: string) => ModelMetadata[Field] } = {
  name: text,
  classes: (v, at) => list(v, at, 1, most).map((entry, i) => text(entry, `${at}[${i}]`)),
  normalization: (v, at) => {
    const { mean, std } = record(v, at);
    const numbers = (value: unknown, field: string) =>
      list(value, field, 1, most).map((entry, i) => finite(entry, `${field}[${i}]`));
    const deviations = numbers(std, `${at}.std`);
    deviations.forEach((s, i) => check(s > 0, 'invalid-file', `${at}.std[${i}]`, s, 'a positive number'));
    return { mean: numbers(mean, `${at}.mean`), std: deviations };
  },
  quantizers: (v, at) => list(v, at, 0, most).map((entry, i) => text(entry, `${at}[${i}]`)),
  floatBytes: (v, at) => integer(v, at, 0, Number.MAX_SAFE_INTEGER),
  layers: (v, at) => list(v, at, 0, most).map((entry, i) => layer(entry, `${at}[${i}]`)),
  producer: text,
  extra: record,
};

/**
 * Checks metadata and returns a copy with only the known fields; `extra` is passed on as it is.
 * @throws BitgradError `invalid-file`, `limit-exceeded`
 */
export function validateMetadata(value: unknown): ModelMetadata {
  const source = record(value, 'metadata');
  const metadata: Record<string, unknown> = {};
  for (const [field, read] of Object.entries(readers))
    if (source[field] !== undefined) metadata[field] = read(source[field], `metadata.${field}`);
  return metadata;
}

/**
 * Checks a model made in memory, as `decodeModel` checks one from a file.
 * @returns a model with a clean plan and metadata and the same weight arrays
 * @throws BitgradError `invalid-file`, `unsupported-op`, `overflow`, `limit-exceeded`
 */
export function validateModel(model: PackedModel, limits: Limits = defaultLimits): PackedModel {
  const plan = validatePlan(model.plan, limits);
  validateWeights(plan, model.weights);
  return { plan, weights: model.weights, metadata: validateMetadata(model.metadata) };
}
