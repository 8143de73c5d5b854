// Loads a plugin by path or package name. A plugin's folder may have no node_modules of its own: what it imports from
// bitgrad or TensorFlow.js and does not find is taken from the packages of the program that loads it (resolve-hook.ts).
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BitgradError, checkValue, option, reasonOf, type Plugin } from '@bitgrad/core';
import { installResolveHook } from './resolve-hook.js';

const fail = (what: string, next: string, cause?: unknown): BitgradError =>
  new BitgradError({ code: 'invalid-plugin', source: 'recipe', what, next, cause });

const text = option.required(
  option.of('a string that is not empty', (value) => typeof value === 'string' && value !== ''),
);

const isPlugin = (x: unknown): x is Plugin =>
  typeof x === 'object' &&
  x !== null &&
  typeof (x as Plugin).name === 'string' &&
  ['quantizers', 'surrogates', 'forwards'].every(
    (key) => typeof (x as Record<string, unknown>)[key] === 'object',
  );

/**
 * The plugin that a module exports: its default export, its export `plugin`, or its only export that is a plugin.
 * @throws BitgradError `invalid-plugin`
 */
export function pluginOf(module: unknown, from: string): Plugin {
  const exported = Object(module) as Record<string, unknown>;
  const found = [exported.default, exported.plugin, ...Object.values(exported)].find(isPlugin);
  if (found) return found;
  throw fail(
    `${from} exports no plugin (it exports ${Object.keys(exported).join(', ') || 'nothing'})`,
    'Export default definePlugin({ name, version, quantizers }) of @bitgrad/core.',
  );
}

/** The file of a package's main entry, by its package.json. */
function entryOf(folder: string): string {
  const manifest = join(folder, 'package.json');
  const { exports, main } = existsSync(manifest)
    ? (JSON.parse(readFileSync(manifest, 'utf8')) as { exports?: unknown; main?: string })
    : {};
  const entry = conditional((exports as Record<string, unknown> | undefined)?.['.'] ?? exports) ?? main;
  if (entry) return resolve(folder, entry);
  const found = ['index.js', 'index.mjs'].map((name) => join(folder, name)).find((file) => existsSync(file));
  if (found) return found;
  throw fail(`folder ${folder} has no entry`, 'Give it a package.json with "exports", or an index.js.');
}

const conditional = (target: unknown): string | undefined => {
  if (typeof target === 'string') return target;
  if (typeof target !== 'object' || target === null) return undefined;
  const conditions = target as Record<string, unknown>;
  return conditional(conditions.node) ?? conditional(conditions.import) ?? conditional(conditions.default);
};

/** Where a package lies, looking upwards from a folder as Node does. */
function packageFolder(name: string, from: string): string | undefined {
  const folder = join(from, 'node_modules', name);
  if (existsSync(folder)) return folder;
  const parent = dirname(from);
  return parent === from ? undefined : packageFolder(name, parent);
}

const readJsonSafely = (folder: string): string => {
  try {
    return entryOf(folder);
  } catch (cause) {
    if (cause instanceof BitgradError) throw cause;
    throw fail(`package.json of ${folder} cannot be read (${reasonOf(cause)})`, 'Correct it.', cause);
  }
};

/** What to import for a specifier. */
function locate(specifier: string, directory: string): string {
  const path = resolve(directory, specifier);
  if (existsSync(path)) return pathToFileURL(statSync(path).isDirectory() ? readJsonSafely(path) : path).href;
  const isPath = /^(\.{0,2}\/|\.{1,2}$|[A-Za-z]:[\\/])/.test(specifier);
  if (isPath) throw fail(`there is no plugin at ${path}`, 'Check the path given to --plugin.');
  const folder = packageFolder(specifier, directory);
  return folder ? pathToFileURL(readJsonSafely(folder)).href : specifier;
}

/**
 * Imports a plugin; its code runs with the rights of this process.
 * @param specifier a file or folder (relative to `directory`), or the name of a package installed there
 * @param base `import.meta.url` of the program, whose packages a plugin may import without having them
 * @throws BitgradError `invalid-plugin` when it is not there, does not load or exports no plugin
 */
export async function loadPlugin(
  specifier: string,
  directory: string,
  base: string = import.meta.url,
): Promise<Plugin> {
  for (const [what, value] of Object.entries({ plugin: specifier, directory, base }))
    checkValue('recipe', what, value, text);
  const location = locate(specifier, directory);
  installResolveHook(base);
  try {
    return pluginOf(await import(location), specifier);
  } catch (cause) {
    if (cause instanceof BitgradError && cause.code === 'invalid-plugin') throw cause;
    throw fail(
      `plugin ${specifier} does not load (${reasonOf(cause).split('\n')[0]})`,
      'It must be an ES module: "type": "module" in its package.json, or a file that ends in .mjs.',
      cause,
    );
  }
}
