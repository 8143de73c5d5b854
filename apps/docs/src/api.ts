// The API pages: every entry of every package, from its source and the comments there, by TypeDoc.
import { Application, LogLevel, type TypeDocOptions } from 'typedoc';
import type { PluginOptions } from 'typedoc-plugin-markdown';
import { packageFolders, read, root } from './repository.js';

/**
 * Entries with types: the name that is imported, and its source.
 * @param folders of the packages; all by default
 */
export const apiEntries = (folders: readonly string[] = packageFolders): { name: string; source: string }[] =>
  folders.flatMap((folder) => {
    const { name, exports } = JSON.parse(read(`packages/${folder}/package.json`)) as {
      name: string;
      exports: Record<string, string | Record<string, string>>;
    };
    return Object.entries(exports).flatMap(([key, target]) => {
      const source = typeof target === 'string' ? undefined : target['@bitgrad/source'];
      // `one-file` exports two other entries again.
      return source?.endsWith('.ts') && !/generated|one-file/.test(source)
        ? [{ name: name + key.slice(1), source: `${root}packages/${folder}/${source.slice(2)}` }]
        : [];
    });
  });

const options: Partial<TypeDocOptions & PluginOptions> = {
  plugin: ['typedoc-plugin-markdown'],
  tsconfig: `${root}tsconfig.json`,
  // `pnpm check` has seen to that.
  skipErrorChecking: true,
  readme: 'none',
  excludeInternal: true,
  excludePrivate: true,
  disableSources: true,
  disableGit: true,
  logLevel: LogLevel.Error,
  outputFileStrategy: 'modules',
  entryFileName: 'index',
  sortEntryPoints: false,
  hideBreadcrumbs: true,
  hidePageHeader: true,
  useHTMLAnchors: true,
  useHTMLEncodedBrackets: true,
  sanitizeComments: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  propertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  enumMembersFormat: 'table',
};

/** What TypeDoc calls the module of a file. */
const fileName = (source: string): string =>
  source.slice(`${root}packages/`.length).replace(/(\/index)?\.ts$/, '');

/**
 * Writes a page for each entry and an index.
 * @param folder where
 * @param packages folders of the packages; all by default
 * @throws Error when TypeDoc gives up
 */
export async function writeApi(folder: string, packages?: readonly string[]): Promise<void> {
  // What several packages export is described in the first: below come before above.
  const lowest = ['bits', 'core', 'runtime'];
  const entries = apiEntries(
    [...new Set([...lowest, ...packageFolders])].filter((name) => packages?.includes(name) ?? true),
  );
  const app = await Application.bootstrapWithPlugins({
    ...options,
    out: folder,
    entryPoints: entries.map(({ source }) => source),
  } as TypeDocOptions);
  const project = await app.convert();
  if (!project) throw new Error('TypeDoc could not read the packages: its messages are above');
  project.name = 'API';
  // TypeDoc names modules after their files; here by the words that a program imports them by.
  const names = new Map(entries.map(({ name, source }) => [fileName(source), name]));
  for (const module of project.children ?? []) module.name = names.get(module.name) ?? module.name;
  await app.generateOutputs(project);
}
