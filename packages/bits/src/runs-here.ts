// What says whether it runs here, and the choice of the first that does: training backends and engines alike.
import { reasonOf } from './errors.js';

/** Whether something runs here, found out without starting anything that cannot be undone. */
export interface Probe {
  readonly available: boolean;
  /** Why not, and how to get it; empty when available. */
  readonly reason: string;
  /** Facts such as `{ simd: true, threads: 2, renderer: '...' }`. */
  readonly features: Readonly<Record<string, boolean | number | string>>;
}

/** Something that may run here or not. */
export interface RunsHere {
  readonly name: string;
  /** Does not throw: what stands in the way is the reason. */
  probe(): Promise<Probe>;
}

/** What was not taken, and why. */
export interface Skipped {
  readonly name: string;
  readonly reason: string;
}

/** What {@link firstThatRuns} settled on: what `start` gave, or nothing and the last error where none runs. */
export interface Choice<R> {
  readonly started?: R;
  readonly skipped: readonly Skipped[];
  readonly cause?: unknown;
}

/**
 * Starts the first candidate that runs here.
 * @param start starts one whose probe is positive; an error is a reason to try the next one
 * @param stop called with each error: raises what shall end the search
 */
export async function firstThatRuns<T extends RunsHere, R extends object>(
  candidates: readonly T[],
  start: (candidate: T) => Promise<R>,
  stop?: (error: unknown) => void,
): Promise<Choice<R>> {
  const skipped: Skipped[] = [];
  let cause: unknown;
  for (const candidate of candidates) {
    let reason: string;
    try {
      const probe = await candidate.probe();
      if (probe.available) return { started: await start(candidate), skipped };
      reason = probe.reason;
    } catch (error) {
      stop?.(error);
      cause = error;
      reason = typeof error === 'string' ? error : reasonOf(error);
    }
    skipped.push({ name: candidate.name, reason });
  }
  return { skipped, cause };
}

/** The reasons in a line. */
export const reasonsOf = (skipped: readonly Skipped[]): string =>
  skipped.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
