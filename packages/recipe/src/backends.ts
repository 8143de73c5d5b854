// Which backend a run is trained on.
import * as tf from '@tensorflow/tfjs-core';
import {
  BitgradError,
  checkValue,
  option,
  reasonOf,
  useBackend,
  type BackendAdapter,
  type BackendChoice,
} from '@bitgrad/core';

/** How to get an adapter; it is loaded when it is asked for. */
export interface BackendSource {
  readonly name: string;
  /** The package to install where it cannot be loaded. */
  readonly package?: string;
  load(): BackendAdapter | Promise<BackendAdapter>;
}

/** An adapter that only says why it cannot be had. */
export const unavailable = (name: string, reason: string, cause?: unknown): BackendAdapter => ({
  name,
  capabilities: { fusedKernels: [], gpu: false },
  probe: () => Promise.resolve({ available: false, reason, features: {} }),
  start: () =>
    Promise.reject(new BitgradError({ code: 'backend-unavailable', source: 'recipe', what: reason, cause })),
  report: () => ({}),
  dispose: () => Promise.resolve(),
});

/** The adapter of a source, or one that says why there is none. */
export const adapterOf = async ({ name, package: from, load }: BackendSource): Promise<BackendAdapter> => {
  try {
    return await load();
  } catch (cause) {
    const install = from === undefined ? '' : `; npm install ${from}`;
    return unavailable(name, `${from ?? name} cannot be loaded (${reasonOf(cause)})${install}`, cause);
  }
};

/** The backend of tfjs that runs already. */
async function running(): Promise<BackendChoice> {
  await tf.ready().catch((cause: unknown) => {
    throw new BitgradError({
      code: 'backend-unavailable',
      source: 'recipe',
      what: 'no backend of TensorFlow.js runs',
      next: "Pass backends, or import one, as in import '@tensorflow/tfjs-backend-cpu'.",
      cause,
    });
  });
  return { backend: { ...unavailable(tf.getBackend(), ''), start: () => Promise.resolve() }, skipped: [] };
}

/**
 * Starts a backend.
 * @param sources what there is, best first; none: the backend of tfjs that runs already
 * @param name a name of the sources: that one or an error; `auto`: the first that runs, with the others' reasons
 * @throws BitgradError `unknown-name`, `backend-unavailable`
 */
export async function startBackend(sources: readonly BackendSource[], name: string): Promise<BackendChoice> {
  checkValue('recipe', 'backends', sources, option.required(option.list(option.object)));
  checkValue('recipe', 'backend', name, option.required(option.string));
  const present = sources.length === 0 ? await running() : undefined;
  if (present && (name === 'auto' || name === present.backend.name)) return present;
  const rows = name === 'auto' ? sources : sources.filter((row) => row.name === name);
  if (rows.length === 0)
    throw new BitgradError({
      code: 'unknown-name',
      source: 'recipe',
      what: 'backend',
      got: name,
      expected: `auto or one of ${sources.map((row) => row.name).join(', ') || tf.getBackend()}`,
    });
  const adapters = await Promise.all(rows.map(adapterOf));
  if (name !== 'auto') {
    const probe = await adapters[0]!.probe();
    if (!probe.available)
      throw new BitgradError({
        code: 'backend-unavailable',
        source: 'recipe',
        what: `backend ${name} cannot start: ${probe.reason}`,
        next: 'Use --backend auto to take the first that runs; `bitgrad list` shows them.',
      });
  }
  // Without it the cpu backend greets with advice for programs.
  tf.env().set('PROD', true);
  return useBackend(adapters, { strict: name !== 'auto' });
}
