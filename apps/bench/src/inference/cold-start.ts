// Cold start: from starting Node to the first VGG-small result, of a bundled script that holds the runtime and an engine.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nativeEngine } from '@bitgrad/backend-native/engine';
import { build } from 'esbuild';
import { median } from '../statistics.js';

/** Engines by the names of the comparison: where they come from. */
const engines = {
  'bitgrad-wasm': { name: 'wasmEngine', from: '@bitgrad/backend-wasm/engine' },
  'bitgrad-native': { name: 'nativeEngine', from: '@bitgrad/backend-native/engine' },
} as const;

const scriptOf = ({ name, from }: (typeof engines)[keyof typeof engines]): string => `
import { readFileSync } from 'node:fs';
import { loadModel } from '@bitgrad/runtime';
import { ${name} } from '${from}';
const model = await loadModel(readFileSync(process.argv[2]), { engine: ${name}() });
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

/** Milliseconds of some starts. */
interface Starts {
  readonly medianMs: number;
  readonly bestMs: number;
}

/** Cold starts of engines, and of a script that only writes: what Node itself takes. */
export interface ColdStart {
  readonly runs: number;
  readonly node: Starts;
  readonly engines: readonly (Starts & { readonly engine: string; readonly scriptBytes: number })[];
}

const startsOf = (times: readonly number[]): Starts => ({
  medianMs: median([...times]),
  bestMs: Math.min(...times),
});

/** Puts the addon where a bundle finds it: an installed package, whose binary no bundler takes in. */
function installAddon(folder: string): void {
  const manifest = createRequire(import.meta.url).resolve('@bitgrad/backend-native/package.json');
  mkdirSync(join(folder, 'node_modules', '@bitgrad'), { recursive: true });
  symlinkSync(dirname(manifest), join(folder, 'node_modules', '@bitgrad', 'backend-native'), 'junction');
}

async function bundle(folder: string, engine: keyof typeof engines) {
  const { outputFiles } = await build({
    stdin: { contents: scriptOf(engines[engine]), resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    bundle: true,
    format: 'esm',
    platform: 'node',
    minify: true,
    write: false,
    conditions: ['@bitgrad/source'],
  });
  const script = join(folder, `${engine}.mjs`);
  writeFileSync(script, outputFiles[0]!.contents);
  return { engine, script, scriptBytes: outputFiles[0]!.contents.length, times: [] as number[] };
}

/**
 * Measures cold starts, every engine and an empty Node in turn; the native engine where it runs.
 * @param model a packed VGG-small
 * @param runs starts of each, at least 1
 */
export async function coldStart(model: Uint8Array, runs: number): Promise<ColdStart> {
  const folder = mkdtempSync(join(tmpdir(), 'bitgrad-cold-'));
  try {
    const { available } = await nativeEngine().probe();
    if (available) installAddon(folder);
    const names = Object.keys(engines) as (keyof typeof engines)[];
    const ours = await Promise.all(
      names.filter((name) => available || name !== 'bitgrad-native').map((name) => bundle(folder, name)),
    );
    const [empty, file] = [join(folder, 'empty.mjs'), join(folder, 'model.bitgrad')];
    writeFileSync(empty, "process.stdout.write('1');\n");
    writeFileSync(file, model);
    const node: number[] = [];
    for (let i = 0; i < runs; i++) {
      for (const { script, times } of ours) times.push(await firstOutput([script, file]));
      node.push(await firstOutput([empty]));
    }
    return {
      runs,
      node: startsOf(node),
      engines: ours.map(({ engine, scriptBytes, times }) => ({ engine, scriptBytes, ...startsOf(times) })),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
