// Expressions of @bitgrad/bits as C, each node rounded to float32.
import { renderExpression, type Expression, type RenderedExpression } from '@bitgrad/bits';
import { floatLiteral } from './text.js';

const infix: Readonly<Record<string, string>> = { add: '+', sub: '-', mul: '*', div: '/', ge: '>=', gt: '>', le: '<=', lt: '<' }; // prettier-ignore

/** Functions of C that a node calls. */
const calls: Readonly<Record<string, string>> = { abs: 'absolute', exp: 'exp32', sqrt: 'sqrtf' };

/** @param names the C expression of each input; @param use takes the C functions that are called */
export const expressionText = (
  expression: Expression,
  names: Readonly<Record<string, string>>,
  use: (helper: string) => void,
): RenderedExpression =>
  renderExpression(expression, {
    input: (name) => names[name]!,
    constant: (value) => floatLiteral(value).replace(/^-.*/, '($&)'),
    select: (test, a, b, yes, no) => `(${a} ${infix[test]} ${b} ? ${yes} : ${no})`,
    operation(op, [a, b]) {
      if (op in infix) return `(${a} ${infix[op]} ${b})`;
      if (op === 'neg') return `(-${a})`;
      use(calls[op]!);
      return `${calls[op]}(${a})`;
    },
    local: (name, source) => `const float ${name} = ${source};`,
  });
