// The engines of a place, best first; each is loaded when those before it do not run there.
import { reasonOf } from '@bitgrad/bits';
import type { Engine } from '@bitgrad/runtime';

/** An engine whose code is loaded when it is asked whether it runs. */
function later(name: string, load: () => Promise<Engine>): Engine {
  let loaded: Promise<Engine> | undefined;
  const engine = (): Promise<Engine> => (loaded ??= load());
  return {
    name,
    async probe() {
      try {
        return await (await engine()).probe();
      } catch (cause) {
        return { available: false, reason: `it cannot be loaded (${reasonOf(cause)})`, features: {} };
      }
    },
    compile: async (model, options) => (await engine()).compile(model, options),
  };
}

/** Whether this is Node, Deno or Bun, and no page. */
export const inNode = (): boolean => typeof globalThis.process?.getBuiltinModule === 'function';

/** Imports what is there in Node when it is installed, under a name that bundlers do not look into. */
export const fromNode = <T>(name: string): Promise<T> =>
  import(/* @vite-ignore */ /* webpackIgnore: true */ name) as Promise<T>;

const native = (): Engine =>
  later('native', async () => {
    const name = '@bitgrad/backend-native/engine';
    return (await fromNode<{ nativeEngine(): Engine }>(name)).nativeEngine();
  });

/**
 * The engines that {@link loadModel} tries: in Node `native` (where `@bitgrad/backend-native` is installed), then `wasm`, then
 * `js`; in pages and workers `wasm`, then `js`, which runs where a policy forbids WebAssembly. Engines of GPUs are worth it
 * for large models only, and are named: `loadModel(url, { engine: [webgpuEngine(), ...defaultEngines()] })`.
 */
export const defaultEngines = (): readonly Engine[] => [
  ...(inNode() ? [native()] : []),
  later('wasm', async () => (await import('./wasm-engine.js')).wasmEngine()),
  later('js', async () => (await import('./js-engine.js')).jsEngine()),
];
