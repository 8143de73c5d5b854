// What a page downloads to run models on a GPU, and that it needs neither tfjs nor Node.
import { build } from 'esbuild';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';

/**
 * @param engine name of the export
 * @param resolveDir folder of the package
 */
export function testEngineSize(engine: string, resolveDir: string): void {
  it('the engine takes at most 15.5 kB gzip', async () => {
    const { outputFiles } = await build({
      stdin: {
        contents: `export { ${engine} } from './src/engine/index.js';`,
        resolveDir,
      },
      bundle: true,
      minify: true,
      format: 'esm',
      target: 'es2022',
      platform: 'browser',
      conditions: ['@bitgrad/source'],
      write: false,
      logLevel: 'error',
    });
    const [{ text, contents }] = outputFiles as unknown as [{ text: string; contents: Uint8Array }];
    expect(gzipSync(contents, { level: 9 }).length).toBeLessThanOrEqual(15_500);
    expect(text).not.toMatch(/tensorflow/);
    expect(text).not.toMatch(/(from|import)\s*\(?["']node:/);
  });
}
