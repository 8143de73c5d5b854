// The table of ops in FORMAT.md, from the definitions: `pnpm format-table` writes it, a test compares.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { OpDefinition } from '../src/ops/define.js';
import { ops } from '../src/ops/index.js';

const folder = fileURLToPath(new URL('../src/ops/', import.meta.url));
const file = fileURLToPath(new URL('../FORMAT.md', import.meta.url));
const marks = ['<!-- ops:start -->', '<!-- ops:end -->'] as const;

/** Name of the file and first sentence of the doc comment of each definition. */
const sources = (): ReadonlyMap<string, { file: string; summary: string }> => {
  const found = new Map<string, { file: string; summary: string }>();
  for (const name of readdirSync(folder)) {
    const text = readFileSync(`${folder}${name}`, 'utf8');
    const match =
      /\/\*\*((?:(?!\*\/)[^])*)\*\/\s*export const (\w+) = (?:\/\* @__PURE__ \*\/ )?defineOp\(/.exec(text);
    if (!match) continue;
    const comment = match[1]!.replaceAll(/\n \* ?/g, ' ').trim();
    const summary = /^.*?\.(?= |$)/.exec(comment)![0];
    found.set(match[2]!, { file: name, summary });
  }
  return found;
};

const code = (words: readonly string[]): string => words.map((word) => `\`${word}\``).join(', ');

/** The rows, aligned as prettier aligns them. */
function table(): string {
  const all = sources();
  const rows = Object.entries<OpDefinition>(ops).map(
    ([name, { inputs = [1, 1], weights = [], attributes = {} }]) => [
      `[\`${name}\`](src/ops/${all.get(name)!.file})`,
      inputs[0] === inputs[1] ? `${inputs[0]}` : `${inputs[0]} to ${inputs[1]}`,
      code(weights),
      Object.entries(attributes)
        .map(
          ([key, { fallback }]) =>
            `\`${key}\`${fallback === undefined ? '' : ` (${JSON.stringify(fallback)})`}`,
        )
        .join(', '),
      all.get(name)!.summary,
    ],
  );
  const head = ['op', 'inputs', 'weights', 'attributes (default)', 'what it does'];
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** FORMAT.md as it is, and as it should be. */
export function formatTable(): { present: string; wanted: string } {
  const present = readFileSync(file, 'utf8');
  const [before, rest] = present.split(marks[0]) as [string, string];
  const after = rest.split(marks[1])[1]!;
  return { present, wanted: `${before}${marks[0]}\n\n${table()}\n\n${marks[1]}${after}` };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(file, formatTable().wanted);
