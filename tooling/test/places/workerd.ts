// A worker of Cloudflare's workerd: one bundle, the modules that its configuration names, and no compiling of WebAssembly.
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle, file, pixels, type Outcome } from './project.js';

const source = `
import { answer } from './answer.mjs';
import module from '@bitgrad/backend-wasm/simd.wasm';
import file from './digits.bitgrad';
import pixels from './seven.data';
export default {
  async fetch(request) {
    const { cases, runs } = await request.json();
    const given = cases.map((one) => (one.module ? { ...one, module } : one));
    return Response.json(await answer({ file, pixels: new Uint8Array(pixels), cases: given, runs }));
  },
};`;

/** What a worker is made of, by the names that it imports: the kind of each module, and its file. */
export type Modules = Readonly<Record<string, readonly [kind: 'esModule' | 'wasm' | 'data', file: string]>>;

const configOf = (modules: Modules): string => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);
const main :Workerd.Worker = (
  modules = [
${Object.entries(modules)
  .map(([name, [kind, path]]) => `    (name = "${name}", ${kind} = embed "${path}"),`)
  .join('\n')}
  ],
  compatibilityDate = "2026-01-01"
);`;

/**
 * Starts a worker and resolves when it listens.
 * @param folder where its configuration is written, which files of modules are relative to
 */
export async function serveModules(binary: string, folder: string, modules: Modules) {
  writeFileSync(join(folder, 'config.capnp'), configOf(modules));
  const child = spawn(binary, ['serve', join(folder, 'config.capnp'), '--control-fd=1'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (data) => (errors += data));
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.on('data', (data) => resolve(JSON.parse(data).port));
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`workerd exits with ${code}: ${errors}`)));
    setTimeout(() => reject(new Error(`workerd does not listen: ${errors}`)), 20_000).unref();
  });
  return { url: `http://127.0.0.1:${port}/`, stop: () => child.kill() };
}

/** A task for the worker: `module` stands for the module of its configuration. */
export interface Task {
  cases: { engine: 'js' | 'wasm'; threads?: number; module?: true }[];
  runs: number;
}

/** Starts the worker; `ask` gives it a task. */
export async function startWorkerd(binary: string, project: string) {
  const folder = join(project, 'workerd');
  mkdirSync(folder);
  const external = ['*.wasm', '*.bitgrad', '*.data'];
  const text = await bundle(project, source, { format: 'esm', target: 'es2022', external });
  for (const [name, contents] of Object.entries({
    'worker.js': text,
    'digits.bitgrad': file,
    'seven.data': pixels,
  }))
    writeFileSync(join(folder, name), contents);
  const simd = '@bitgrad/backend-wasm/simd.wasm';
  const { url, stop } = await serveModules(binary, folder, {
    'worker.js': ['esModule', 'worker.js'],
    [simd]: ['wasm', '../node_modules/@bitgrad/backend-wasm/dist/simd.wasm'],
    'digits.bitgrad': ['data', 'digits.bitgrad'],
    'seven.data': ['data', 'seven.data'],
  });
  return {
    text,
    ask: async (task: Task): Promise<Outcome[]> => {
      const body = JSON.stringify(task);
      const response = await fetch(url, { method: 'POST', body });
      return (await response.json()) as Outcome[];
    },
    stop,
  };
}
