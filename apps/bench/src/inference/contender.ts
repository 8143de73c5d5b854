// What is timed: an engine that prepares a network once and then runs it again and again.
import type { FloatNet } from './float.js';

/** A network that is ready to run on one engine. */
export interface Prepared {
  /** Runs for about `ms` milliseconds, at least once, and gives the milliseconds of each inference. */
  measure(ms: number): Promise<number[]>;
  /** What is worth knowing of how it runs, for the report. */
  readonly details?: Readonly<Record<string, string | number>>;
  dispose(): Promise<void> | void;
}

/** One row of the comparison for each network. */
export interface Contender {
  readonly engine: string;
  readonly threads: number;
  prepare(net: FloatNet): Promise<Prepared>;
}

/** Times a function that may be asynchronous, for about `ms` milliseconds. */
export async function timeFor(ms: number, run: () => unknown): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + ms;
  do {
    const start = performance.now();
    const result = run();
    if (result instanceof Promise) await result;
    times.push(performance.now() - start);
  } while (performance.now() < end);
  return times;
}
