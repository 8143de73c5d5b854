// Writes what is published besides the code that tsup builds. The modules of the engine as files, `dist/simd.wasm` and so on, for
// hosts that compile ahead of time only: each says in a section what it is and which kernels it has, so that the engine refuses
// another, or one of another version. And the runtime and the engine as one file, where tsup splits.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import relaxed from '../src/generated/engine-relaxed.js';
import scalar from '../src/generated/engine-scalar.js';
import simd from '../src/generated/engine.js';
import { moduleNames, sectionName } from '../src/engine/given-module.js';
import { withoutSharing } from '../src/engine/module.js';
import { inflate } from '../src/host.js';
import { kernels } from './kernels.js';

/** A name as WebAssembly has it. */
const named = (text: string): number[] => [text.length, ...Buffer.from(text)];

/** The bytes of a published file; `id` says which kernels it has. */
export async function moduleFile(name: (typeof moduleNames)[number], id: string) {
  const bytes = await inflate(name === 'scalar' ? scalar : name.startsWith('simd') ? simd : relaxed);
  if (!name.endsWith('-threads')) withoutSharing(bytes);
  const section = [...named(sectionName), ...Buffer.from(`${name} ${id}`)];
  return Uint8Array.from([...bytes, 0, section.length, ...section]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const dist = fileURLToPath(new URL('../dist/', import.meta.url));
  mkdirSync(dist, { recursive: true });
  for (const name of moduleNames) writeFileSync(`${dist}${name}.wasm`, await moduleFile(name, kernels));
  await build({
    entryPoints: [fileURLToPath(new URL('../src/one-file.ts', import.meta.url))],
    outfile: `${dist}one-file.js`,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    conditions: ['@bitgrad/source'],
    define: { BITGRAD_KERNELS: JSON.stringify(kernels) },
    logLevel: 'error',
  });
}
