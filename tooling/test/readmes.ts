// What the code and the commands of READMEs and pages name, and running it.
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { root } from '../workspace.mjs';

const run = promisify(execFile);
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const fromSource = ['--conditions=@bitgrad/source', `--import=${tsx}`];

/** The words of its `npm install` lines, each to the end of a line that does not go on with a backslash. */
export const installedBy = (readme: string): string[] =>
  [...readme.matchAll(/^npm install (?:[^\n]*\\\n)*[^\n]*/gm)].join(' ').split(/[\s\\]+/);

/** The packages that a piece of code imports. */
export const importsOf = (code: string): string[] =>
  [...code.matchAll(/(?:from|import) '((?:@[^/']+\/)?[^/'.:]+)[^']*'/g)].map((match) => match[1]!);

/** The blocks of code of a text in one language, in their order. */
export const blocksOf = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}(?: [^\\n]*)?\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    (match) => match[1]!,
  );

/**
 * Runs an example as an ES module, from source.
 * @param folder where it is put and runs: in a package, but outside of node_modules, its own name resolves as for a user
 * @returns what it wrote to standard output
 */
export async function runExample(code: string, folder: string, name: string, cwd = folder): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, code);
  const { stdout } = await run(process.execPath, [...fromSource, file], { cwd, timeout: 120_000 });
  rmSync(file);
  return stdout;
}

/** Runs `bitgrad <args>` from source, in a folder. */
export const runCommand = async (args: readonly string[], cwd: string): Promise<string> => {
  const main = `${root}packages/cli/src/main.ts`;
  const { stdout } = await run(process.execPath, [...fromSource, main, ...args], { cwd, timeout: 120_000 });
  return stdout;
};
