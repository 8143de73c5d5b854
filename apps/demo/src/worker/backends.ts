// The training backends: one adapter for each choice of the form, and what of them can run in this worker.
import type { BackendAdapter } from '@bitgrad/core';
import { cpu } from '@bitgrad/backend-cpu';
import { webgl } from '@bitgrad/backend-webgl';
import { webgpu } from '@bitgrad/backend-webgpu';
import { backendChoices, trainingThreads, type BackendId, type BackendState } from '../shared/backends.js';
import { wasmAdapter } from './start-wasm.js';

const adapters: Readonly<Record<BackendId, () => BackendAdapter>> = {
  wasm: () => wasmAdapter(1),
  'wasm-threads': () => wasmAdapter(trainingThreads),
  webgl: () => webgl(),
  webgpu: () => webgpu(),
  cpu: () => cpu(),
};

/** The adapter of a choice, not started. */
export const adapterOf = (id: BackendId): BackendAdapter => adapters[id]();

/** True where weights are in the memory of a GPU. */
export const trainsOnGpu = (id: BackendId): boolean => adapterOf(id).capabilities.gpu;

async function probe(id: BackendId): Promise<BackendState> {
  const { available, reason, features } = await adapterOf(id).probe();
  const obstacle = id === 'wasm-threads' ? features.threadObstacle : '';
  if (!available || obstacle) return { id, available: false, reason: reason || String(obstacle) };
  return { id, available, reason: features.software === true ? 'without a graphics card here: slow' : '' };
}

/** Asks each backend whether it can run here; starts none. */
export const probeBackends = (): Promise<BackendState[]> =>
  Promise.all(
    backendChoices.map(({ id }) =>
      probe(id).catch((error: unknown) => ({
        id,
        available: false,
        reason: error instanceof Error ? error.message : String(error),
      })),
    ),
  );
