// Decodes the embedded modules and adapts those with SIMD to their host: they import a shared memory, and a rewrite of equal
// length makes it an ordinary one.
import { inflate } from '../host.js';
import { failure } from './errors.js';
import type { Target } from './program.js';

export type { Exports as EngineExports } from '../generated/engine.js';

/** Clears the flag `shared` of the imported memory `env.memory`. */
export function withoutSharing(bytes: Uint8Array): void {
  // The import's name ends with "memory", then kind 2 (memory) and the limits' flags: 3 is shared with a maximum.
  const at = String.fromCharCode(...bytes.subarray(0, 256)).indexOf('memory\x02\x03');
  if (at > 0) bytes[at + 7] = 1;
}

const cache = new Map<string, Promise<WebAssembly.Module>>();

async function build({ simd, relaxed, threads }: Target): Promise<WebAssembly.Module> {
  if (!simd)
    return WebAssembly.compile(await inflate((await import('../generated/engine-scalar.js')).default));
  const module = relaxed
    ? await import('../generated/engine-relaxed.js')
    : await import('../generated/engine.js');
  const bytes = await inflate(module.default);
  if (threads === 1) withoutSharing(bytes);
  return WebAssembly.compile(bytes);
}

/** The compiled module for a target; compiled once for each variant. */
export function engineModule(target: Target): Promise<WebAssembly.Module> {
  const key = `${target.variant} ${target.threads > 1}`;
  let module = cache.get(key);
  if (!module) {
    module = build(target).catch((cause: unknown) => {
      cache.delete(key);
      // The message of a browser names the content security policy, where that is the reason.
      throw failure('backend-unavailable', {
        what: `WebAssembly engine (${(cause as Error).message})`,
        next: "A page needs script-src 'wasm-unsafe-eval', a Worker the file simd.wasm as `module`.",
        cause,
      });
    });
    cache.set(key, module);
  }
  return module;
}
