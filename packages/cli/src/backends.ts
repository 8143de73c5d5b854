// The training backends that the command knows, in order of preference. A new backend is one line in the table.
import type { BackendChoice, Probe } from '@bitgrad/core';
import { adapterOf, startBackend as start, unavailable, type BackendSource } from '@bitgrad/recipe';

/** A backend of the table. */
export type BackendRow = Required<BackendSource>;

/** Why what needs a browser does not run in this command, which runs in Node. */
export const browsersOnly = (packageName: string): string =>
  `${packageName} runs in browsers; on a GPU in Node, node-gpu does the same`;

const inBrowsers = (name: string): BackendRow => {
  const packageName = `@bitgrad/backend-${name}`;
  return {
    name,
    package: packageName,
    load: () => Promise.resolve(unavailable(name, browsersOnly(packageName))),
  };
};

/** Every known backend, best first. */
export const backendTable: readonly BackendRow[] = [
  {
    name: 'native',
    package: '@bitgrad/backend-native',
    load: async () => (await import('@bitgrad/backend-native')).native(),
  },
  {
    name: 'wasm',
    package: '@bitgrad/backend-wasm',
    load: async () => (await import('@bitgrad/backend-wasm')).wasm(),
  },
  {
    // After wasm: reading a tensor at once does not work on Dawn. Software renderers are refused.
    name: 'node-gpu',
    package: '@bitgrad/backend-node-gpu',
    load: async () => (await import('@bitgrad/backend-node-gpu')).nodeGpu(),
  },
  inBrowsers('webgpu'),
  inBrowsers('webgl'),
  {
    name: 'cpu',
    package: '@bitgrad/backend-cpu',
    load: async () => (await import('@bitgrad/backend-cpu')).cpu(),
  },
];

/** A backend for listings. */
export interface BackendListing extends Probe {
  readonly name: string;
  readonly package: string;
}

/** Which backends run here, without starting one. */
export const probeBackends = (): Promise<BackendListing[]> =>
  Promise.all(
    backendTable.map(async (row) => {
      const { available, reason, features } = await (await adapterOf(row)).probe();
      return { name: row.name, package: row.package, available, reason, features };
    }),
  );

/**
 * Starts a backend.
 * @param name a name of the table: that one or an error; `auto`: the first that runs, with the others' reasons
 * @throws BitgradError `unknown-name`, `backend-unavailable`
 */
export const startBackend = (name: string): Promise<BackendChoice> => start(backendTable, name);
