// The first SIGINT or SIGTERM asks; a later one insists.
import { exitCodes } from './exit.js';

type Signal = 'SIGINT' | 'SIGTERM';

/** A wrapper may pass on a signal that the terminal has sent to the whole group: within this time it is the same one. */
const sameSignalMs = 1000;

/**
 * Runs work with a signal that SIGINT and SIGTERM abort; the reason is the signal's name. A second one, later than a
 * second, ends the process at once: what is on the disk is whole all the same.
 */
export async function withSignals<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let first = 0;
  const onSignal = (name: Signal): void => {
    const now = performance.now();
    if (!controller.signal.aborted) {
      first = now;
      controller.abort(name);
    } else if (now - first > sameSignalMs) process.exit(exitCodes[name]);
  };
  const names: readonly Signal[] = ['SIGINT', 'SIGTERM'];
  names.forEach((name) => process.on(name, onSignal));
  try {
    return await work(controller.signal);
  } finally {
    names.forEach((name) => process.off(name, onSignal));
  }
}
