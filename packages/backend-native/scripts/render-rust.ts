// What the Rust side has from TypeScript: the words of a program, from the enums that both compilers of backend-wasm read, and
// the elementwise ops, from the expressions of @bitgrad/runtime. `pnpm render-rust` writes the files, a test compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { inputsOf, renderExpression, type Expression } from '@bitgrad/bits';
import { opcodes, words } from '@bitgrad/backend-wasm/lowering';
import { functions } from '@bitgrad/backend-wasm/training';
import { rendered } from '../../backend-wasm/scripts/render-values.js';

const file = (name: string): string => fileURLToPath(new URL(`../native/src/${name}`, import.meta.url));
const head = '// Rendered by scripts/render-rust.ts; do not edit.\n';

const snake = (name: string): string => name.replaceAll(/(?<=[a-z0-9])([A-Z])/g, '_$1').toLowerCase();

/** An enum as a module of constants. */
function moduleText(name: string, values: object, type: string): string {
  const lines = Object.entries(values)
    .filter(([key, value]) => Number.isNaN(Number(key)) && typeof value === 'number')
    .map(([key, value]) => `    pub const ${snake(key).toUpperCase()}: ${type} = ${value};`);
  return `pub mod ${snake(name)} {\n${lines.join('\n')}\n}\n`;
}

/** The enums of a module; tsx adds a default. */
const enumsOf = (module: object): [string, object][] =>
  Object.entries(module)
    .filter(([name]) => name !== 'default')
    .sort(([a], [b]) => (a < b ? -1 : 1));

const wordsText = (): string =>
  [
    `${head}#![allow(dead_code)]\n`,
    // Places of words are indices, everything else is a word's value.
    ...enumsOf(words).map(([name, values]) => moduleText(name, values, name === 'Mode' ? 'i32' : 'usize')),
    ...enumsOf(opcodes).map(([name, values]) => moduleText(name, values, 'i32')),
  ].join('\n');

const comparisons: Readonly<Record<string, string>> = { lt: '<', gt: '>', ge: '>=', le: '<=' };
const operators: Readonly<Record<string, string>> = { add: '+', sub: '-', mul: '*', div: '/' };

const literal = (value: number): string => {
  const text = String(Math.fround(value)); // as a float32 prints, so that it is rounded once
  return `${/[.e]/.test(text) ? text : `${text}.0`}_f32`;
};

/** One function. */
function functionText(name: string, expression: Expression): string {
  const { statements, value } = renderExpression(expression, {
    input: (input) => input,
    constant: literal,
    select: (test, a, b, yes, no) => `(if ${a} ${comparisons[test]} ${b} { ${yes} } else { ${no} })`,
    operation(op, [a, b]) {
      if (op in operators) return `(${a} ${operators[op]} ${b})`;
      if (op === 'neg') return `(-${a})`;
      return op === 'abs' ? `${a}.abs()` : `${op}(${a})`;
    },
    local: (local, source) => `    let ${local} = ${source};`,
  });
  const parameters = inputsOf(expression).map((input) => `${input}: f32`);
  return `#[inline(always)]\npub fn ${name}(${parameters.join(', ')}) -> f32 {\n${[...statements, `    ${value}`].join('\n')}\n}\n`;
}

const valuesText = (): string =>
  [
    `${head}// Parentheses as the trees have them: each node is rounded to float32.\n#![allow(unused_parens, clippy::excessive_precision)]\nuse crate::exp::exp;\n`,
    ...Object.entries(rendered).map(([name, expression]) => functionText(name, expression)),
  ].join('\n');

/** The functions of the kernel module, as structs with their parameters. */
function callsText(): string {
  const types: Readonly<Record<string, string>> = { usize: 'isize', i32: 'isize' };
  const lines = Object.entries<Readonly<Record<string, string>>>(functions).map(([name, fields]) => {
    const list = Object.entries(fields).map(([field, type]) => `${snake(field)}: ${types[type] ?? type}`);
    return `    ${name[0]!.toUpperCase()}${name.slice(1)} "${name}" { ${list.join(', ')} }`;
  });
  return `${head}#![allow(dead_code)]\nuse super::call::calls;\n\ncalls! {\n${lines.join('\n')}\n}\n`;
}

/** The files: as they are, and as they should be. */
export function renderedRust(): { name: string; present: string; wanted: string }[] {
  return Object.entries({
    'words.rs': wordsText(),
    'values.rs': valuesText(),
    'training/calls.rs': callsText(),
  }).map(([name, wanted]) => {
    let present = '';
    try {
      present = readFileSync(file(name), 'utf8');
    } catch {
      // There is none yet.
    }
    return { name, present, wanted };
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const { name, wanted } of renderedRust()) writeFileSync(file(name), wanted);
