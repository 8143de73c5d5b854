// Results of trials as one row a method.
import type { BenchConfig } from './config.js';
import { labelOf } from './config.js';
import type { EpochRow, TrialResult } from './result.js';
import { deviation, mean } from './statistics.js';

/** A method over its seeds. Accuracies in percent. */
export interface MethodRow {
  readonly label: string;
  readonly trials: readonly TrialResult[];
  readonly hardened: { readonly mean: number; readonly deviation: number };
  /** Soft minus hardened accuracy, mean over seeds, in points. */
  readonly gap: number;
  /** The one of a seed that is farthest from 0. */
  readonly largestGap: number;
  /** Share of kernel signs that a step changes, mean over epochs and seeds: at the end of a schedule it is near 0. */
  readonly flipRatio: number | null;
  readonly imagesPerSecond: number;
  /** The largest file of the seeds: they differ where a last layer is in 8 bits for some and float for others. */
  readonly packedBytes: number | null;
  readonly floatBytes: number | null;
  /** Median packed latency in milliseconds, by engine. */
  readonly latency: Readonly<Record<string, number>>;
  /** Share of images on which packed model and graph agree, worst seed. */
  readonly agreement: number | null;
  /** Hardened accuracy by epoch: mean, least and most over seeds. */
  readonly curve: readonly { epoch: number; mean: number; low: number; high: number }[];
}

const present = <T>(values: readonly (T | null | undefined)[]): T[] =>
  values.filter((v): v is T => v !== null && v !== undefined);
const meanOrNull = (values: readonly (number | null)[]): number | null => {
  const known = present(values);
  return known.length > 0 ? mean(known) : null;
};

const curveOf = (trials: readonly TrialResult[]): MethodRow['curve'] => {
  const epochs = new Map<number, number[]>();
  for (const { epochs: rows } of trials)
    for (const { epoch, hardened } of rows as readonly EpochRow[])
      if (hardened !== null) epochs.set(epoch, [...(epochs.get(epoch) ?? []), 100 * hardened]);
  return [...epochs]
    .sort(([a], [b]) => a - b)
    .map(([epoch, values]) => ({
      epoch,
      mean: mean(values),
      low: Math.min(...values),
      high: Math.max(...values),
    }));
};

/** The order of a method's trials. */
export const bySeedAndSpeaker = (a: TrialResult, b: TrialResult): number =>
  a.seed - b.seed || (a.speaker ?? '').localeCompare(b.speaker ?? '', 'en');

/** One row for each method that has results, best first. */
export function methodRows(config: BenchConfig, results: readonly TrialResult[]): MethodRow[] {
  const rows = config.methods.map((method): MethodRow | undefined => {
    const label = labelOf(method);
    const trials = results.filter((result) => result.label === label).toSorted(bySeedAndSpeaker);
    if (trials.length === 0) return undefined;
    const accuracies = trials.map(({ hardened }) => 100 * hardened);
    const engines = new Set(
      trials.flatMap(({ packed }) => packed?.latency.map(({ engine }) => engine) ?? []),
    );
    const latency = [...engines].map((engine) => {
      const times = trials.flatMap(
        ({ packed }) => packed?.latency.filter((l) => l.engine === engine).map((l) => l.medianMs) ?? [],
      );
      return [engine, mean(times)] as const;
    });
    const packed = present(trials.map((trial) => trial.packed));
    return {
      label,
      trials,
      hardened: { mean: mean(accuracies), deviation: deviation(accuracies) },
      gap: mean(trials.map(({ gap }) => 100 * gap)),
      largestGap: trials.map(({ gap }) => 100 * gap).reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a)),
      flipRatio: meanOrNull(trials.flatMap(({ epochs }) => epochs.map(({ flipRatio }) => flipRatio))),
      imagesPerSecond: mean(trials.map(({ imagesPerSecond }) => imagesPerSecond)),
      packedBytes: packed.length > 0 ? Math.max(...packed.map(({ bytes }) => bytes)) : null,
      floatBytes: packed[0]?.floatBytes ?? null,
      latency: Object.fromEntries(latency),
      agreement: packed.length > 0 ? Math.min(...packed.map(({ agreement }) => agreement)) : null,
      curve: curveOf(trials),
    };
  });
  return present(rows).toSorted((a, b) => b.hardened.mean - a.hardened.mean);
}
