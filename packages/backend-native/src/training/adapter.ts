// The training adapter `native()`: tensors are those of tfjs's wasm backend, and the kernels are those of backend-wasm, whose
// calls the addon runs on the same heap.
import { availableParallelism } from 'node:os';
import { activate, heapAdapter, moduleRunner, probe as probeWasm } from '@bitgrad/backend-wasm/training';
import { checkOptions, option, type BackendAdapter, type Probe } from '@bitgrad/core';
import { chooseIsa, isaRule, type InstructionSet } from '../isa.js';
import { failure } from '../errors.js';
import { nativeRunners } from './runner.js';

/** Options of {@link native}. */
export interface NativeOptions {
  /** Threads, from 1 to 64, or `auto` (default): one a core, at most 16. Results are the same bit for bit for any number. */
  readonly threads?: number | 'auto';
  /**
   * The instruction set to use; by default the environment variable BITGRAD_NATIVE_ISA, or else the best that the processor
   * has. All give equal results.
   */
  readonly isa?: InstructionSet;
  /** false leaves out the fused, packed and table kernels, for comparing results. Default true. */
  readonly fused?: boolean;
}

const MOST_THREADS = 16;
const START = 60_000;

const threadCount = (threads: number | 'auto'): number =>
  threads === 'auto' ? Math.max(1, Math.min(MOST_THREADS, availableParallelism())) : threads;

/**
 * Training in Node by native kernels: every layer that trains on the wasm backend trains here, with the same results.
 * @returns an adapter named `native`
 * @throws BitgradError `invalid-option`; from `start`: `backend-unavailable` with the reason where there is no binary for the
 *   platform, or where tfjs's wasm backend does not start
 */
export function native(options: NativeOptions = {}): BackendAdapter {
  const checked = checkOptions<NativeOptions>('backend-native', 'native', options, {
    threads: option.either(option.integer(1, 64), option.oneOf('auto')),
    isa: isaRule,
    fused: option.boolean,
  });
  const { isa: wanted, fused = true } = checked;
  const threads = threadCount(checked.threads ?? 'auto');
  return heapAdapter({
    name: 'native',
    source: 'backend-native',
    ...{ fused, startMs: START },
    async probe(): Promise<Probe> {
      const chosen = chooseIsa(wanted);
      if (chosen.reason !== undefined) return { available: false, reason: chosen.reason, features: {} };
      const { available, reason } = await probeWasm();
      const sets = chosen.addon.instructionSets().join(' ');
      return { available, reason, features: { isa: chosen.isa, instructionSets: sets, threads } };
    },
    activate: () => activate({ threads: 1, startMs: START }),
    async runners(memory) {
      const chosen = chooseIsa(wanted);
      if (chosen.reason !== undefined)
        throw failure('backend-unavailable', { what: chosen.reason, next: 'Use the wasm backend.' });
      const wasm = await moduleRunner(memory);
      const training = new chosen.addon.NativeTraining(threads, chosen.isa);
      return {
        ...nativeRunners(training, memory, threads, wasm),
        dispose: () => training.dispose(),
      };
    },
  });
}
