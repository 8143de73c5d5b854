// What is timed: an engine that prepares a network once and then runs it again and again.
import type { FloatNet } from './float.js';

/** Milliseconds of one inference. */
export interface Sample {
  readonly wallMs: number;
  /** Of the whole process, all threads: what one thread takes when nothing else runs, whatever else does run. */
  readonly cpuMs: number;
}

/** A network that is ready to run on one engine. */
export interface Prepared {
  /** Runs for about `ms` milliseconds, at least once, and gives the time of each inference. */
  measure(ms: number): Promise<Sample[]>;
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
export async function timeFor(ms: number, run: () => unknown): Promise<Sample[]> {
  const samples: Sample[] = [];
  const end = performance.now() + ms;
  do {
    const used = process.cpuUsage();
    const start = performance.now();
    const result = run();
    if (result instanceof Promise) await result;
    const wallMs = performance.now() - start;
    const { user, system } = process.cpuUsage(used);
    samples.push({ wallMs, cpuMs: (user + system) / 1000 });
  } while (performance.now() < end);
  return samples;
}
