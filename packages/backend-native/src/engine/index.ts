// The native deployment engine for packed models in Node. Free of tfjs.
import { checkOptions, type Probe } from '@bitgrad/bits';
import {
  checkCompileOptions,
  type ExecutableOptions,
  type Engine,
  type Executable,
  type PackedModel,
} from '@bitgrad/runtime';
import { chooseIsa, isaRule, type InstructionSet } from '../isa.js';
import { failure } from '../errors.js';
import { createExecutable } from './executable.js';

/** Options of {@link nativeEngine}. */
export interface NativeEngineOptions {
  /**
   * The instruction set to use; by default the environment variable BITGRAD_NATIVE_ISA, or else the best that the processor
   * has. All give equal results.
   */
  isa?: InstructionSet;
}

/**
 * The native engine: the whole model in one call, on threads of its own; `runAsync` leaves the event loop free.
 * @returns an engine named `native`; integer and float32 results follow plan.ts bit for bit, on any number of threads
 * @throws BitgradError `invalid-option`
 */
export function nativeEngine(options: NativeEngineOptions = {}): Engine {
  const { isa: wanted } = checkOptions('backend-native', 'nativeEngine', options, {
    isa: isaRule,
  });
  return Object.freeze({
    name: 'native',
    probe: async (): Promise<Probe> => {
      const chosen = chooseIsa(wanted);
      if (chosen.reason !== undefined) return { available: false, reason: chosen.reason, features: {} };
      const { addon, isa } = chosen;
      return {
        available: true,
        reason: '',
        features: { isa, instructionSets: addon.instructionSets().join(' ') },
      };
    },
    compile: async (model: PackedModel, compile?: ExecutableOptions): Promise<Executable> => {
      const {
        threads = 1,
        strict = false,
        memoryBytes = Infinity,
        signal,
      } = checkCompileOptions('backend-native', model, compile);
      // What follows is done at once: this is when a caller may still change its mind.
      if (signal) await Promise.resolve();
      signal?.throwIfAborted();
      const chosen = chooseIsa(wanted);
      if (chosen.reason !== undefined)
        throw failure('backend-unavailable', {
          what: 'native engine',
          got: chosen.reason,
          next: 'Use the engine `wasm`.',
        });
      return createExecutable(model, { ...chosen, threads, strict, memoryBytes });
    },
  });
}
