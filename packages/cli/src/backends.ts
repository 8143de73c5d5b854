// The training backends that the command knows, in order of preference. A new backend is one line in the table.
import { expectText } from './arguments.js';
import * as tf from '@tensorflow/tfjs-core';
import {
  BitgradError,
  reasonOf,
  useBackend,
  type BackendAdapter,
  type BackendChoice,
  type JsonObject,
} from '@bitgrad/core';

/** How to get an adapter. */
export interface BackendRow {
  readonly name: string;
  readonly package: string;
  load(): Promise<BackendAdapter>;
}

/** An adapter that only says why it cannot be had. */
const unavailable = (name: string, reason: string, cause?: unknown): BackendAdapter => ({
  name,
  capabilities: { trainsConvolutions: false, fusedKernels: [], synchronousReads: true },
  probe: () => Promise.resolve({ available: false, reason, features: {} }),
  start: () =>
    Promise.reject(new BitgradError({ code: 'backend-unavailable', source: 'cli', what: reason, cause })),
  report: () => ({}),
  dispose: () => Promise.resolve(),
});

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
export interface BackendListing {
  readonly name: string;
  readonly package: string;
  readonly available: boolean;
  /** Why not, and how to get it; empty when available. */
  readonly reason: string;
  readonly features: JsonObject;
}

const adapterOf = async (row: BackendRow): Promise<BackendAdapter> => {
  try {
    return await row.load();
  } catch (cause) {
    const reason = `${row.package} cannot be loaded (${reasonOf(cause)}); npm install ${row.package}`;
    return unavailable(row.name, reason, cause);
  }
};

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
export async function startBackend(name: string): Promise<BackendChoice> {
  expectText('backend', name);
  const rows = name === 'auto' ? backendTable : backendTable.filter((row) => row.name === name);
  if (rows.length === 0)
    throw new BitgradError({
      code: 'unknown-name',
      source: 'cli',
      what: 'backend',
      got: name,
      expected: `auto or one of ${backendTable.map((row) => row.name).join(', ')}`,
    });
  const adapters = await Promise.all(rows.map(adapterOf));
  if (name !== 'auto') {
    const probe = await adapters[0]!.probe();
    if (!probe.available)
      throw new BitgradError({
        code: 'backend-unavailable',
        source: 'cli',
        what: `backend ${name} cannot start: ${probe.reason}`,
        next: 'Use --backend auto to take the first that runs; `bitgrad list` shows them.',
      });
  }
  // Without it the cpu backend greets on stderr with advice for programs, not for users of a command.
  tf.env().set('PROD', true);
  return useBackend(adapters, { strict: name !== 'auto' });
}
