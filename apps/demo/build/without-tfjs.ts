// Keeps tfjs out of the page's own bundle. Quantizers and their certificates need their formulas only, which are plain
// Math; their tensor code needs tfjs, and runs in the workers alone, whose bundles are built without this plugin.
import type { Plugin } from 'vite';

const stub = '\0tfjs-is-in-the-workers';

/** Replaces every tfjs package by an empty module in the build of the page. */
export const withoutTfjs = (): Plugin => ({
  name: 'demo:without-tfjs',
  apply: 'build',
  enforce: 'pre',
  config: () => ({ build: { rollupOptions: { shimMissingExports: true } } }),
  resolveId: (id) => (id.startsWith('@tensorflow/tfjs') ? stub : undefined),
  load: (id) => (id === stub ? 'export default undefined;' : undefined),
});
