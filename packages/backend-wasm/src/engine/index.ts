// The WebAssembly deployment engine for packed models: SIMD, relaxed SIMD or scalar, on one thread or several.
// Free of tfjs; a page that only runs models ships this and @bitgrad/runtime.
import { checkOptions, within, type Probe } from '@bitgrad/bits';
import {
  checkCompileOptions,
  type ExecutableOptions,
  type Engine,
  type Executable,
  type PackedModel,
} from '@bitgrad/runtime';
import { builtinModule } from '../host.js';
import { failure } from './errors.js';
import { createExecutable } from './executable.js';
import { detectFeatures, type Features } from './features.js';
import type { GivenModule, ModuleSource } from './given-module.js';
import type { Target } from './program.js';
import type { WorkerLike } from './worker.js';

export type { ModuleSource } from './given-module.js';
export type { WorkerLike, WorkerTask } from './worker.js';

/**
 * The source of the worker threads, a classic script that needs no other file, for pages whose content security policy
 * forbids `blob:` workers: they serve it themselves and pass `createWorker`.
 */
export const workerSource = async (): Promise<string> => (await import('./threads.js')).workerSource;

/** Options of {@link wasmEngine}. */
export interface WasmEngineOptions {
  /**
   * The build to use; by default the fastest that runs here. `relaxed-simd` needs Chrome 114, Node 22 (20 with
   * --experimental-wasm-relaxed-simd); `simd` any browser since 2023; `scalar` any WebAssembly. All give equal results.
   */
  variant?: 'relaxed-simd' | 'simd' | 'scalar';
  /**
   * One of the files `scalar.wasm`, `simd.wasm`, `relaxed-simd.wasm` of this package (for threads `simd-threads.wasm`,
   * `relaxed-simd-threads.wasm`) as a compiled module, for hosts that compile ahead of time only (Cloudflare Workers), or as
   * its bytes or address. By default a module that the engine carries. Not together with `variant`: the file decides.
   */
  module?: ModuleSource;
  /**
   * Makes a worker thread that runs {@link workerSource}; by default from a `blob:` URL (or in Node, `eval`).
   * For pages whose content security policy forbids `worker-src blob:`.
   */
  createWorker?: () => WorkerLike;
  /**
   * A run on several threads in which nothing moves for so many milliseconds has lost a worker: it is finished on one
   * thread, as are later runs, and `report()` says so; with `strict` it raises `invalid-state` first. 50 to 1e8, default
   * 10,000.
   */
  stallMs?: number;
  /**
   * Workers that do not start within so many milliseconds are given up: there is one thread then, and `report()` says
   * why; with `strict`, `backend-unavailable`. 50 to 1e8, default 10,000.
   */
  startMs?: number;
}

const variants = ['relaxed-simd', 'simd', 'scalar'] as const;

const duration = {
  expected: '50 to 1e8',
  allows: (ms: unknown) => typeof ms === 'number' && ms >= 50 && ms <= 1e8,
};

const missing = (features: Features, variant: (typeof variants)[number]): string => {
  const { wasm, simd, relaxedSimd } = features;
  if (variant === 'relaxed-simd' ? relaxedSimd : variant === 'simd' ? simd : wasm) return '';
  return `${wasm ? variant : 'WebAssembly'} is not supported here`;
};

/**
 * The WebAssembly engine.
 * @returns an engine named `wasm`; integer and float32 results follow plan.ts bit for bit, on any number of threads
 * @throws BitgradError `invalid-option`
 */
export function wasmEngine(options: WasmEngineOptions = {}): Engine {
  const {
    variant: wanted,
    module: source,
    createWorker,
    stallMs = 10_000,
    startMs = 10_000,
  } = checkOptions('backend-wasm', 'wasmEngine', options, {
    variant: {
      expected: `${variants.join(', ')}; none beside a module`,
      allows: (name) => variants.includes(name as never) && !options.module,
    },
    module: { expected: 'a WebAssembly.Module, bytes or an address', allows: Boolean },
    createWorker: { expected: 'a function', allows: (make) => typeof make === 'function' },
    stallMs: duration,
    startMs: duration,
  });
  const choose = (features: Features): (typeof variants)[number] =>
    wanted ?? variants.find((variant) => !missing(features, variant)) ?? 'scalar';
  const readGiven = async (source: ModuleSource, { sharedMemory }: Features): Promise<GivenModule> =>
    (await import('./given-module.js')).readModule(source, {
      sharedMemory,
      startMs,
      within,
      failure,
      builtinModule,
    });
  return Object.freeze({
    name: 'wasm',
    probe: async (): Promise<Probe> => {
      const features = detectFeatures();
      const reason = missing(features, choose(features));
      return { available: !reason, reason, features: { ...features } };
    },
    compile: async (model: PackedModel, compile?: ExecutableOptions): Promise<Executable> => {
      const {
        threads: wantedThreads = 1,
        strict = false,
        memoryBytes,
        signal,
      } = checkCompileOptions('backend-wasm', model, compile);
      signal?.throwIfAborted();
      const features = detectFeatures();
      const given = source && features.wasm ? await readGiven(source, features) : undefined;
      const variant = given?.variant ?? choose(features);
      const unavailable = missing(features, variant);
      if (unavailable)
        throw failure('backend-unavailable', {
          what: 'WebAssembly engine',
          got: unavailable,
          next: 'Use the engine `js`, or leave out `variant`.',
        });
      // One thread needs nothing, and in Node looking for workers loads a part of it.
      const reason =
        wantedThreads > 1
          ? (await import('./threads.js')).threadsUnavailable(variant, features, given)
          : undefined;
      if (strict && (reason || (variant === 'scalar' && wanted !== 'scalar')))
        throw failure('kernel-missing', {
          what: 'fast execution',
          got: reason ?? 'simd is not supported here',
          next: 'Compile without strict.',
        });
      const target: Target = {
        variant,
        simd: variant !== 'scalar',
        relaxed: variant === 'relaxed-simd',
        narrow: variant !== 'scalar',
        threads: reason ? 1 : wantedThreads,
      };
      return createExecutable(model, {
        target,
        given,
        stallMs,
        startMs,
        strict,
        createWorker,
        memoryBytes,
        signal,
        threadsReason: reason,
      });
    },
  });
}
