// A visitor's own surrogate: a formula in x, parsed by jsep into a tree, checked node by node, and turned into an
// expression of @bitgrad/core. Nothing is ever evaluated as code.
import jsep from 'jsep';
import {
  BitgradError,
  children,
  defineSurrogate,
  E,
  evaluateExpression,
  type Expression,
  type SurrogateGradient,
} from '@bitgrad/core';

jsep.addBinaryOp('^', 12, true);

// jsep lets a sign bind tighter than a power; in mathematics -x^2 is -(x^2).
jsep.hooks.add('gobble-token', function (env) {
  const sign = this.char;
  if (sign !== '-' && sign !== '+') return;
  const gobble = (): jsep.Expression =>
    (this.gobbleToken() as jsep.Expression | undefined) ?? this.throwError(`Expected a value after ${sign}`);
  const atPower = (): number => {
    this.gobbleSpaces();
    return this.expr.startsWith('**', this.index) ? 2 : this.char === '^' ? 1 : 0;
  };
  const scope = this as { index: number };
  scope.index += 1;
  let argument = gobble();
  const width = atPower();
  if (width > 0) {
    scope.index += width;
    argument = { type: 'BinaryExpression', operator: '^', left: argument, right: gobble() };
    if (atPower() > 0) this.throwError('Put a power of a power into parentheses');
  }
  env.node = { type: 'UnaryExpression', operator: sign, argument, prefix: true };
});

/** Functions that a formula may use, with the number of their arguments. */
const functions: Readonly<
  Record<string, readonly [count: number, make: (...a: Expression[]) => Expression]>
> = {
  abs: [1, E.abs],
  sqrt: [1, E.sqrt],
  exp: [1, E.exp],
  log: [1, E.log],
  sin: [1, E.sin],
  cos: [1, E.cos],
  tanh: [1, E.tanh],
  sigmoid: [1, E.sigmoid],
  sech: [1, (a) => E.div(2, E.add(E.exp(a), E.exp(E.neg(a))))],
  sign: [1, E.sign],
  min: [2, E.min],
  max: [2, E.max],
  clip: [3, E.clip],
};
const constants: Readonly<Record<string, number>> = { pi: Math.PI, e: Math.E };
const operators: Readonly<Record<string, (a: Expression, b: Expression) => Expression>> = {
  '+': E.add,
  '-': E.sub,
  '*': E.mul,
  '/': E.div,
  '<': E.lt,
  '<=': E.le,
  '>': E.gt,
  '>=': E.ge,
  '==': E.eq,
  '!=': E.ne,
  '&&': (a, b) => E.mul(E.ne(a, 0), E.ne(b, 0)),
  '||': (a, b) => E.max(E.ne(a, 0), E.ne(b, 0)),
};

/** The names that a formula may use, for the page. */
export const formulaNames = [...Object.keys(functions), ...Object.keys(constants)];

const longest = 400;
const deepest = 60;
/** Most nodes of a formula written out: ((x/9)^31)^31 has 3,843, and each further ^31 thirty times as many. */
const largest = 5000;
/** Most nodes that are evaluated to find where a formula jumps: about half a second. */
const mostWork = 1.5e6;

const bad = (what: string, got: unknown, expected: string): BitgradError =>
  new BitgradError({ code: 'invalid-option', source: 'demo', what: `formula: ${what}`, got, expected });

/** x to a whole power by repeated multiplication. */
const power = (a: Expression, n: number): Expression =>
  n === 0 ? E.constant(1) : n === 1 ? a : n % 2 === 0 ? power(E.square(a), n / 2) : E.mul(a, power(a, n - 1));

function convert(node: jsep.Expression, depth = 0): Expression {
  if (depth > deepest) throw bad('nesting', depth, `at most ${deepest} levels`);
  const next = (child: unknown): Expression => convert(child as jsep.Expression, depth + 1);
  switch (node.type) {
    case 'Literal':
      if (typeof node.value !== 'number' || !Number.isFinite(node.value))
        throw bad('literal', node.raw, 'a number');
      return E.constant(node.value);
    case 'Identifier': {
      const name = String(node.name);
      if (name === 'x') return E.input('x');
      if (Object.hasOwn(constants, name)) return E.constant(constants[name]!);
      throw bad('unknown name', name, `x, ${Object.keys(constants).join(', ')}, or a function`);
    }
    case 'UnaryExpression':
      if (node.operator === '-') return E.neg(next(node.argument));
      if (node.operator === '+') return next(node.argument);
      if (node.operator === '!') return E.eq(next(node.argument), 0);
      throw bad('operator', node.operator, '+, - or !');
    case 'BinaryExpression': {
      const operator = String(node.operator);
      if (operator === '^' || operator === '**') {
        const exponent = node.right as jsep.Expression;
        const n = exponent.type === 'Literal' ? exponent.value : undefined;
        if (typeof n !== 'number' || !Number.isInteger(n) || n < 0 || n > 32)
          throw bad(
            'exponent',
            exponent.raw ?? exponent.type,
            'a whole number from 0 to 32; use exp and log for others',
          );
        return power(next(node.left), n);
      }
      if (!Object.hasOwn(operators, operator))
        throw bad('operator', operator, Object.keys(operators).join(' ') + ' ^');
      return operators[operator]!(next(node.left), next(node.right));
    }
    case 'ConditionalExpression':
      return E.select(next(node.test), next(node.consequent), next(node.alternate));
    case 'CallExpression': {
      const callee = node.callee as jsep.Expression;
      const name = callee.type === 'Identifier' ? String(callee.name) : callee.type;
      if (!Object.hasOwn(functions, name)) throw bad('function', name, Object.keys(functions).join(', '));
      const [count, make] = functions[name]!;
      const given = node.arguments as jsep.Expression[];
      if (given.length !== count) throw bad(`arguments of ${name}`, given.length, String(count));
      return make(...given.map(next));
    }
    default:
      throw bad('syntax', node.type, 'one expression in x');
  }
}

/** Nodes of an expression, each once, with the number of nodes that it is written out: powers share their parts. */
function sizesOf(expression: Expression): Map<Expression, number> {
  const sizes = new Map<Expression, number>();
  const size = (node: Expression): number => {
    const known = sizes.get(node);
    if (known !== undefined) return known;
    const sum = children(node).reduce((total, operand) => total + size(operand), 1);
    sizes.set(node, sum);
    return sum;
  };
  size(expression);
  return sizes;
}

/**
 * Reads a formula.
 * @throws BitgradError `invalid-option` that names the part that is wrong
 */
export function parseFormula(text: string): Expression {
  if (text.trim() === '') throw bad('text', 'nothing', 'an expression in x, such as max(0, 1 - abs(x))');
  if (text.length > longest) throw bad('length', text.length, `at most ${longest} characters`);
  let tree: jsep.Expression;
  try {
    tree = jsep(text);
  } catch (error) {
    throw bad('syntax', text, error instanceof Error ? error.message : String(error));
  }
  const expression = convert(tree);
  const size = sizesOf(expression).get(expression)!;
  if (size > largest)
    throw bad(
      'size',
      `${size} operations when powers are multiplied out`,
      `at most ${largest}; use lower powers`,
    );
  return expression;
}

const range = 6;

/** Zeros of the conditions and absolute values in a formula: there it, or its slope, may jump. */
function breakpointsOf(expression: Expression): number[] {
  const bends: Expression[] = [];
  for (const node of sizesOf(expression).keys()) {
    if ('b' in node && ['ge', 'gt', 'le', 'lt', 'eq', 'ne', 'min', 'max'].includes(node.op))
      bends.push(E.sub(node.a, node.b));
    if (node.op === 'abs') bends.push(node.a);
  }
  const work = bends.reduce((total, bend) => total + steps * sizesOf(bend).size, 0);
  if (work > mostWork)
    throw bad(
      'size',
      `${bends.length} comparisons and absolute values, one inside another`,
      'fewer of them: looking for their jumps would take too long',
    );
  const found = new Set<number>();
  for (const bend of bends) zeros(bend, found);
  return [...found].sort((a, b) => a - b).slice(0, 64);
}

/** Points at which signs are compared. */
const steps = 1200;

function zeros(f: Expression, found: Set<number>): void {
  const at = (x: number): number => evaluateExpression(f, { x });
  for (let i = 0; i < steps; i++) {
    let [low, high] = [-range + (2 * range * i) / steps, -range + (2 * range * (i + 1)) / steps];
    const sign = Math.sign(at(low));
    if (sign === 0) found.add(Number(low.toPrecision(12)));
    if (sign === 0 || sign === Math.sign(at(high)) || Math.sign(at(high)) === 0) continue;
    for (let k = 0; k < 60; k++) {
      const middle = (low + high) / 2;
      if (Math.sign(at(middle)) === sign) low = middle;
      else high = middle;
    }
    found.add(Number(high.toPrecision(12)));
  }
}

/**
 * A surrogate gradient from a formula.
 * @throws BitgradError `invalid-option` for a bad formula, `not-finite` where it has no value in [-6, 6]
 */
export function formulaSurrogate(text: string): SurrogateGradient {
  const expression = parseFormula(text);
  const formula = (x: number): number => evaluateExpression(expression, { x });
  for (let i = 0; i <= 600; i++) {
    const x = -range + (2 * range * i) / 600;
    if (!Number.isFinite(formula(x)))
      throw new BitgradError({
        code: 'not-finite',
        source: 'demo',
        what: `formula at x = ${x.toFixed(2)}`,
        got: formula(x),
        expected: 'a finite value on all of [-6, 6]',
      });
  }
  const breakpoints = breakpointsOf(expression);
  return defineSurrogate({
    name: 'formula',
    options: { formula: text },
    formula,
    expression: () => expression,
    breakpoints: () => breakpoints,
  });
}
