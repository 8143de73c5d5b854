// What a page downloads to run models, and that it needs neither tfjs nor Node.
import { expect, it } from 'vitest';
import { bundle } from './support/bundle.js';

it('runtime and engine, with the SIMD and the scalar module, take at most 25 kB gzip', async () => {
  const chunks = await bundle(`
    export { loadModel } from '@bitgrad/runtime';
    export { wasmEngine } from './src/engine/index.js';
  `);
  const scalar = chunks.find(({ name }) => name.startsWith('engineScalar'));
  const total = chunks.reduce((sum, { gzipBytes }) => sum + gzipBytes, 0);
  expect(scalar).toBeDefined();
  expect(total).toBeLessThanOrEqual(25_000);
  // The scalar module is fetched only where SIMD is missing.
  expect(total - scalar!.gzipBytes).toBeLessThanOrEqual(22_300);
  for (const { text } of chunks) {
    expect(text).not.toMatch(/tensorflow/);
    expect(text).not.toMatch(/(from|import)\s*\(?["']node:/);
  }
});

it('the engine alone takes at most 15 kB gzip with its SIMD module', async () => {
  const chunks = await bundle(`export { wasmEngine } from './src/engine/index.js';`);
  const used = chunks.filter(({ name }) => !name.startsWith('engineScalar'));
  expect(used.reduce((sum, { gzipBytes }) => sum + gzipBytes, 0)).toBeLessThanOrEqual(15_000);
});
