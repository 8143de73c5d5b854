// The engine for packed models on a GPU in Node: the WebGPU engine on Dawn. Free of tfjs.
import { BitgradError, checkOptions, type ExecutableOptions, type PackedModel } from '@bitgrad/runtime';
import { webgpuEngine, type WebgpuEngine } from '@bitgrad/backend-webgpu/engine';
import { probeDawn } from './dawn.js';

/** Options of {@link nodeGpuEngine}. */
export interface NodeGpuEngineOptions {
  /** Run on a software renderer too (default false: the wasm engine is faster there). */
  allowSoftware?: boolean;
}

/**
 * The GPU engine for Node.
 * @returns an engine named `node-gpu`; results as those of `webgpuEngine`
 * @throws BitgradError `invalid-option`
 */
export function nodeGpuEngine(options: NodeGpuEngineOptions = {}): WebgpuEngine {
  const { allowSoftware = false } = checkOptions('backend-node-gpu', 'nodeGpuEngine', options, {
    allowSoftware: { expected: 'true or false', allows: (v) => typeof v === 'boolean' },
  });
  let engine: WebgpuEngine | undefined;
  return Object.freeze({
    name: 'node-gpu',
    async probe() {
      const { gpu, reason, features } = await probeDawn(allowSoftware);
      return { available: gpu !== undefined, reason, features };
    },
    async compile(model: PackedModel, options?: ExecutableOptions) {
      const { gpu, reason } = await probeDawn(allowSoftware);
      if (!gpu)
        throw new BitgradError({
          code: 'backend-unavailable',
          source: 'backend-node-gpu',
          what: reason,
          next: 'Use the wasm engine.',
        });
      engine ??= webgpuEngine({ gpu });
      const executable = await engine.compile(model, options);
      return { ...executable, report: () => ({ ...executable.report(), engine: 'node-gpu' }) };
    },
  });
}
