// Chooses a training backend from a preference list, and says why the others were not taken.
import {
  BitgradError,
  checkOptions,
  firstThatRuns,
  option,
  reasonsOf,
  within,
  type Skipped,
} from '@bitgrad/bits';
import type { BackendAdapter } from './contracts/backend.js';

/** What {@link useBackend} settled on. */
export interface BackendChoice {
  readonly backend: BackendAdapter;
  readonly skipped: readonly Skipped[];
}

/** Adapters have limits of their own for each thing that they wait for; this one is for those that have none. */
const defaultStartMs = 300_000;

/**
 * Starts the first backend of the list that works.
 * @param adapters in order of preference: `[webgpu(), wasm(), cpu()]`
 * @param options.strict only the first may be taken: no fallback (default false)
 * @param options.startMs milliseconds that the probe of a backend may take, and its start; then the next one is tried
 *   (default 300,000)
 * @throws BitgradError `backend-unavailable` with every reason when none works, `invalid-option` for what are no adapters
 */
export async function useBackend(
  adapters: readonly BackendAdapter[],
  options: { strict?: boolean; startMs?: number } = {},
): Promise<BackendChoice> {
  const { strict = false, startMs = defaultStartMs } = checkOptions('core', 'useBackend', options, {
    strict: option.boolean,
    startMs: option.number(1, 1e8),
  });
  expectAdapters(adapters);
  const limited = <T>(step: string, { name }: BackendAdapter, promise: Promise<T>): Promise<T> =>
    within(
      startMs,
      promise,
      () =>
        new BitgradError({
          code: 'backend-unavailable',
          source: 'core',
          what: `the ${step} of backend "${name}" did not end within ${startMs / 1000} s`,
        }),
    );
  const candidates = (strict ? adapters.slice(0, 1) : adapters).map((backend) => ({
    name: backend.name,
    backend,
    probe: () => limited('probe', backend, Promise.resolve(backend.probe())),
  }));
  const { started, skipped } = await firstThatRuns(
    candidates,
    async ({ backend }) => {
      await limited('start', backend, Promise.resolve(backend.start()));
      return backend;
    },
    (error) => {
      if (strict) throw error;
    },
  );
  if (started) return { backend: started, skipped };
  throw new BitgradError({
    code: 'backend-unavailable',
    source: 'core',
    what: `no backend could start (${reasonsOf(skipped) || 'the list is empty'})`,
    next: 'Add cpu() to the list: it runs everywhere.',
  });
}

function expectAdapters(adapters: unknown): asserts adapters is readonly BackendAdapter[] {
  const isAdapter = (x: unknown): boolean =>
    typeof (x as Partial<BackendAdapter> | null | undefined)?.probe === 'function' &&
    typeof (x as Partial<BackendAdapter>).start === 'function';
  if (Array.isArray(adapters) && adapters.every(isAdapter)) return;
  const bad: unknown = Array.isArray(adapters) ? adapters.find((x) => !isAdapter(x)) : adapters;
  throw new BitgradError({
    code: 'invalid-option',
    source: 'core',
    what: 'backends given to useBackend',
    got: bad === undefined ? 'nothing' : bad,
    expected: 'a list of adapters',
    next: isAdapter(bad)
      ? 'Put it into a list: useBackend([wasm()]).'
      : 'An adapter is made by its factory: useBackend([wasm(), cpu()]).',
  });
}
