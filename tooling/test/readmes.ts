// What the code and the commands of a README name.

/** The words of its `npm install` lines, each to the end of a line that does not go on with a backslash. */
export const installedBy = (readme: string): string[] =>
  [...readme.matchAll(/^npm install (?:[^\n]*\\\n)*[^\n]*/gm)].join(' ').split(/[\s\\]+/);

/** The packages that a piece of code imports. */
export const importsOf = (code: string): string[] =>
  [...code.matchAll(/(?:from|import) '((?:@[^/']+\/)?[^/'.:]+)[^']*'/g)].map((match) => match[1]!);
