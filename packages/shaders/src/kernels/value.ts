// Elementwise expressions as kernels: one statement a node, each rounded.
import { children, inputsOf, type Expression } from '@bitgrad/bits';
import { channelCount, elementCount, valueOf, type ElementwiseOp } from '@bitgrad/runtime';
import { valueType } from '../access.js';
import { literal } from '../dialect.js';
import { exponential } from '../math.js';
import { elementwise, weightConstant, type Context, type Draft } from './context.js';

const infix: Readonly<Record<string, string>> = { add: '+', sub: '-', mul: '*', div: '/' };
const comparisons: Readonly<Record<string, string>> = { ge: '>=', gt: '>', le: '<=', lt: '<' };
const calls: Readonly<Record<string, string>> = { abs: 'abs', exp: 'exp32', sqrt: 'sqrt' };

/**
 * Source of `fn elem(i: i32) -> f32`.
 * @param read source of each input of the expression, at element i and channel c
 */
function valueSource(expression: Expression, read: (name: string) => string, channels: number): string {
  const lines: string[] = [];
  const names = new Map<Expression, string>();
  const define = (source: string): string => {
    const name = `v${lines.length}`;
    lines.push(`let ${name}: f32 = ${source};`);
    return name;
  };
  const value = (node: Expression): string => {
    const known = names.get(node);
    if (known !== undefined) return known;
    const name = compute(node);
    names.set(node, name);
    return name;
  };
  const compute = (node: Expression): string => {
    if (node.op === 'constant') return literal(node.value);
    if (node.op === 'input') return define(read(node.name));
    if (node.op === 'select') {
      const { test } = node;
      if (!(test.op in comparisons))
        throw new TypeError(`a kernel selects by comparisons, not by ${test.op}`);
      const [left, right] = children(test).map(value);
      const [a, b] = [value(node.a), value(node.b)];
      const name = `v${lines.length}`;
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
  return `fn elem(i: i32) -> f32 {
  let c: i32 = i % ${channels};
  ${lines.join('\n  ')}
  return ${result};
}`;
}

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
  const body = valueSource(expression, read, channelCount(out.shape));
  return elementwise(
    op.op === 'unary' ? op.function : op.op,
    context,
    body.includes('exp32') ? `${exponential}\n${body}` : body,
    weights.map((_, i) => weightConstant(context, w[i]!)),
  );
}
