// Elementwise and rowwise ops, from their expressions.
import { inputsOf, type Expression } from '@bitgrad/bits';
import { channelCount, opDefinitions, rowOf, valueOf, type AddOp, type ElementwiseOp, type RowwiseOp } from '@bitgrad/runtime'; // prettier-ignore
import { operandRow, outputRow, type Context, type OpText, type Place } from '../context.js';
import { expressionText } from '../expression.js';
import { elementOf, typeOf } from '../values.js';

/** An element as a float. */
const asFloat = (place: Place, row: string): string =>
  place.type === 'f32' ? `${row}[c]` : `(float)${elementOf(place, row, 'c')}`;

/** Constant arrays of the weights by name, and the expressions of their elements. */
function weightNames(context: Context): Record<string, string> {
  const names = opDefinitions[context.op.op].weights ?? [];
  return Object.fromEntries(
    (names as readonly string[]).map((name, i) => [
      name,
      `${context.array('f32', name, Array.from(context.weight(i).data))}[c]`,
    ]),
  );
}

export const elementwise: OpText<ElementwiseOp> = {
  lines(context) {
    const { op, x, out } = context;
    const rows = ['p', 'q'].slice(0, x.length);
    const names = Object.fromEntries(rows.map((row, i) => ['xy'[i]!, asFloat(x[i]!, row)]));
    const { statements, value } = expressionText(
      valueOf(op),
      { ...names, ...weightNames(context) },
      context.use,
    );
    return [
      ...x.map((place, i) => `const ${typeOf(place)} *const ${rows[i]} = ${operandRow(context, place)};`),
      `f32 *const out = ${outputRow(context)};`,
      'int c;',
      `for (c = 0; c < ${channelCount(out.shape)}; c++) {`,
      ...statements,
      `out[c] = ${value};`,
      '}',
    ];
  },
};

/** Sums of integers wrap. */
export const addIntegers: OpText<AddOp> = {
  lines(context) {
    const [a, b] = context.x;
    return [
      `const i32 *const p = ${operandRow(context, a!)};`,
      `const i32 *const q = ${operandRow(context, b!)};`,
      `i32 *const out = ${outputRow(context)};`,
      'int c;',
      `for (c = 0; c < ${channelCount(context.out.shape)}; c++) out[c] = (int32_t)((uint32_t)p[c] + (uint32_t)q[c]);`,
    ];
  },
};

export const rowwise: OpText<RowwiseOp> = {
  lines(context) {
    const { op, x, out } = context;
    const channels = channelCount(out.shape);
    const { steps, value } = rowOf(op, channels);
    const names: Record<string, string> = { x: 'p[c]', ...weightNames(context) };
    /** Steps that give a value for each element are computed where they are read. */
    const each = new Map<string, Expression>();
    const valueIn = (expression: Expression, target: string): string[] => {
      const used = inputsOf(expression).filter((name) => each.has(name));
      const before = used.flatMap((name) => valueIn(each.get(name)!, `const float s_${name}`));
      const local = Object.fromEntries(used.map((name) => [name, `s_${name}`]));
      const text = expressionText(expression, { ...names, ...local }, context.use);
      // A block of its own: names of shared nodes repeat.
      return text.statements.length > 0
        ? [
            ...before,
            `${target.replace('const ', '')} = 0;`,
            '{',
            ...text.statements,
            `${target.split(' ').at(-1)} = ${text.value};`,
            '}',
          ]
        : [...before, `${target} = ${text.value};`];
    };
    const loop = (body: readonly string[]): string[] => [`for (c = 0; c < ${channels}; c++) {`, ...body, '}'];
    const lines = [
      `const f32 *const p = ${operandRow(context, x[0]!)};`,
      `f32 *const out = ${outputRow(context)};`,
      'int c;',
    ];
    for (const { name, of, over, then } of steps) {
      if (!over) {
        each.set(name, of);
        continue;
      }
      const local = `s_${name}`;
      const combine =
        over === 'max' ? `if (c == 0 || v > ${local}) ${local} = v;` : `${local} = ${local} + v;`;
      lines.push(`float ${local} = 0.0f;`, ...loop([...valueIn(of, 'const float v'), combine]));
      names[name] = local;
      if (then) {
        const text = expressionText(then, { ...names, total: local }, context.use);
        lines.push('{', ...text.statements, `${local} = ${text.value};`, '}');
      }
    }
    return [...lines, ...loop([...valueIn(value, 'const float v'), 'out[c] = v;'])];
  },
};
