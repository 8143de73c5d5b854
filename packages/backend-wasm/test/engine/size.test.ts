// What a page downloads to run models, and that it needs neither tfjs nor Node.
import { expect, it } from 'vitest';
import { bundle } from './support/bundle.js';

it('runtime and engine take at most 23 kB gzip, and 25 KiB with the scalar module', async () => {
  const chunks = await bundle(`
    export { loadModel } from '@bitgrad/runtime';
    export { wasmEngine } from './src/engine/index.js';
  `);
  const total = chunks.reduce((sum, { gzipBytes }) => sum + gzipBytes, 0);
  expect(total).toBeLessThanOrEqual(25 * 1024);
  // Bundlers put the scalar module in a file of its own, fetched only where SIMD is missing.
  const scalar = chunks.find(({ name }) => name.startsWith('engineScalar'))!;
  expect(total - scalar.gzipBytes).toBeLessThanOrEqual(23_000);
  for (const { text } of chunks) {
    expect(text).not.toMatch(/tensorflow/);
    expect(text).not.toMatch(/(from|import)\s*\(?["']node:/);
  }
});
