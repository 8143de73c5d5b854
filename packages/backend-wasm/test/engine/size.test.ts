// What a page downloads to run models, and that it needs neither tfjs nor Node.
import { expect, it } from 'vitest';
import { bundle } from './support/bundle.js';

it('a page downloads at most 26 kB gzip to run models: runtime, engine and the one module that it needs', async () => {
  const chunks = await bundle(`
    export { loadModel } from '@bitgrad/runtime';
    export { wasmEngine } from './src/engine/index.js';
  `);
  // Bundlers put in files of their own: the module, engine and engine-relaxed with SIMD and engine-scalar without; what starts
  // threads, where there are several; what fuses sums, where something is added; what reads files; and the words for what is
  // no model.
  const [scalar, relaxed, simd] = ['engine-scalar', 'engine-relaxed', 'engine'].map((module) =>
    chunks.find(({ name }) => new RegExp(`^${module}-[A-Z0-9]+\\.js$`).test(name))!,
  );
  const loaded = new Set<string>();
  const load = (name: string): void => {
    if (loaded.has(name)) return;
    loaded.add(name);
    const { text } = chunks.find((chunk) => chunk.name === name)!;
    for (const match of text.matchAll(/(?:from|import)"\.\/([^"]+)"/g)) load(match[1]!);
  };
  load('stdin.js');
  for (const later of ['engine-', 'threads-', 'sums-', 'file-', 'lookalike-'])
    expect(
      [...loaded].some((name) => name.startsWith(later)),
      later,
    ).toBe(false);
  const common = chunks.reduce((sum, c) => sum + (loaded.has(c.name) ? c.gzipBytes : 0), 0);
  expect(common + simd!.gzipBytes).toBeLessThanOrEqual(26_000);
  expect(common + relaxed!.gzipBytes).toBeLessThanOrEqual(26_000);
  expect(common + scalar!.gzipBytes).toBeLessThanOrEqual(26_000);
  for (const { text } of chunks) {
    expect(text).not.toMatch(/tensorflow/);
    expect(text).not.toMatch(/(from|import)\s*\(?["']node:/);
  }
});
