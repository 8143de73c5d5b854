// Validation of a plan that nobody trusts: it is read field by field into a fresh plan of known fields, so that
// what comes out satisfies every invariant of plan.ts and carries nothing else.
import { among, check, failure, limited, valid } from '../fail.js';
import { defaultLimits, type Limits } from '../limits.js';
import {
  planVersion,
  type BufferSpec,
  type ElementType,
  type Op,
  type OpName,
  type Plan,
  type WeightSpec,
} from '../plan.js';
import { needSpec, type Need, type OpDefinition } from '../ops/define.js';
import { ops } from '../ops/index.js';
import { elementCount, storageBytes } from '../tensors.js';
import { integer, integers, list, record, text } from './fields.js';

const elementTypes: readonly ElementType[] = ['bits', 'u8', 'i8', 'i32', 'f32'];

function spec(value: unknown, at: string, types: readonly ElementType[], limits: Limits): WeightSpec {
  const { type, shape } = record(value, at);
  among(type, `${at}.type`, types);
  const sizes = integers(shape, `${at}.shape`, [1, 4], [1, limits.elements]);
  const count = elementCount(sizes);
  limited(`elements of ${at}`, count, limits.elements);
  return { type: type as ElementType, shape: sizes };
}

/** Any definition, as the walk over a plan uses it. */
const definitions = ops as Readonly<Record<OpName, OpDefinition>>;

/**
 * Checks a plan and returns a copy that has only the fields of plan.ts.
 * @param value anything, for example parsed JSON
 * @throws BitgradError `invalid-file` naming the field, `unsupported-op` for an op or plan version that this
 *   runtime does not know, `overflow` for accumulators that could exceed 32 bits, `limit-exceeded`
 */
export function validatePlan(value: unknown, limits: Limits = defaultLimits): Plan {
  const plan = record(value, 'plan');
  const version = integer(plan.version, 'plan.version', 1, 2 ** 31);
  if (version > planVersion)
    throw failure('unsupported-op', {
      what: 'plan.version',
      got: version,
      expected: `at most ${planVersion}`,
      next: 'Update @bitgrad/runtime, or compile the model again.',
    });
  const buffers = list(plan.buffers, 'plan.buffers', 2, limits.ops, 'limit-exceeded').map(
    (entry, i) => spec(entry, `plan.buffers[${i}]`, ['bits', 'u8', 'i32', 'f32'], limits) as BufferSpec,
  );
  const memory = buffers.reduce((sum, { type, shape }) => sum + storageBytes(type, shape), 0);
  limited('bytes of plan.buffers', memory, limits.memoryBytes);
  const weights = list(plan.weights, 'plan.weights', 0, limits.ops, 'limit-exceeded').map((entry, i) =>
    spec(entry, `plan.weights[${i}]`, elementTypes, limits),
  );
  const input = integer(plan.input, 'plan.input', 0, buffers.length - 1);
  const output = integer(plan.output, 'plan.output', 0, buffers.length - 1);
  among(buffers[input]!.type, 'type of plan.input', ['u8', 'f32']);
  among(buffers[output]!.type, 'type of plan.output', ['f32', 'i32']);

  const written = new Set([input]);
  let operations = 0;
  const checked = list(plan.ops, 'plan.ops', 1, limits.ops, 'limit-exceeded').map((entry, i): Op => {
    const source = record(entry, `plan.ops[${i}]`);
    const name = text(source.op, `plan.ops[${i}].op`, 64) as OpName;
    check(
      Object.hasOwn(definitions, name),
      'unsupported-op',
      `plan.ops[${i}].op`,
      name,
      Object.keys(definitions).join(', '),
      'Update @bitgrad/runtime, or compile the model again.',
    );
    const { inputs: arity = [1, 1], weights: names = [], attributes = {}, rule } = definitions[name];
    const at = `plan.ops[${i}] (${name})`;
    const op: Record<string, unknown> = { op: name };
    if (source.name !== undefined) op.name = text(source.name, `${at}.name`);
    const inputs = integers(source.inputs, `${at}.inputs`, arity, [0, buffers.length - 1]);
    inputs.forEach((buffer, j) =>
      valid(written.has(buffer), `${at}.inputs[${j}]`, buffer, 'a buffer that an earlier op wrote'),
    );
    op.inputs = inputs;
    const used = integers(
      source.weights ?? [],
      `${at}.weights`,
      [names.length, names.length],
      [0, weights.length - 1],
    );
    if (names.length > 0) op.weights = used;
    const target = integer(source.output, `${at}.output`, 0, buffers.length - 1);
    valid(!written.has(target), `${at}.output`, target, 'a buffer that nothing wrote before');
    written.add(target);
    op.output = target;
    const x = inputs.map((buffer) => buffers[buffer]!);
    const rank = x[0]?.shape.length ?? 0;
    for (const [attribute, { read, fallback }] of Object.entries(attributes)) {
      const { [attribute]: value = fallback } = source;
      op[attribute] = read(value, `${at}.${attribute}`, rank, limits.elements);
    }
    const out = buffers[target]!;
    const need: Need = (ok, field, got, expected, code = 'invalid-file') =>
      check(ok, code, `${at}.${field}`, got, expected);
    const { type, shape, cost } = rule({
      a: op,
      x,
      w: used.map((weight) => weights[weight]!),
      out,
      need,
    });
    needSpec(need, 'output', out, type, shape);
    // Levels are moved one by one where rows do not begin at words.
    operations += Math.max(cost ?? 0, elementCount(shape) * (type === 'bits' ? 8 : 1));
    return op as unknown as Op;
  });
  limited('operations of one inference', operations, limits.operations);
  valid(written.has(output), 'plan.output', output, 'a buffer that an op writes');
  valid(
    written.size === buffers.length,
    'plan.buffers',
    `${buffers.length} buffers`,
    `${written.size}, one for the input and each op`,
  );
  valid(output !== input, 'plan.output', output, 'another buffer than the input');
  return { version, input, output, buffers, weights, ops: checked };
}
