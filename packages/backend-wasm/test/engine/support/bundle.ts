// Bundles sources as a web project would, with esbuild.
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** A bundled file and its size after minification and gzip. */
export interface Chunk {
  name: string;
  text: string;
  gzipBytes: number;
}

/** Bundles a module given as text; `@bitgrad/*` resolves to sources. */
export async function bundle(
  contents: string,
  platform: 'browser' | 'node' = 'browser',
  splitting = true,
): Promise<Chunk[]> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL('../../..', import.meta.url)), loader: 'ts' },
    bundle: true,
    minify: true,
    format: 'esm',
    splitting,
    target: 'es2022',
    platform,
    conditions: ['@bitgrad/source'],
    external: ['@tensorflow/*'],
    outdir: 'out',
    write: false,
    logLevel: 'error',
  });
  return outputFiles.map(({ path, text, contents: bytes }) => ({
    name: path.slice(path.lastIndexOf('/') + 1),
    text,
    gzipBytes: gzipSync(bytes, { level: 9 }).length,
  }));
}
