// Measures the networks of an axis: all runners of a network take turns.
import { wasm } from '@bitgrad/backend-wasm';
import { useBackend } from '@bitgrad/core';
import { compareNet } from '../inference/compare.js';
import { vggSmallAt } from '../inference/float.js';
import { localPacked } from '../inference/packed.js';
import { packedFiles, type PackedFiles } from '../inference/packed-models.js';
import { onnxRuntime } from '../inference/peers.js';
import { measureNet } from '../training/command.js';
import { runners as trainers, type RunnerName } from '../training/nets.js';
import { pointsOf, resnet20Macs, type Axis, type Kind, type Point } from './axes.js';
import type { GrowthRow } from './rows.js';

/** How long to measure. */
export interface GrowthTimes {
  /** Turns of every runner. */
  readonly rounds: number;
  /** Milliseconds of a turn of inference. */
  readonly slice: number;
  /** Steps of the fastest trainer in a turn. */
  readonly steps: number;
}

/** The runners of inference by name; threads are the point's. */
const engines = {
  'bitgrad-native': (files: () => Promise<PackedFiles>, { threads }: Point) =>
    localPacked('bitgrad-native', { name: 'native', threads }, files),
  'bitgrad-wasm': (files: () => Promise<PackedFiles>, { threads }: Point) =>
    localPacked('bitgrad-wasm', { name: 'wasm', variant: 'simd', threads }, files),
  'ort-node-int8': (_: unknown, { threads }: Point) => onnxRuntime('node', 'int8', threads),
} as const;

/** The runners of training by name, for a number of threads. */
const trainer = (name: string, threads: 1 | 2): RunnerName => `${name}-${threads}` as RunnerName;

/** Names of the runners of a kind. */
export const runnersOf = (kind: Kind): string[] =>
  kind === 'inference'
    ? Object.keys(engines)
    : [...new Set(Object.keys(trainers).filter((name) => /-\d$/.test(name)).map((name) => name.slice(0, -2)))]; // prettier-ignore

/** Packed networks by width and size. */
const compiled = new Map<string, Promise<PackedFiles>>();

async function inferencePoint(
  axis: Axis,
  point: Point,
  names: readonly string[],
  times: GrowthTimes,
): Promise<GrowthRow[]> {
  // prettier-ignore
  const net = { ...vggSmallAt(point.size, point.width), batch: point.batch };
  const key = [point.width, point.size].join();
  const files = async (): Promise<PackedFiles> => {
    const known = compiled.get(key) ?? useBackend([wasm({ threads: 1 })]).then(() => packedFiles(net));
    compiled.set(key, known);
    return { ...(await known), batch: point.batch };
  };
  const contenders = names.map((name) => engines[name as keyof typeof engines](files, point));
  const found = await compareNet(net, contenders, { rounds: times.rounds, sliceMs: times.slice });
  return found.map(({ engine, medianMs, reason }) => ({
    ...{ kind: 'inference' as const, axis, net: net.name, runner: engine, point, medianMs },
    macs: net.macs * point.batch,
    ...(reason && { reason }),
  }));
}

async function trainingPoint(
  axis: Axis,
  point: Point,
  names: readonly string[],
  times: GrowthTimes,
  python: string | undefined,
): Promise<GrowthRow[]> {
  const { batch, width, size, threads } = point;
  const net = { name: 'resnet20', shape: [size, size, 3] as const, batch, width };
  const found = await measureNet(net, names.map((name) => trainer(name, threads)), times, python); // prettier-ignore
  return found.map(({ runner, millisecondsPerStep }) => ({
    ...{ kind: 'training' as const, axis, net: net.name, runner: runner.slice(0, -2), point },
    macs: resnet20Macs(size, width) * batch,
    medianMs: millisecondsPerStep,
  }));
}

/**
 * Measures an axis.
 * @param names runners that run here
 * @param python interpreter with PyTorch, where `pytorch` is among them
 * @param say is told of each network before it is measured
 */
export async function measureAxis(
  kind: Kind,
  axis: Axis,
  names: readonly string[],
  times: GrowthTimes,
  python: string | undefined,
  say: (text: string) => void,
): Promise<GrowthRow[]> {
  const rows: GrowthRow[] = [];
  for (const point of pointsOf(kind, axis)) {
    say(`${kind}, ${axis} ${point[axis]}`);
    rows.push(
      ...(await (kind === 'inference'
        ? inferencePoint(axis, point, names, times)
        : trainingPoint(axis, point, names, times, python))),
    );
  }
  return rows;
}
