// The elementwise ops in AssemblyScript, from the expressions of @bitgrad/runtime: `pnpm render-values` writes
// assembly/engine/values.ts, a test compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { E, inputsOf, renderExpression, type Expression } from '@bitgrad/bits';
import { clampBetween, valueOf, type ElementwiseOp } from '@bitgrad/runtime';

const file = fileURLToPath(new URL('../assembly/engine/values.ts', import.meta.url));

const operand = { inputs: [0], output: 1 };
const functionOf = (name: 'sigmoid' | 'tanh' | 'gelu'): Expression =>
  valueOf({ op: 'unary', function: name, ...operand });
const channelwise = (op: 'affine' | 'prelu'): Expression =>
  valueOf({ op, ...operand } as unknown as ElementwiseOp);

/** What is rendered; bounds are parameters of the record, so here they are inputs. */
export const rendered: Readonly<Record<string, Expression>> = {
  affine: channelwise('affine'),
  prelu: channelwise('prelu'),
  clamp: clampBetween(E.input('x'), E.input('min'), E.input('max')),
  sigmoid: functionOf('sigmoid'),
  tanh: functionOf('tanh'),
  gelu: functionOf('gelu'),
};

const calls: Readonly<Record<string, string>> = { add: 'addF', sub: 'subF', mul: 'mulF', div: 'divF', neg: 'negF', abs: 'absF', exp: 'exp' }; // prettier-ignore

/** `less(a, b) ? yes : no` in lanes, for each comparison. */
const selections: Readonly<Record<string, (a: string, b: string) => string>> = {
  lt: (a, b) => `ifLess(${a}, ${b}`,
  gt: (a, b) => `ifLess(${b}, ${a}`,
  ge: (a, b) => `ifNotLess(${a}, ${b}`,
  le: (a, b) => `ifNotLess(${b}, ${a}`,
};

/** One function. */
function functionText(name: string, expression: Expression): string {
  const { statements, value } = renderExpression(expression, {
    input: (input) => input,
    constant: (number) => `splatF(<f32>${number})`,
    select: (test, a, b, yes, no) => `${selections[test]!(a, b)}, ${yes}, ${no})`,
    operation: (op, operands) => `${calls[op]}(${operands.join(', ')})`,
    local: (local, source) => `  const ${local} = ${source};`,
  });
  const parameters = inputsOf(expression).map((input) => `${input}: F`);
  return `export function ${name}(${parameters.join(', ')}): F {\n${[...statements, `  return ${value};`].join('\n')}\n}\n`;
}

/** The file as it is, and as it should be. */
export function renderedValues(): { present: string; wanted: string } {
  const wanted = [
    "// Rendered by scripts/render-values.ts from the expressions of @bitgrad/runtime (src/ops); do not edit.\nimport { exp } from './functions';\n",
    ...Object.entries(rendered).map(([name, expression]) => functionText(name, expression)),
  ].join('\n');
  let present = '';
  try {
    present = readFileSync(file, 'utf8');
  } catch {
    // There is none yet.
  }
  return { present, wanted };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(file, renderedValues().wanted);
