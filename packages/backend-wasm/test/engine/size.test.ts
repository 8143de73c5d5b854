// What a page downloads to run models, and that it needs neither tfjs nor Node.
import { expect, it } from 'vitest';
import { bundle } from './support/bundle.js';

it('a page downloads at most 25 kB gzip to run models: runtime, engine and the one module that it needs', async () => {
  const chunks = await bundle(`
    export { loadModel } from '@bitgrad/runtime';
    export { wasmEngine } from './src/engine/index.js';
  `);
  // Bundlers put in files of their own: the module, engine and engine-relaxed with SIMD and engine-scalar without; what starts
  // threads, where there are several; what fuses sums, where something is added; what lowers ops that few models have; what
  // reads files; what takes a module of the caller's; and the words for what is no model.
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
  const ops = ['sums-', 'lower-seldom-'];
  for (const later of ['engine-', 'threads-', ...ops, 'file-', 'given-module-', 'lookalike-'])
    expect(
      [...loaded].some((name) => name.startsWith(later)),
      later,
    ).toBe(false);
  const common = chunks.reduce((sum, c) => sum + (loaded.has(c.name) ? c.gzipBytes : 0), 0);
  for (const { gzipBytes } of [simd!, relaxed!, scalar!])
    expect(common + gzipBytes).toBeLessThanOrEqual(25_000);
  // One file has all that runs at first: another would be a request more.
  expect([...loaded]).toEqual(['stdin.js']);
  const seldom = chunks.filter(({ name }) => ops.some((part) => name.startsWith(part)));
  expect(seldom).toHaveLength(ops.length);
  const every = seldom.reduce((sum, { gzipBytes }) => sum + gzipBytes, common + simd!.gzipBytes);
  expect(every, 'a model with every op').toBeLessThanOrEqual(28_000);
  for (const { text } of chunks) {
    expect(text).not.toMatch(/tensorflow/);
    expect(text).not.toMatch(/(from|import)\s*\(?["']node:/);
  }
});
