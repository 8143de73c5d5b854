// Expressions as source text of another language: one name for each node that is used twice, the rest in place.
import { checkOptions, option, type OptionRules } from '../options.js';
import { checkExpression, children, type BinaryOp, type Expression, type UnaryOp } from './expression.js';

/** How a language writes the parts of an expression. */
export interface ExpressionDialect {
  input(name: string): string;
  constant(value: number): string;
  /** `yes` where the comparison `test` of a and b holds, else `no`. */
  select(test: string, a: string, b: string, yes: string, no: string): string;
  /** Every other node. */
  operation(op: UnaryOp | BinaryOp, operands: readonly string[]): string;
  /** The statement that gives a value its name. */
  local(name: string, source: string): string;
}

/** Source text. */
export interface RenderedExpression {
  /** Statements that come before the value: names v0, v1, ... for what is used twice. */
  readonly statements: readonly string[];
  readonly value: string;
}

const callback = option.required(option.callback);
const rules: OptionRules<ExpressionDialect> = {
  input: callback,
  constant: callback,
  select: callback,
  operation: callback,
  local: callback,
};

/**
 * Writes an expression in a language. The test of a select is a comparison.
 * @throws BitgradError `invalid-option` for what is no expression, or no dialect
 */
export function renderExpression(expression: Expression, given: ExpressionDialect): RenderedExpression {
  const dialect = checkOptions('bits', 'renderExpression', given, rules);
  const uses = new Map<Expression, number>();
  const count = (node: Expression): void => {
    checkExpression(node);
    uses.set(node, (uses.get(node) ?? 0) + 1);
    if (uses.get(node) === 1) children(node).forEach(count);
  };
  count(expression);
  const statements: string[] = [];
  const names = new Map<Expression, string>();
  const compute = (node: Expression): string => {
    if (node.op === 'input') return dialect.input(node.name);
    if (node.op === 'constant') return dialect.constant(node.value);
    if (node.op !== 'select') return dialect.operation(node.op, children(node).map(text));
    const [a, b] = children(node.test).map(text) as [string, string];
    return dialect.select(node.test.op, a, b, text(node.a), text(node.b));
  };
  const text = (node: Expression): string => {
    const known = names.get(node);
    if (known !== undefined) return known;
    const source = compute(node);
    if (uses.get(node)! < 2 || node.op === 'input' || node.op === 'constant') return source;
    const name = `v${statements.length}`;
    statements.push(dialect.local(name, source));
    names.set(node, name);
    return name;
  };
  const value = text(expression);
  return { statements, value };
}
