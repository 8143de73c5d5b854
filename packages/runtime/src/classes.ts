// From a model's output to classes and their probabilities, by what the output is.
import { checkValue, option, outputKinds, type OutputKind } from '@bitgrad/bits';
import type { OutputArray } from './engine.js';
import { check, failure } from './fail.js';
import type { ModelMetadata } from './model.js';
import type { BufferSpec } from './plan.js';

/** One class of a prediction. */
export interface ClassScore {
  index: number;
  /** From the model's class names, else the index. */
  name: string;
  /** 0 to 1; they add up to 1 except those of several `sigmoid` outputs, which are independent. */
  probability: number;
}

/** What {@link topClasses} needs to know about a model; a loaded `Model` has it. */
export interface ClassSource {
  metadata?: Pick<ModelMetadata, 'classes' | 'output'>;
  output?: BufferSpec;
}

interface Known {
  readonly names: readonly string[];
  readonly kind?: OutputKind;
  /** Outputs of a row, where known. */
  readonly width?: number;
}

const passModel =
  'Pass the model in place of its class names: topClasses(output, model); of a file that does not tell, ' +
  "{ metadata: { classes, output: 'sigmoid' | 'probabilities' | 'logits' } }.";

function knownOf(of: readonly string[] | ClassSource | ModelMetadata): Known {
  if (Array.isArray(of)) return { names: of as readonly string[] };
  check(typeof of === 'object' && of !== null, 'invalid-option', 'model of topClasses', of, 'what loadModel gives, or class names'); // prettier-ignore
  const { metadata = {}, output } =
    'metadata' in of ? (of as ClassSource) : { metadata: of as ModelMetadata };
  const { classes = [], output: kind } = metadata ?? {};
  const listed = typeof metadata === 'object' && metadata !== null && Array.isArray(classes);
  check(
    listed,
    'invalid-option',
    'metadata of the model of topClasses',
    metadata,
    'metadata with class names',
  );
  checkValue('runtime', 'metadata.output of topClasses', kind, option.oneOf(...outputKinds));
  return { names: classes, kind, width: output?.shape?.[output.shape.length - 1] };
}

/** Whether a softmax was taken already: numbers of 0 to 1 whose sum is 1, as logits have it by chance only. */
const looksNormalized = (values: readonly number[]): boolean =>
  values.every((v) => v >= 0) && Math.abs(values.reduce((sum, v) => sum + v, 0) - 1) < 1e-4;

function softmax(values: readonly number[]): number[] {
  // Not Math.max(...values): as many arguments as outputs overflow the stack.
  const max = values.reduce((a, b) => Math.max(a, b));
  const powers = values.map((v) => Math.exp(v - max));
  const total = powers.reduce((sum, v) => sum + v, 0);
  return powers.map((power) => power / total);
}

/** Probabilities of both classes of one output, the second where it is 1. */
const ofOne = (value: number, kind: OutputKind | undefined): number[] => {
  check(kind !== undefined, 'invalid-option', 'one output of a kind that nobody tells', value, 'metadata.output', passModel); // prettier-ignore
  const p = kind === 'logits' ? 1 / (1 + Math.exp(-value)) : value;
  return [1 - p, p];
};

/** @throws BitgradError `shape-mismatch`, `not-finite` */
function checkRow(values: readonly number[], { names, width = values.length }: Known): void {
  const n = values.length;
  check(
    n > 0 && n === width,
    'shape-mismatch',
    'outputs given to topClasses',
    n,
    `${width || 'at least 1'}, one row of the model's output`,
    `Of several examples, pixels or tokens pass one row, as output.subarray(i * ${width}, (i + 1) * ${width}).`,
  );
  check(
    names.length === 0 || names.length === n || (n === 1 && names.length === 2),
    'shape-mismatch',
    'number of class names',
    names.length,
    `${n}, one for each output`,
  );
  const at = values.findIndex((v) => !Number.isFinite(v));
  check(at < 0, 'not-finite', `output ${at}`, values[at], 'finite numbers');
}

/**
 * The most probable classes of one row of outputs (an example; a pixel or a token where the output has positions), best
 * first: the softmax of logits; probabilities as they are; both classes of one `sigmoid` output, each by itself of several.
 * @param output numbers along the last axis, one for each class
 * @param of the loaded model (or its metadata), which tells class names and what the output is; or only names, of logits
 * @param top how many (default 5)
 * @throws BitgradError `incompatible` for a model of values (regression), which has no classes; `not-finite`;
 *   `shape-mismatch`; `invalid-option` where only names are given for what are no logits
 */
export function topClasses(
  output: OutputArray | readonly number[],
  of: readonly string[] | ClassSource | ModelMetadata = [],
  top = 5,
): ClassScore[] {
  checkValue('runtime', 'top of topClasses', top, option.integer(1));
  check(Array.isArray(output) || ArrayBuffer.isView(output), 'invalid-option', 'output given to topClasses', output ?? String(output), 'what predict gives'); // prettier-ignore
  const known = knownOf(of);
  const { kind } = known;
  if (kind === 'regression')
    throw failure('incompatible', {
      what: 'topClasses of a model whose output is "regression": its values have no classes',
      next: "Read the values themselves; of scores of classes, compile with output: 'logits'.",
    });
  const values = Array.from(output as ArrayLike<number>);
  checkRow(values, known);
  check(
    kind !== undefined || output instanceof Int32Array || values.length === 1 || !looksNormalized(values),
    'invalid-option',
    'outputs given to topClasses without a model',
    values.slice(0, 4),
    'logits; these are probabilities already',
    passModel,
  );
  const probabilities =
    values.length === 1 && kind !== 'probabilities'
      ? ofOne(values[0]!, kind)
      : (kind ?? 'logits') === 'logits'
        ? softmax(values)
        : values;
  const [name] = known.names;
  const names = known.names.length < probabilities.length && name ? [`not ${name}`, name] : known.names;
  return probabilities
    .map((probability, index) => ({ index, name: names[index] ?? String(index), probability }))
    .sort((a, b) => b.probability - a.probability || a.index - b.index)
    .slice(0, top);
}
