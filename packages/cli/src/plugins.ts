// The plugins that the command registers: those of its own packages, then those named by --plugin.
import * as tf from '@tensorflow/tfjs-core';
import { expectText, expectTexts } from './arguments.js';
import { use, type Plugin } from '@bitgrad/core';
import { datasetsPlugin } from '@bitgrad/datasets';
import { nodeDatasetsPlugin } from '@bitgrad/datasets/node';
import { modelsPlugin } from '@bitgrad/models';
import { trainingPlugin } from '@bitgrad/training';
import { recipesPlugin } from '@bitgrad/recipe';
import { loadPlugin, pluginOf } from '@bitgrad/recipe/node';

/** The packages whose plugins are always there, in order. A new one is one line here and one in package.json. */
const packages: readonly { name: string; load(): Promise<unknown> }[] = [
  { name: '@bitgrad/quantizer-ste', load: () => import('@bitgrad/quantizer-ste') },
  { name: '@bitgrad/quantizer-proxconnect', load: () => import('@bitgrad/quantizer-proxconnect') },
  { name: '@bitgrad/quantizer-fda', load: () => import('@bitgrad/quantizer-fda') },
  { name: '@bitgrad/quantizer-modern', load: () => import('@bitgrad/quantizer-modern') },
  { name: '@bitgrad/importer', load: () => import('@bitgrad/importer') },
];

/** The plugins of the command's own packages. */
export const builtInPlugins = (): Promise<Plugin[]> =>
  Promise.all([
    modelsPlugin,
    datasetsPlugin,
    nodeDatasetsPlugin,
    trainingPlugin,
    recipesPlugin,
    ...packages.map(async ({ name, load }) => pluginOf(await load(), name)),
  ]);

/**
 * Registers the built-in plugins and those of `specifiers` with the default registry.
 * @param specifiers paths or package names, as given to --plugin
 * @returns the plugins that were named, in order
 * @throws BitgradError `invalid-plugin`, `duplicate-name`
 */
export async function usePlugins(specifiers: readonly string[], directory: string): Promise<Plugin[]> {
  expectTexts('plugins', specifiers);
  expectText('directory', directory);
  // Without it tfjs greets on stderr with advice for programs, not for users of a command, and a second copy of it, as a plugin
  // may bring one, tells of everything that it finds registered.
  tf.env().set('PROD', true);
  use(...(await builtInPlugins()));
  const named: Plugin[] = [];
  for (const specifier of specifiers) named.push(await loadPlugin(specifier, directory, import.meta.url));
  use(...named);
  return named;
}
