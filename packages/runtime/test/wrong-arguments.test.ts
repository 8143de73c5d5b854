// What is passed by mistake is answered by a BitgradError.
import { afterAll, expect, it } from 'vitest';
import { wrongCalls } from '@bitgrad/tooling/wrong-arguments';
import * as exports from '../src/index.js';
import { causalNet } from './support/causal-net.js';
import { affineModel } from './support/models.js';

let names = 0;
const added: { remove(): void }[] = [];
/** Other files of the process have the ops of the format. */
const registerOp = (op: Parameters<typeof exports.registerOp>[0]): unknown => {
  const registered = exports.registerOp(op);
  added.push(registered);
  return registered;
};
afterAll(() => added.forEach((op) => op.remove()));
const functions = { ...exports, registerOp };

const heard = (normalize = 'peak') => {
  const sound = {
    sampleRate: 8000,
    frame: 64,
    hop: 64,
    frames: 2,
    bands: 4,
    lowest: 100,
    highest: 3000,
    normalize,
  };
  return { input: { type: 'u8', shape: [2, 4, 1] }, metadata: { sound } } as const;
};

it('every exported function works or raises a BitgradError', async () => {
  const { plan, weights, metadata } = affineModel();
  const file = exports.encodeModel(plan, weights, metadata);
  const { type: _, channels: __, ...causal } = causalNet(2, 64, 'mean');
  const causalFile = exports.encodeModel(causal.plan, causal.weights, {});
  const failures = await wrongCalls(functions, {
    skip: {
      // For authors of engines, of tensors of a checked plan; every page that runs a model downloads them.
      viewOf: 'tensors.test.ts',
      storageBytes: 'tensors.test.ts',
      planArena: 'tensors.test.ts',
      // For authors of engines, of an op of a checked plan.
      boxesOf: 'moves.test.ts',
      rowOf: 'math.test.ts',
      // For authors of engines, as checkCompileOptions.
      checkOptions: 'packages/bits/test/options.test.ts',
    },
    cases: {
      jsEngine: { args: () => [], methods: ['compile'] },
      createPlanBuilder: { args: () => [], methods: ['buffer', 'weight', 'op', 'finish'] },
      imageInput: {
        args: () => [
          { width: 1, height: 1, data: Uint8Array.of(5) },
          { input: { type: 'f32', shape: [1, 1, 1] }, metadata: {} },
          { fit: 'cover', background: 3, invert: true, maxBytes: 999 },
        ],
        options: 2,
      },
      soundInput: { args: () => [new Int16Array(900), 8000, heard()] },
      createDetector: { args: () => [{ threshold: 0.5 }], options: 0, methods: ['push'] },
      soundStream: { args: () => [8000, heard()], methods: ['push'] },
      soundFrames: { args: () => [8000, heard('fixed')], methods: ['push'] },
      loadStream: { args: () => [causalFile, {}], options: 1 },
      openStream: { args: () => [causal, {}], options: 1 },
      topClasses: {
        args: () => [Float32Array.of(1, 2), { metadata: { output: 'logits', classes: ['a', 'b'] } }, 1],
      },
      normalizeBytes: { args: () => [Uint8Array.of(1), 1, { mean: [1], std: [2] }] },
      loadModel: { args: () => [file, {}], options: 1 },
      decodeModel: { args: () => [file, {}], options: 1 },
      encodeModel: { args: () => [plan, weights, metadata, {}], options: 3 },
      validateModel: { args: () => [{ plan, weights, metadata }, {}], options: 1 },
      validatePlan: { args: () => [plan] },
      validateWeights: { args: () => [plan, weights] },
      registerOp: {
        args: () => [{ name: `mine ${names++}`, value: () => ({ op: 'input', name: 'x' }) }],
        options: 0,
      },
      resultFor: { args: () => [plan, Uint8Array.of(1, 2), new Float32Array(2)] },
    },
  });
  expect(failures).toEqual([]);
});
