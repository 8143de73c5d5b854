// Expressions of @bitgrad/bits as C: one statement for each node that is used twice, each node rounded to float32.
import { children, type Expression } from '@bitgrad/bits';
import { floatLiteral } from './text.js';

const infix: Readonly<Record<string, string>> = { add: '+', sub: '-', mul: '*', div: '/' };
const comparisons: Readonly<Record<string, string>> = { ge: '>=', gt: '>', le: '<=', lt: '<' };

/** Functions of C that a node calls. */
const calls: Readonly<Record<string, string>> = { abs: 'absolute', exp: 'exp32', sqrt: 'sqrtf' };

/** An expression in C. */
export interface ExpressionText {
  /** Statements before it. */
  readonly statements: readonly string[];
  readonly value: string;
  /** C functions that it calls. */
  readonly calls: readonly string[];
}

/** @param names the C expression of each input; products and sums of them are safe from contraction by the file's head */
export function expressionText(
  expression: Expression,
  names: Readonly<Record<string, string>>,
): ExpressionText {
  const uses = new Map<Expression, number>();
  const count = (node: Expression): void => {
    uses.set(node, (uses.get(node) ?? 0) + 1);
    if (uses.get(node) === 1) children(node).forEach(count);
  };
  count(expression);
  const statements: string[] = [];
  const called = new Set<string>();
  const known = new Map<Expression, string>();
  const compute = (node: Expression): string => {
    if (node.op === 'input') return names[node.name]!;
    if (node.op === 'constant') return floatLiteral(node.value).replace(/^-.*/, '($&)');
    if (node.op === 'select') {
      const [a, b] = children(node.test).map(text) as [string, string];
      return `(${a} ${comparisons[node.test.op]} ${b} ? ${text(node.a)} : ${text(node.b)})`;
    }
    const [a, b] = children(node).map(text) as [string, string?];
    if (node.op in infix) return `(${a} ${infix[node.op]} ${b})`;
    if (node.op === 'neg') return `(-${a})`;
    called.add(calls[node.op]!);
    return `${calls[node.op]}(${a})`;
  };
  const text = (node: Expression): string => {
    const name = known.get(node);
    if (name !== undefined) return name;
    const source = compute(node);
    if (uses.get(node)! < 2 || node.op === 'input' || node.op === 'constant') return source;
    const local = `v${statements.length}`;
    statements.push(`const float ${local} = ${source};`);
    known.set(node, local);
    return local;
  };
  const value = text(expression);
  return { statements, value, calls: [...called] };
}
