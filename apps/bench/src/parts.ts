// What comparisons are made of: the backends that may train, and the plugins of this repository.
import { use } from '@bitgrad/core';
import { nodeDatasetsPlugin } from '@bitgrad/datasets/node';
import { fdaPlugin } from '@bitgrad/quantizer-fda';
import { modernPlugin } from '@bitgrad/quantizer-modern';
import { proxConnectPlugin } from '@bitgrad/quantizer-proxconnect';
import { stePlugin } from '@bitgrad/quantizer-ste';
import type { BackendSource } from '@bitgrad/recipe';
import { loadPlugin } from '@bitgrad/recipe/node';

/** Best first; each is loaded when it is asked for. */
export const backends: readonly BackendSource[] = [
  { name: 'wasm', load: async () => (await import('@bitgrad/backend-wasm')).wasm() },
  // One thread: `--workers` is what a machine's cores are for.
  { name: 'native', load: async () => (await import('@bitgrad/backend-native')).native({ threads: 1 }) },
  { name: 'node-gpu', load: async () => (await import('@bitgrad/backend-node-gpu')).nodeGpu() },
  { name: 'cpu', load: async () => (await import('@bitgrad/backend-cpu')).cpu() },
];

/** Registers the plugins of this repository and those of a config. @throws BitgradError `invalid-plugin`, `duplicate-name` */
export async function usePlugins(specifiers: readonly string[]): Promise<void> {
  use(stePlugin, proxConnectPlugin, fdaPlugin, modernPlugin, nodeDatasetsPlugin);
  for (const specifier of specifiers) use(await loadPlugin(specifier, process.cwd(), import.meta.url));
}
