// C as text: literals, arrays, names and indentation.
import type { Shape } from '@bitgrad/runtime';

/** A float32 as a C literal with as few digits as give it back. */
export function floatLiteral(value: number): string {
  const x = Math.fround(value);
  if (Number.isNaN(x)) return '(0.0f / 0.0f)';
  if (!Number.isFinite(x)) return x > 0 ? '(1.0f / 0.0f)' : '(-1.0f / 0.0f)';
  if (Object.is(x, -0)) return '-0.0f';
  for (let digits = 1; ; digits++) {
    const text = String(Number(x.toPrecision(digits)));
    // Close enough that no reader's way of rounding finds another float.
    if (Math.abs(Number(text) - x) <= 1e-9 * Math.abs(x) || digits === 9)
      return `${/[.e]/.test(text) ? text : `${text}.0`}f`;
  }
}

/** C types of integers, with their least and largest values, narrowest first. */
const integerTypes = [
  ['int8_t', -128, 127],
  ['int16_t', -32768, 32767],
  ['int32_t', -(2 ** 31), 2 ** 31 - 1],
] as const;

/** The narrowest type that holds all values. */
export const narrowest = (values: readonly number[]): 'int8_t' | 'int16_t' | 'int32_t' =>
  integerTypes.find(([, least, most]) => values.every((x) => x >= least && x <= most))![0];

const literals: Readonly<Record<string, (x: number) => string>> = {
  f32: floatLiteral,
  // -2147483648 would be the negation of a number that no int holds.
  int32_t: (x) => (x === -(2 ** 31) ? '(-2147483647 - 1)' : String(x)),
  i32: (x) => literals.int32_t!(x),
  u32: (x) => `0x${x.toString(16)}u`,
};

/** A constant array. */
export function arrayText(type: string, name: string, values: readonly number[]): string {
  const literal = literals[type] ?? String;
  const lines: string[] = [];
  let line = ' ';
  values.forEach((value, i) => {
    const text = ` ${literal(value)}${i < values.length - 1 ? ',' : ''}`;
    if (line.length + text.length > 110) {
      lines.push(line);
      line = ' ';
    }
    line += text;
  });
  return `static const ${type} ${name}[${values.length}] = {\n${[...lines, line].join('\n')}\n};\n`;
}

/** What may stand in a comment of what a file says. */
export const commentText = (text: string): string =>
  text.replaceAll(/[^A-Za-z0-9_.,:;()[\] -]/g, '_').slice(0, 100);

/** A C string. */
export const stringLiteral = (text: string): string =>
  `"${Array.from(new TextEncoder().encode(text), (byte) =>
    byte >= 32 && byte < 127 && !'"\\?'.includes(String.fromCharCode(byte))
      ? String.fromCharCode(byte)
      : `\\${byte.toString(8).padStart(3, '0')}`,
  ).join('')}"`;

/** `f32 [3, 4]`. */
export const specText = ({ type, shape }: { type: string; shape: Shape }): string =>
  `${type} [${shape.join(', ')}]`;

/** Lines of code, indented by their braces. */
export function indented(lines: readonly string[]): string {
  let depth = 0;
  return lines
    .flatMap((line) => line.split('\n'))
    .map((line) => {
      const text = line.trim();
      if (text.startsWith('}')) depth--;
      const result = text === '' ? '' : '  '.repeat(Math.max(0, depth)) + text;
      if (text.endsWith('{')) depth++;
      return result;
    })
    .join('\n');
}

/** A product of a C expression and a number, as short as it can be. */
export const times = (expression: string, factor: number): string =>
  expression === '0' || factor === 0 ? '0' : factor === 1 ? expression : `${expression} * ${factor}`;

/** A sum of C expressions, without zeros. */
export const plus = (...terms: readonly string[]): string =>
  terms.filter((term) => term !== '0').join(' + ') || '0';
