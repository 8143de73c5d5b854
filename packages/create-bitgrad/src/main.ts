// `npm create bitgrad`: asks for what the command line does not say, and makes the project.
import { cancel, intro, isCancel, outro, select, text } from '@clack/prompts';
import { BitgradError } from '@bitgrad/bits';
import { Command, CommanderError } from 'commander';
import { createProject, type Created } from './create-project.js';
import { templates, type TemplateName } from './templates.js';

/** What is typed after the command's name. */
interface Flags {
  readonly template?: string;
  readonly name?: string;
  readonly json?: boolean;
}

const list = Object.entries(templates)
  .map(([name, { description }]) => `  ${name.padEnd(10)} ${description}`)
  .join('\n');

const parser = (): Command =>
  new Command('create-bitgrad')
    .usage('[folder] [options]')
    .description('Starts a project with bitgrad, binary neural networks in JavaScript.')
    .argument('[folder]', 'where; it must not exist yet, or be empty')
    .option('-t, --template <name>', `one of ${Object.keys(templates).join(', ')}`)
    .option('-n, --name <name>', 'name in package.json (default: that of the folder)')
    .option('--json', 'write one JSON object to stdout, and ask nothing')
    .addHelpText(
      'after',
      `\nTemplates:\n${list}\n\nWith npm, options come after two dashes:\n  npm create bitgrad my-app -- --template web`,
    )
    .exitOverride();

/** Asks; undefined when the visitor leaves. */
async function ask(
  folder: string | undefined,
  template: string | undefined,
): Promise<[string, string] | undefined> {
  intro('bitgrad');
  const where =
    folder ??
    (await text({ message: 'Folder of the project', placeholder: 'my-app', defaultValue: 'my-app' }));
  if (isCancel(where)) return undefined;
  if (template !== undefined) return [where, template];
  const options = Object.entries(templates).map(([value, { description }]) => ({
    value: value as string,
    label: value,
    hint: description,
  }));
  const kind = await select({ message: 'What is it to be?', options });
  return isCancel(kind) ? undefined : [where, kind];
}

const report = ({ files, folder, next }: Created): string =>
  `${files.length} files in ${folder}. Next:\n\n${next.map((line) => `  ${line}`).join('\n')}\n`;

/**
 * The command.
 * @param args what comes after its name
 * @returns the exit code: 0, 1 when files could not be written, 2 for what was typed wrong, 130 when it was left
 */
export async function main(args: readonly string[]): Promise<number> {
  const command = parser();
  try {
    command.parse([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
  const { template, name, json = false } = command.opts<Flags>();
  const [folder] = command.args;
  const asks = (folder === undefined || template === undefined) && !json && Boolean(process.stdin.isTTY);
  try {
    const answered = asks ? await ask(folder, template) : ([folder ?? '', template ?? ''] as const);
    if (!answered) {
      cancel('Nothing was written.');
      return 130;
    }
    if (!asks && (folder === undefined || template === undefined))
      throw new BitgradError({
        code: 'invalid-option',
        source: 'create',
        what: folder === undefined ? 'folder' : 'option "--template"',
        got: 'nothing',
        expected: folder === undefined ? 'a path, such as my-app' : Object.keys(templates).join(', '),
        next: 'Nobody can be asked here: say both, as in `create-bitgrad my-app --template web`.',
      });
    const made = await createProject(answered[0], {
      template: answered[1] as TemplateName,
      ...(name !== undefined && { name }),
    });
    if (json) process.stdout.write(`${JSON.stringify(made)}\n`);
    else if (asks) outro(report(made));
    else process.stdout.write(report(made));
    return 0;
  } catch (error) {
    if (!(error instanceof BitgradError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return error.code === 'io' ? 1 : 2;
  }
}
