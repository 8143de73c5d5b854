// Expressions of elements and of rows as kernels: one statement a node, each rounded.
import { children, inputsOf, type Expression } from '@bitgrad/bits';
import {
  channelCount,
  elementCount,
  rowCount,
  rowOf,
  valueOf,
  type ElementwiseOp,
  type RowwiseOp,
} from '@bitgrad/runtime';
import { reader, valueType } from '../access.js';
import { literal } from '../dialect.js';
import { exponential } from '../math.js';
import { elementwise, weightConstant, type Context, type Draft } from './context.js';

const infix: Readonly<Record<string, string>> = { add: '+', sub: '-', mul: '*', div: '/' };
const comparisons: Readonly<Record<string, string>> = { ge: '>=', gt: '>', le: '<=', lt: '<' };
const calls: Readonly<Record<string, string>> = { abs: 'abs', exp: 'exp32', sqrt: 'sqrt' };

/**
 * An expression as statements, one a node.
 * @param read source of each input, or what stands for it
 * @param prefix of the names that are declared
 */
function statements(
  expression: Expression,
  read: (name: string) => string | Expression,
  prefix = 'v',
): { lines: string; result: string } {
  const lines: string[] = [];
  const names = new Map<Expression | string, string>();
  const define = (source: string): string => {
    const name = `${prefix}${lines.length}`;
    lines.push(`let ${name}: f32 = ${source};`);
    return name;
  };
  const value = (node: Expression): string => {
    const key = node.op === 'input' ? node.name : node;
    const name = names.get(key) ?? compute(node);
    names.set(key, name);
    return name;
  };
  const compute = (node: Expression): string => {
    if (node.op === 'constant') return literal(node.value);
    if (node.op === 'input') {
      const source = read(node.name);
      return typeof source === 'string' ? define(source) : value(source);
    }
    if (node.op === 'select') {
      const { test } = node;
      if (!(test.op in comparisons))
        throw new TypeError(`a kernel selects by comparisons, not by ${test.op}`);
      const [left, right] = children(test).map(value);
      const [a, b] = [value(node.a), value(node.b)];
      const name = `${prefix}${lines.length}`;
      lines.push(
        `var ${name}: f32 = ${b}; if (${left} ${comparisons[test.op]} ${right}) { ${name} = ${a}; }`,
      );
      return name;
    }
    const [a, b] = children(node).map(value);
    // Signs and magnitudes are exact.
    if (node.op === 'neg') return define(`-${a}`);
    if (node.op in infix) return define(`rnd(${a} ${infix[node.op]} ${b})`);
    return define(`rnd(${calls[node.op]}(${a}))`);
  };
  const result = value(expression);
  return { lines: lines.join('\n  '), result };
}

/** Source of `fn elem(i: i32) -> f32`, which reads at element i and channel c. */
function elementSource(
  expression: Expression,
  read: (name: string) => string | Expression,
  c: number,
): string {
  const { lines, result } = statements(expression, read);
  return `fn elem(i: i32) -> f32 {
  let c: i32 = i % ${c};
  ${lines}
  return ${result};
}`;
}

const withExponential = (code: string): string => (code.includes('exp32') ? `${exponential}\n${code}` : code);

/** The kernel of an elementwise op. */
export function valueKernel(context: Context<ElementwiseOp>): Draft {
  const { op, x, w, out } = context;
  const expression = valueOf(op);
  // The other inputs of an expression are the op's weights, in their order.
  const weights = inputsOf(expression).filter((name) => name !== 'x' && name !== 'y');
  const operand = (i: number): string => {
    const period = elementCount(x[i]!.shape);
    return `x${i}(${period === elementCount(out.shape) ? 'i' : `i % ${period}`})`;
  };
  const read = (name: string): string => {
    if (name === 'x') return valueType(x[0]!.type) === 'f32' ? operand(0) : `f32(${operand(0)})`;
    if (name === 'y') return operand(1);
    return `floatOf(w${x.length + weights.indexOf(name)}(c))`;
  };
  return elementwise(
    op.op === 'unary' ? op.function : op.op,
    context,
    withExponential(elementSource(expression, read, channelCount(out.shape))),
    weights.map((_, i) => weightConstant(context, w[i]!)),
  );
}

/** The kernels of an op of rows: one for the numbers of each row, in a temporary buffer, then one for the elements. */
export function rowKernel(context: Context<RowwiseOp>): Draft {
  const { op, x: [x], w, out, temporary } = context; // prettier-ignore
  const c = channelCount(out.shape);
  const { steps, value } = rowOf(op, c);
  const each = new Map(steps.flatMap(({ name, of, over }) => (over ? [] : [[name, of]])));
  const totals = steps.filter(({ over }) => over);
  const weights = inputsOf(value).filter((name) => name !== 'x' && !steps.some((step) => step.name === name));
  const indexOf = (name: string): number => totals.findIndex((step) => step.name === name);
  const loops = totals.map(({ of, over, then }, k) => {
    const { lines, result } = statements(of, (name) => each.get(name) ?? (name === 'x' ? `x0(r * ${c} + j)` : `t${indexOf(name)}`)); // prettier-ignore
    const after = then && statements(then, () => `s${k}`, `u${k}v`);
    return `var s${k}: f32 = 0.0;
  for (var j: i32 = 0; j < ${c}; j++) {
  ${lines}
  ${over === 'max' ? `if (j == 0 || ${result} > s${k}) { s${k} = ${result}; }` : `s${k} = rnd(s${k} + ${result});`}
  }
  ${after?.lines ?? ''}
  let t${k}: f32 = ${after?.result ?? `s${k}`};
  if (which == ${k}) { return t${k}; }`;
  });
  const numbers = temporary(
    {
      name: 'row-statistics',
      reads: [x!.ref],
      loads: totals.length * c,
      code: withExponential(`${reader(0, x!)}
fn summary(r: i32, which: i32) -> f32 {
  ${loops.join('\n  ')}
  return 0.0;
}
fn word(i: i32) -> u32 { return bitsOf(summary(i / ${totals.length}, i % ${totals.length})); }`),
    },
    totals.length * rowCount(x!.shape),
  );
  const read = (name: string): string | Expression => {
    if (name === 'x') return 'x0(i)';
    if (weights.includes(name)) return `floatOf(w${2 + weights.indexOf(name)}(c))`;
    return each.get(name) ?? `floatOf(w1((i / ${c}) * ${totals.length} + ${indexOf(name)}))`;
  };
  return elementwise(
    op.op === 'layerNorm' ? 'layer-norm' : op.op,
    context,
    withExponential(elementSource(value, read, c)),
    [numbers, ...weights.map((_, i) => weightConstant(context, w[i]!))],
  );
}
