// Cold start: from starting Node to the first VGG-small result, of a bundled script that holds the runtime and the engine.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { median } from '../statistics.js';

const script = `
import { readFileSync } from 'node:fs';
import { loadModel } from '@bitgrad/runtime';
import { wasmEngine } from '@bitgrad/backend-wasm/engine';
const model = await loadModel(readFileSync(process.argv[2]), { engine: wasmEngine() });
const output = model.predictSync(new Uint8Array(32 * 32 * 3).fill(77));
process.stdout.write(String(output.length));
`;

/** Milliseconds from the start of a process to its first output. */
const firstOutput = (args: readonly string[]): Promise<number> =>
  new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], timeout: 60_000 });
    child.stdout.once('data', () => resolve(performance.now() - start));
    child.on('error', reject);
    child.on('exit', (code, signal) =>
      reject(new RangeError(`the script ended with ${signal ?? code} before it wrote a result`)),
    );
  });

/** Milliseconds, medians and best of the runs. */
export interface ColdStart {
  readonly medianMs: number;
  readonly bestMs: number;
  /** A script that only writes: what Node itself takes. */
  readonly nodeMedianMs: number;
  readonly nodeBestMs: number;
  readonly runs: number;
  readonly scriptBytes: number;
}

/**
 * Measures cold starts, alternating with an empty Node.
 * @param model a packed VGG-small
 */
export async function coldStart(model: Uint8Array, runs: number): Promise<ColdStart> {
  const folder = mkdtempSync(join(tmpdir(), 'bitgrad-cold-'));
  try {
    const { outputFiles } = await build({
      stdin: { contents: script, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
      bundle: true,
      format: 'esm',
      platform: 'node',
      minify: true,
      write: false,
      conditions: ['@bitgrad/source'],
    });
    const [main, empty, file] = ['main.mjs', 'empty.mjs', 'model.bitgrad'].map((name) => join(folder, name));
    writeFileSync(main!, outputFiles[0]!.contents);
    writeFileSync(empty!, "process.stdout.write('1');\n");
    writeFileSync(file!, model);
    const [ours, node]: [number[], number[]] = [[], []];
    for (let i = 0; i < runs; i++) {
      ours.push(await firstOutput([main!, file!]));
      node.push(await firstOutput([empty!]));
    }
    return {
      medianMs: median(ours),
      bestMs: Math.min(...ours),
      nodeMedianMs: median(node),
      nodeBestMs: Math.min(...node),
      runs,
      scriptBytes: outputFiles[0]!.contents.length,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
