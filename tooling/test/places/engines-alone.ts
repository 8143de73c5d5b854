// JavaScript engines with nothing around them: no fetch, no URL, no TextDecoder, no WebAssembly. React Native has Hermes; its
// bundler compiles classes and async functions for it, which TypeScript does here.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { bundle, file, pixels, run, type Outcome } from './project.js';

/** One file that prints the outcomes; the model and the picture are in it as typed arrays. */
export const bundleAlone = (project: string): Promise<string> =>
  bundle(
    project,
    `import { answer } from './answer.mjs';
     const [file, pixels] = [Uint8Array.of(${file.join()}), Uint8Array.of(${pixels.join()})];
     answer({ file, pixels, cases: [{ engine: 'js' }, { engine: 'wasm' }], runs: 3 }).then(
       (outcomes) => print(JSON.stringify(outcomes)),
       (error) => print(String(error)),
     );`,
    { format: 'iife', target: 'es2022' },
  );

/** Runs a bundle in Hermes. */
export async function inHermes(binary: string, project: string, text: string): Promise<Outcome[]> {
  const compilerOptions = { target: ts.ScriptTarget.ES5, downlevelIteration: true, removeComments: true };
  const path = join(project, 'hermes.js');
  writeFileSync(path, ts.transpileModule(text, { compilerOptions }).outputText);
  const { stdout } = await run(binary, ['-O', path], { timeout: 60_000 });
  return JSON.parse(stdout) as Outcome[];
}

/** The part of quickjs-emscripten that is used. */
interface QuickJs {
  getQuickJS(): Promise<{ newContext(): Context }>;
}
interface Context {
  global: unknown;
  runtime: { executePendingJobs(): { error?: unknown } };
  newFunction(name: string, call: (text: unknown) => void): unknown;
  setProp(of: unknown, name: string, value: unknown): void;
  evalCode(text: string): { error?: unknown };
  dump(handle: unknown): unknown;
}

/** Runs a bundle in QuickJS, which is itself compiled to WebAssembly here. */
export async function inQuickJs(path: string, text: string): Promise<Outcome[]> {
  const { default: loaded, ...named } = (await import(pathToFileURL(path).href)) as QuickJs & {
    default?: QuickJs;
  };
  const context = (await (loaded ?? named).getQuickJS()).newContext();
  let printed: unknown;
  const print = context.newFunction('print', (value) => (printed = context.dump(value)));
  context.setProp(context.global, 'print', print);
  for (const { error } of [context.evalCode(text), context.runtime.executePendingJobs()])
    if (error) throw new Error(JSON.stringify(context.dump(error)));
  return JSON.parse(String(printed)) as Outcome[];
}
