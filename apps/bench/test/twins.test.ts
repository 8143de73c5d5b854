// `bench twins`: what agreement is, and, where PyTorch is, a run of each network.
import { useBackend } from '@bitgrad/core';
import { wasm } from '@bitgrad/backend-wasm';
import { describe, expect, it } from 'vitest';
import { usePlugins } from '../src/parts.js';
import { findTorch } from '../src/training/peer.js';
import { agreedSteps, compareRuns, dataOf, runTwin } from '../src/twins/command.js';
import { twins } from '../src/twins/export.js';

it('counts the steps before the first sign that differs', () => {
  expect(agreedSteps([2, 1.5, 1], [2.00001, 1.50001, 1])).toBe(3);
  expect(agreedSteps([2, 1.5, 1], [2, 1.52, 1])).toBe(1);
  expect(agreedSteps([2, 1], [2])).toBe(1);
  expect(agreedSteps([Number.NaN], [Number.NaN])).toBe(0);
  const float64 = [2, 1, 0.5, 0.4];
  const accuracies = { bitgrad: 0.5, float32: 0.5, float64: 0.5 };
  const row = (bitgrad: number[], float32: number[]) =>
    compareRuns('net', { losses: { bitgrad, float32, float64 }, accuracies });
  expect(row(float64, float64)).toMatchObject({ agreed: 4, rounding: 4, difference: 0, holds: true });
  expect(row([2, 1, 0.6, 0.4], float64).holds).toBe(true);
  expect(row([2, 1.1, 0.5, 0.4], float64).holds).toBe(false);
  expect(row([2.1, 1, 0.5, 0.4], [2, 1.1, 0.5, 0.4]).holds).toBe(false);
  // Where the two precisions of PyTorch part at once, it is enough to go with one of them.
  expect(row(float64, [2.1, 1, 0.5, 0.4])).toMatchObject({ agreed: 4, rounding: 0, holds: true });
  const stepped = (float64: number) => compareRuns('net', { losses: { bitgrad: [2, 1], float32: [3, 1], float64: [2, 1] }, accuracies }, { float32: 1, float64 }); // prettier-ignore
  expect(stepped(1e-4)).toMatchObject({ agreed: 2, update: 1e-4, holds: true });
  expect(stepped(0.1)).toMatchObject({ agreed: 2, update: 0.1, holds: false });
  // Accuracies are as near as PyTorch's are to each other, or within two points.
  const learned = (bitgrad: number, float32: number, steps = 500) => {
    const same = Array.from({ length: steps }, () => 1);
    const losses = { bitgrad: same, float32: same, float64: same };
    return compareRuns('net', { losses, accuracies: { bitgrad, float32, float64: 0.5 } });
  };
  expect(learned(0.515, 0.5).holds).toBe(true);
  expect(learned(0.53, 0.5).holds).toBe(false);
  expect(learned(0.53, 0.5, 499).holds).toBe(true);
  expect(learned(0.47, 0.55).holds).toBe(true);
});

const python = findTorch(undefined);
describe.skipIf(!python)(python ? 'with PyTorch' : 'skipped: no interpreter can import torch', () => {
  it.each(twins)(
    '$model does what PyTorch does until rounding flips a sign',
    { timeout: 240_000 },
    async (twin) => {
      await usePlugins([]);
      await useBackend([wasm()]);
      const data = await dataOf({ steps: 4, batch: 16, epochs: 1, augment: 'none', schedule: 'constant' });
      const row = await runTwin(twin, python!, data);
      expect(row.holds, JSON.stringify(row.losses)).toBe(true);
      expect(row.losses.bitgrad.at(-1)).not.toBe(row.losses.bitgrad[0]);
    },
  );
});
