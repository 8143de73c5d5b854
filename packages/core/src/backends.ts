// Chooses a training backend from a preference list, and says why the others were not taken.
import { BitgradError } from '@bitgrad/bits';
import type { BackendAdapter } from './contracts/backend.js';

/** A backend that was not taken, and why. */
export interface SkippedBackend {
  readonly name: string;
  readonly reason: string;
}

/** What {@link useBackend} settled on. */
export interface BackendChoice {
  readonly backend: BackendAdapter;
  readonly skipped: readonly SkippedBackend[];
}

/**
 * Starts the first backend of the list that works.
 * @param adapters in order of preference: `[webgpu(), wasm(), cpu()]`
 * @param options.strict only the first may be taken: no fallback (default false)
 * @throws BitgradError `backend-unavailable` with every reason when none works
 */
export async function useBackend(
  adapters: readonly BackendAdapter[],
  { strict = false }: { strict?: boolean } = {},
): Promise<BackendChoice> {
  const skipped: SkippedBackend[] = [];
  for (const backend of strict ? adapters.slice(0, 1) : adapters) {
    const probe = await backend.probe();
    if (!probe.available) {
      skipped.push({ name: backend.name, reason: probe.reason });
      continue;
    }
    try {
      await backend.start();
      return { backend, skipped };
    } catch (cause) {
      if (strict) throw cause;
      skipped.push({ name: backend.name, reason: cause instanceof Error ? cause.message : String(cause) });
    }
  }
  throw new BitgradError({
    code: 'backend-unavailable',
    source: 'core',
    what: `no backend could start (${skipped.map(({ name, reason }) => `${name}: ${reason}`).join('; ') || 'the list is empty'})`,
    next: 'Add cpu() to the list: it runs everywhere.',
  });
}
