// The common path as a function: a run is opened, trained and packed.
import { openRun as open, type OpenOptions, type RecipeInput, type Run } from '@bitgrad/recipe';
import { checkOptions, option } from '@bitgrad/core';
import { backendTable } from './backends.js';
import { nodeStorage } from './model-dir/storage.js';
import { usePlugins } from './plugins.js';

/** What {@link openRun} takes beside a recipe. */
export interface OpenRunOptions extends OpenOptions {
  /** Paths or package names of plugins. */
  readonly plugins?: readonly string[];
}

/**
 * Opens a run in Node: `openRun` of @bitgrad/recipe with this package's backends and plugins, the data sets of folders, and
 * paths for what is saved.
 * @throws BitgradError `invalid-option`, `unknown-name`, `invalid-plugin`, `backend-unavailable`, and from what reads data
 */
export async function openRun(recipe: RecipeInput = {}, options: OpenRunOptions = {}): Promise<Run> {
  checkOptions('cli', 'openRun', { options }, { options: option.object });
  const { plugins = [], ...rest } = options;
  await usePlugins(plugins, process.cwd());
  return open(recipe, { backends: backendTable, storage: nodeStorage, ...rest });
}
