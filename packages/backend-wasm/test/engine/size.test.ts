// What a page downloads to run models, and that it needs neither tfjs nor Node.
import { expect, it } from 'vitest';
import { bundle } from './support/bundle.js';

it('a page downloads at most 26.5 KiB gzip to run models: runtime, engine and the one module that it needs', async () => {
  const chunks = await bundle(`
    export { loadModel } from '@bitgrad/runtime';
    export { wasmEngine } from './src/engine/index.js';
  `);
  // Bundlers put each module in a file of its own: engine is fetched with SIMD, engineScalar without.
  const [scalar, simd] = ['engineScalar-', 'engine-'].map((start) =>
    chunks.find(({ name }) => name.startsWith(start))!,
  );
  const common = chunks.reduce((sum, c) => sum + (c === scalar || c === simd ? 0 : c.gzipBytes), 0);
  expect(chunks).toHaveLength(3);
  expect(common + simd!.gzipBytes).toBeLessThanOrEqual(26.5 * 1024);
  expect(common + scalar!.gzipBytes).toBeLessThanOrEqual(26.5 * 1024);
  for (const { text } of chunks) {
    expect(text).not.toMatch(/tensorflow/);
    expect(text).not.toMatch(/(from|import)\s*\(?["']node:/);
  }
});
