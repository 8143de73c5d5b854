// What the code and the commands of READMEs and pages name, and running it.
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { commandWords, packageFlags } from '../processes.mjs';

const run = promisify(execFile);

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
 * Runs an example as an ES module.
 * @param folder where it is put and runs: in a package, but outside of node_modules, its own name resolves as for a user
 * @returns what it wrote to standard output
 */
export async function runExample(code: string, folder: string, name: string, cwd = folder): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, code);
  const { stdout } = await run(process.execPath, [...packageFlags, file], { cwd, timeout: 120_000 });
  rmSync(file);
  return stdout;
}

/** Runs `bitgrad <args>` in a folder. */
export const runCommand = async (args: readonly string[], cwd: string): Promise<string> => {
  const { stdout } = await run(process.execPath, [...commandWords, ...args], { cwd, timeout: 120_000 });
  return stdout;
};
