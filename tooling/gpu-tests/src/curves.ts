// Comparing a backend's loss curve with the cpu backend's.
import { expect } from 'vitest';
import { cpu } from '@bitgrad/backend-cpu';
import type { networks } from './training.js';
import { lossCurve } from './training.js';

type Network = (typeof networks)[number];
const references = new Map<Network, Promise<number[]>>();

/** Expects 50 losses within 1e-3 of cpu's, of a training that learns. */
export async function expectCurve(
  network: Network,
  curve: (network: Network) => Promise<number[]>,
): Promise<void> {
  if (!references.has(network)) references.set(network, lossCurve(cpu(), network));
  const want = await references.get(network)!;
  const got = await curve(network);
  expect(got).toHaveLength(50);
  expect(want).toHaveLength(50);
  const worst = got.reduce((max, v, i) => Math.max(max, Math.abs(v - want[i]!)), 0);
  expect(worst).toBeLessThanOrEqual(1e-3);
  const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  expect(mean(want.slice(-10))).toBeLessThan(mean(want.slice(0, 10)));
}
