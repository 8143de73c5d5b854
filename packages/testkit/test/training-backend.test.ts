// Each broken backend fails exactly its case of its family.
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import type { BackendAdapter } from '@bitgrad/core';
import { afterEach, describe, expect, it } from 'vitest';
import { trainingBackendCases, type ConformanceCase, type TrainingSession } from '../src/index.js';
import { elementwiseCases } from '../src/training/elementwise-cases.js';
import { lifecycleCases } from '../src/training/lifecycle-cases.js';
import { productCases } from '../src/training/product-cases.js';
import { trainingOpCases } from '../src/training/training-op-cases.js';
import { windowCases } from '../src/training/window-cases.js';
import { reasonToSkip } from '../src/training/requirement.js';
import * as broken from './broken-backends.js';
import { failures } from './failures.js';

// A fixture that does not put its kernels back must not reach the next one.
const stock = tf.getKernelsForBackend('cpu');
afterEach(() => {
  for (const { kernelName } of tf.getKernelsForBackend('cpu')) tf.unregisterKernel(kernelName, 'cpu');
  stock.forEach((kernel) => tf.registerKernel(kernel));
});

const families: [
  string,
  readonly ConformanceCase<TrainingSession>[],
  Record<string, () => BackendAdapter>,
][] = [
  ['lifecycle', lifecycleCases, broken.brokenLifecycles],
  ['windows', windowCases, broken.brokenWindows],
  ['products', productCases, broken.brokenProducts],
  ['elementwise', elementwiseCases, broken.brokenElementwise],
  ['training ops', trainingOpCases, broken.brokenTrainingOps],
];

it('has one broken fixture a case', () => {
  const fixtures = families.flatMap(([, , fixtures]) => Object.keys(fixtures));
  expect(fixtures.sort()).toEqual(trainingBackendCases.map(({ name }) => name).sort());
});

describe.each(families)('broken %s', (_title, cases, fixtures) => {
  for (const [name, create] of Object.entries(fixtures))
    it(`is noticed, by this case of its family alone: ${name}`, async () => {
      const adapter = create();
      await adapter.start();
      expect(await failures(cases, { adapter, create })).toEqual([name]);
      await adapter.dispose();
    });
});

describe('requirement', () => {
  const absent = { available: false, reason: 'no driver', features: {} };
  it('skips an absent backend with its reason, unless it is required', () => {
    expect(reasonToSkip('webgl', absent, undefined)).toBe('no driver');
    expect(reasonToSkip('webgl', absent, 'cpu,wasm')).toBe('no driver');
    expect(reasonToSkip('webgl', absent, 'cpu, webgl')).toBe('');
    expect(reasonToSkip('webgl', { ...absent, reason: '' }, '')).toMatch(/webgl.*no reason/);
    expect(reasonToSkip('webgl', { available: true, reason: '', features: {} }, undefined)).toBe('');
  });
});
