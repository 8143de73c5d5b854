// The comparison: every engine prepares a network, then they take turns, so that a slow phase of the machine hits all.
import type { Contender, Prepared, Sample } from './contender.js';
import type { FloatNet } from './float.js';

/** One network on one engine; times in milliseconds for one inference. */
export interface InferenceRow {
  readonly net: string;
  readonly engine: string;
  readonly threads: number;
  /** Null when the engine does not run here; then `reason` says why. */
  readonly medianMs: number | null;
  readonly bestMs: number | null;
  readonly p5Ms: number | null;
  readonly p95Ms: number | null;
  /** Median of the process's CPU time: other work on the machine hardly moves it. Only for one thread. */
  readonly cpuMedianMs: number | null;
  readonly samples: number;
  /** Multiply-accumulates of the float network a second, in 10^9, from the median. */
  readonly gmacs: number | null;
  readonly reason?: string;
  readonly details?: Prepared['details'];
}

/** How long to measure. */
export interface CompareOptions {
  /** Turns of every engine. */
  readonly rounds: number;
  /** Milliseconds of a turn. */
  readonly sliceMs: number;
}

interface Runner {
  readonly contender: Contender;
  readonly prepared?: Prepared;
  readonly reason?: string;
  readonly samples: Sample[];
}

const start = async (contender: Contender, net: FloatNet): Promise<Runner> => {
  try {
    const prepared = await contender.prepare(net);
    // Warm-up: compilation of code and caches.
    await prepared.measure(50);
    return { contender, prepared, samples: [] };
  } catch (error) {
    return { contender, reason: (error as Error).message.split('\n')[0]!, samples: [] };
  }
};

const measuredRow = (net: FloatNet, { contender, prepared, reason, samples }: Runner): InferenceRow => {
  const base = {
    net: net.name,
    engine: contender.engine,
    threads: contender.threads,
    samples: samples.length,
  };
  const none = { medianMs: null, bestMs: null, p5Ms: null, p95Ms: null, cpuMedianMs: null, gmacs: null };
  if (samples.length === 0) return { ...base, ...none, reason: reason ?? 'it gave no time' };
  const sorted = samples.map(({ wallMs }) => wallMs).toSorted((a, b) => a - b);
  const cpu = samples.map(({ cpuMs }) => cpuMs).toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  const medianMs = at(0.5);
  return {
    ...base,
    medianMs,
    bestMs: at(0),
    p5Ms: at(0.05),
    p95Ms: at(0.95),
    cpuMedianMs: contender.threads === 1 ? cpu[cpu.length >> 1]! : null,
    gmacs: net.macs / medianMs / 1e6,
    ...(prepared?.details ? { details: prepared.details } : {}),
  };
};

/** Times one network on every engine. */
export async function compareNet(
  net: FloatNet,
  contenders: readonly Contender[],
  { rounds, sliceMs }: CompareOptions,
): Promise<InferenceRow[]> {
  const runners: Runner[] = [];
  for (const contender of contenders) runners.push(await start(contender, net));
  for (let round = 0; round < rounds; round++)
    for (const { prepared, samples } of runners)
      if (prepared) samples.push(...(await prepared.measure(sliceMs)));
  for (const { prepared } of runners) await prepared?.dispose();
  return runners.map((runner) => measuredRow(net, runner));
}

/** The row of an engine, on one thread unless it says otherwise. */
export const rowOf = (
  rows: readonly InferenceRow[],
  net: string,
  engine: string,
  threads = 1,
): InferenceRow | undefined =>
  rows.find((row) => row.net === net && row.engine === engine && row.threads === threads);

/** Two engines on a network, with as many threads. */
export interface Rivals {
  readonly net: string;
  readonly fast: string;
  readonly slow: string;
  readonly threads?: number;
}

/** How many times faster one is than the other, by median or by CPU time; null when one of them was not measured. */
export function speedup(
  rows: readonly InferenceRow[],
  { net, fast, slow, threads = 1 }: Rivals,
  by: 'medianMs' | 'cpuMedianMs' = 'medianMs',
): number | null {
  const time = (engine: string): number | null => rowOf(rows, net, engine, threads)?.[by] ?? null;
  const [a, b] = [time(fast), time(slow)];
  return a === null || b === null ? null : b / a;
}
