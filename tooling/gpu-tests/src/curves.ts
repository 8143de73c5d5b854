// Comparing a backend's loss curve with the cpu backend's.
import { expect } from 'vitest';
import { cpu } from '@bitgrad/backend-cpu';
import type { networks } from './training.js';
import { lossCurve } from './training.js';

type Network = (typeof networks)[number];
const references = new Map<string, Promise<number[]>>();

/**
 * Expects losses within 1e-3 of cpu's, of a training that learns.
 * @param steps 20 or more: what the losses of the first and the last ten are compared of
 */
export async function expectCurve(
  network: Network,
  steps: number,
  curve: (network: Network, steps: number) => Promise<number[]>,
): Promise<void> {
  const key = `${network} ${steps}`;
  if (!references.has(key)) references.set(key, lossCurve(cpu(), network, steps));
  const want = await references.get(key)!;
  const got = await curve(network, steps);
  expect(got).toHaveLength(steps);
  expect(want).toHaveLength(steps);
  const worst = got.reduce((max, v, i) => Math.max(max, Math.abs(v - want[i]!)), 0);
  expect(worst).toBeLessThanOrEqual(1e-3);
  const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  expect(mean(want.slice(-10))).toBeLessThan(mean(want.slice(0, 10)));
}
