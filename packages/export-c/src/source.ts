// The .c file: constants, functions for each stage, and the function that runs them.
import { elementCount, type Op, type PackedModel, type Plan } from '@bitgrad/runtime';
import { arrange, type Arrangement } from './arrange.js';
import { createArrays, type Arrays, type Place } from './context.js';
import { helperTexts } from './helpers.js';
import { placeMemory, type Memory } from './memory.js';
import { sumBound, type ProductOp } from './ops/products.js';
import { groupText, opName, type Writer } from './stages.js';
import { commentText, indented } from './text.js';
import { publicType, typeOf } from './values.js';

/** A .c file. */
export interface Source {
  readonly text: string;
  /** Bytes of the block of memory that it has. */
  readonly arenaBytes: number;
}

/** Finds where each buffer is; constants are declared when they are first read. */
function placesOf({ plan, weights }: PackedModel, arranged: Arrangement, memory: Memory, arrays: Arrays) {
  const constants = new Map<number, string>();
  return (buffer: number): Place => {
    const spec = plan.buffers[buffer]!;
    const of = arranged.root[buffer]!;
    const whole = (pointer: string): Place => ({ ...spec, pointer, span: 'whole' });
    if (of === plan.input) return whole('input');
    if (of === plan.output) return whole('output');
    const weight = arranged.constant.get(of);
    if (weight !== undefined) {
      const type = typeOf(plan.weights[weight]!);
      if (!constants.has(of)) constants.set(of, arrays.declare(type, `constant_${of}`, Array.from(weights[weight]!))); // prettier-ignore
      return whole(constants.get(of)!);
    }
    const how = arranged.streamed.get(of);
    const pointer = `MEMORY(${typeOf(spec)}, ${memory.buffers.get(of)})`;
    return { ...spec, pointer, span: how === 'lines' ? { ring: memory.rings.get(of)! } : (how ?? 'whole') };
  };
}

/** Largest magnitude of what a product made. */
function sumsOf(plan: Plan, buffer: number): number | undefined {
  if (plan.buffers[buffer]!.type !== 'i32') return undefined;
  const op = plan.ops.find(({ output }) => output === buffer);
  if (!op || !['conv', 'depthwise', 'dense'].includes(op.op)) return undefined;
  return sumBound(op as ProductOp, plan.buffers[op.inputs[0]!]!, plan.weights[op.weights![0]!]!);
}

/** Everything that an op's C is made from. */
function createWriter(
  model: PackedModel,
  arranged: Arrangement,
  memory: Memory,
  arrays: Arrays,
  helpers: Set<string>,
): Writer {
  // prettier-ignore
  const { plan, weights } = model;
  const place = placesOf(model, arranged, memory, arrays);
  return {
    plan,
    context(index, y, row) {
      const op: Op = plan.ops[index]!;
      const sums = op.inputs.length > 0 ? sumsOf(plan, op.inputs[0]!) : undefined;
      return {
        op,
        x: op.inputs.map(place),
        out: place(op.output),
        y,
        row,
        ...(sums !== undefined && { sums }),
        scratch: `MEMORY(u32, ${memory.scratch.get(index) ?? 0})`,
        weight: (i) => ({ spec: plan.weights[op.weights![i]!]!, data: weights[op.weights![i]!]! }),
        array: (type, suffix, values) => arrays.declare(type, `${opName(op, index)}_${suffix}`, values),
        use: (...names) => names.forEach((helper) => helpers.add(helper)),
      };
    },
  };
}

const head = `/* Sums and products are rounded apart, as every engine of the model rounds them. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize ("fp-contract=off")
#endif

/* Values of different types take turns in one block of memory. */
#if defined(__GNUC__)
#define ALIAS __attribute__((__may_alias__))
#else
#define ALIAS
#endif
typedef uint16_t ALIAS u16;
typedef uint32_t ALIAS u32;
typedef int32_t ALIAS i32;
typedef float ALIAS f32;
`;

const memoryText = (name: string): string =>
  `static uint32_t memory[${name.toUpperCase()}_ARENA_BYTES / 4];
#define MEMORY(type, at) ((type *)(void *)((unsigned char *)memory + (at)))`;

/**
 * Writes the .c file of a valid model.
 * @param name prefix of its public names; @param header name of the .h file; @param sound what hears, or ''
 */
export function sourceText(model: PackedModel, name: string, header: string, sound: string): Source {
  const { plan, metadata } = model;
  const arranged = arrange(plan);
  const memory = placeMemory(model, arranged);
  const arrays = createArrays();
  const helpers = new Set<string>();
  const writer = createWriter(model, arranged, memory, arrays, helpers);
  const groups = arranged.groups.map((group, i) => groupText(writer, group, i + 1));
  const functions = groups.flatMap((group) => group.functions).join('\n');
  const shared = helperTexts(helpers);
  const counters = groups.flatMap((group) => group.counters);
  const [from, to] = [plan.buffers[plan.input]!, plan.buffers[plan.output]!];
  const text = [
    `/* ${commentText(metadata.name ?? 'model')}: a packed network. ${elementCount(from.shape)} numbers in, ${elementCount(to.shape)} out. */`,
    `#include "${header}"`,
    ...(/mem(set|cpy|move)\(/.test(functions + shared.join('') + sound) ? ['#include <string.h>'] : []),
    ...(helpers.has('sqrtf') ? ['#include <math.h>'] : []),
    '',
    head,
    ...(functions.includes('MEMORY(') ? [memoryText(name)] : []),
    `static const ${typeOf(from)} *input;`,
    `static ${typeOf(to)} *output;`,
    ...(counters.length > 0 ? [`static int ${counters.join(', ')};`] : []),
    '',
    ...shared,
    ...arrays.texts,
    functions,
    indented([
      `int ${name}_run(const ${publicType(from)} *x, ${publicType(to)} *y)`,
      '{',
      'if (!x || !y) return -1;',
      'input = x;',
      'output = y;',
      ...(counters.length > 0 ? [`${counters.join(' = ')} = 0;`] : []),
      ...groups.map(({ call }) => call),
      'return 0;',
      '}',
      '',
    ]),
    ...(sound ? [sound] : []),
  ].join('\n');
  return { text, arenaBytes: Math.max(4, memory.bytes) };
}
