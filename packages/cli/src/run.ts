// The common path as a function: a run is opened, trained and packed.
import { openRun as open, type OpenOptions, type RecipeInput, type Run } from '@bitgrad/recipe';
import { BitgradError, checkOptions, option } from '@bitgrad/core';
import { expectText } from './arguments.js';
import { backendTable } from './backends.js';
import { initialFrom } from './initial.js';
import { nodeStorage } from './model-dir/storage.js';
import { usePlugins } from './plugins.js';

/** What {@link openRun} takes beside a recipe. */
export interface OpenRunOptions extends OpenOptions {
  /** Paths or package names of plugins. */
  readonly plugins?: readonly string[];
  /** Starts from the latent weights of a run's folder, or of a model of the zoo (`zoo:mnist-tfc`), by name and shape. */
  readonly init?: string;
}

/**
 * Opens a run in Node: `openRun` of @bitgrad/recipe with this package's backends and plugins, the data sets of folders, and
 * paths for what is saved.
 * @throws BitgradError `invalid-option`, `unknown-name`, `invalid-plugin`, `backend-unavailable`, and from what reads data
 */
export async function openRun(recipe: RecipeInput = {}, options: OpenRunOptions = {}): Promise<Run> {
  checkOptions('cli', 'openRun', { options }, { options: option.object });
  const { plugins = [], init, ...rest } = options;
  await usePlugins(plugins, process.cwd());
  const initial = init === undefined ? undefined : await startOf(init, rest, plugins.length > 0);
  return open(recipe, { backends: backendTable, storage: nodeStorage, ...rest, ...(initial && { initial }) });
}

function startOf(init: unknown, { initial, note = () => undefined }: OpenOptions, named: boolean) {
  expectText('init', init);
  if (initial === undefined) return initialFrom(init, process.cwd(), note, named);
  throw new BitgradError({ code: 'invalid-option', source: 'cli', what: 'init and initial', got: 'both', expected: 'one of them' }); // prettier-ignore
}
