// Where the files are that only training needs: latent weights, as the folder of a run.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BitgradError } from '@bitgrad/bits';
import { modelNames } from './index.js';

/**
 * The folder of a run with a model's latent weights: what `--init-from zoo:NAME` and `openRun(recipe, { init: 'zoo:NAME' })`
 * start from, and `bitgrad eval` and `openModel` of package `bitgrad` read.
 * @throws BitgradError `unknown-name`
 */
export function latentFolder(name: string): string {
  const folder = new URL(`../models/${name}/latent`, import.meta.url);
  if ((modelNames as readonly unknown[]).includes(name) && existsSync(folder)) return fileURLToPath(folder);
  throw new BitgradError({
    code: 'unknown-name',
    source: 'zoo',
    what: 'model with latent weights',
    got: name,
    expected: `one of ${modelNames.join(', ')}`,
  });
}
