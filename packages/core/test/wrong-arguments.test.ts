// What is passed by mistake is answered by a BitgradError, and options that do not exist are refused.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import { beforeAll, expect, it } from 'vitest';
import * as v from 'valibot';
import * as bits from '@bitgrad/bits';
import { wrongCalls } from '@bitgrad/tooling/wrong-arguments';
import * as exports from '../src/index.js';
import { withoutRegistry } from './own-registry.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
  const putBack = withoutRegistry();
  // With something in it, more of what is registered is looked at.
  exports.use(P);
  return putBack;
});

const { E } = exports;
const covered = ['evaluateExpression', 'inputsOf', 'linearize'];
const expression = E.mul(E.input('x'), 2);
const surrogate = { name: 'one', options: {}, formula: () => 1, expression: () => expression };
const forward = {
  name: 'my-sign',
  options: {},
  alphabet: 'pm1' as const,
  levels: [-1, 1],
  soft: false,
  formula: (x: number) => (x < 0 ? -1 : 1),
  expression: () => E.sign(E.input('x')),
};
const F = exports.defineForward(forward);
const B = exports.defineSurrogate(surrogate);
const definition = { name: 'mine', options: {}, description: 'test', forward: F, surrogate: B };
const Q = exports.defineQuantizer(definition);
const plugin = { name: 'test-plugin', version: '1.0.0', quantizers: { mine: () => Q } };
const P = exports.definePlugin(plugin);
const site = { role: 'kernel' as const, shape: [2], channelAxes: [-1] };
const context = exports.quantizeContext(Q, { site });
const x = () => tf.tensor1d([1, -2]);
const x2 = () => tf.ones([2, 2]);
const adapter = {
  name: 'test',
  capabilities: { fusedKernels: [], gpu: false },
  probe: async () => ({ available: true, reason: '', features: {} }),
  start: async () => undefined,
  report: () => ({}),
  dispose: async () => undefined,
};
const clock = exports.initialClock;
const step = { learningRate: 1, beta1: 0, beta2: 0, epsilon: 1, correction1: 1, correction2: 1 };

it('every exported function works or raises a BitgradError', async () => {
  expect(
    await wrongCalls(exports, {
      cases: {
        baseSchema: { args: () => [v.string()] },
        schemaOptions: { args: () => [v.strictObject({})] },
        told: { args: () => [v.string(), 'a', 'text'] },
        explained: { args: () => [{ expected: 'x', allows: () => true }, 'text'] },
        ruleOptions: { args: () => [{}] },
        memberOptions: { args: () => [{}] },
        adamStep: { args: () => [x(), x(), x(), x(), step] },
        advanceClock: { args: () => [clock, { learningRate: 1 }] },
        attend: { args: () => [tf.ones([1, 2, 6]), 2] },
        backwardValue: { args: () => [B, x(), x(), context] },
        batchNormTrain: { args: () => [x2(), x(), x(), 1e-3] },
        binaryConv2d: {
          args: () => [tf.ones([1, 3, 3, 1]), tf.ones([2, 2, 1, 1]), { strides: [1, 1], padding: 'same' }],
          options: 2,
        },
        signConv2d: {
          args: () => [
            { x: tf.ones([1, 3, 3, 1]), surrogate: expression },
            { x: tf.ones([2, 2, 1, 1]), surrogate: expression },
            { strides: [1, 1], padding: 'same' },
          ],
          options: 2,
        },
        isSignForward: { args: () => [forward, {}] },
        binaryMatMul: { args: () => [x2(), x2()] },
        composeExpression: { args: () => [expression, { x: x() }, [2]] },
        constantSchedule: { args: () => [{ mu: 1 }] },
        createRegistry: { args: () => [[P]], methods: Object.keys(exports.createRegistry()) },
        createRng: { args: () => [1], methods: Object.keys(exports.createRng(1)) },
        defineAdapter: {
          args: () => [
            {
              name: 'test',
              source: 'test',
              capabilities: { fusedKernels: [], gpu: false },
              tfjs: { name: 'cpu', package: 'tfjs', load: async () => undefined },
              kernels: () => ({ kernels: {} }),
            },
          ],
          options: 0,
        },
        defineForward: { args: () => [forward] },
        definePlugin: { args: () => [plugin] },
        defineQuantizer: { args: () => [definition] },
        defineSurrogate: { args: () => [surrogate] },
        detach: { args: () => [x(), (t: tf.Tensor) => t] },
        elementwise: { args: () => [expression, { x: x() }, [2]] },
        evaluateExpression: { args: () => [expression, { x: 1 }] },
        forwardValue: { args: () => [F, x(), context] },
        grow: { args: () => [{ growth: 'step', start: 1, end: 2, steps: 3, until: 1 }, 0.5] },
        growingSchedule: {
          args: () => ['mu', { growth: 'step', start: 1, end: 2, steps: 3, until: 1 }],
          options: 1,
        },
        hasKernel: { args: () => ['BitgradElementwise'] },
        inputsOf: { args: () => [expression] },
        kernelOwner: { args: () => ['cpu'] },
        layerNormalize: { args: () => [x2(), x(), x(), 1e-3] },
        learningRateSumSchedule: { args: () => ['mu'] },
        linearize: { args: () => [expression, ['x']] },
        meanMagnitude: { args: () => [x(), context, 'layer'] },
        mergeSchedules: { args: () => [exports.constantSchedule(), exports.constantSchedule()] },
        adamSteps: { args: () => [[{ value: x(), gradient: x(), m: x(), v: x() }], step] },
        expressionOf: { args: () => [exports.defineSignForward({ name: 'sign', options: {} }), {}] },
        momentumSteps: {
          args: () => [
            [{ value: x(), gradient: x(), velocity: x() }],
            { learningRate: 1, momentum: 0, nesterov: false },
          ],
        },
        momentumStep: { args: () => [x(), x(), x(), { learningRate: 1, momentum: 0, nesterov: false }] },
        pairQuantizer: { args: () => [F, B] },
        progress: { args: () => [clock] },
        quantize: {
          args: () => [Q, x(), { site, clock, training: true, hard: false, checked: true }],
          options: 2,
        },
        quantizeContext: { args: () => [Q, { site }], options: 1 },
        quantizeLevels: { args: () => [Q, x(), x(), context] },
        quantizePair: { args: () => [F, B, x(), context] },
        quantizerConfig: { args: () => [Q] },
        restoreRng: { args: () => [exports.createRng(1).state()] },
        sampleSurrogate: { args: () => [B, [0, 1], {}] },
        scaledSignPair: { args: () => [{ scale: 'layer', scaledGradient: true }, B] },
        softmaxCrossEntropy: { args: () => [x2(), x2()] },
        use: { args: () => [P] },
        useBackend: { args: () => [[adapter], { strict: true }], options: 1 },
      },
      skip: {
        ...Object.fromEntries(
          Object.keys(bits)
            .filter((name) => !covered.includes(name) && typeof exports[name as never] === 'function')
            .map((name) => [name, 'of bits']),
        ),
        customOp: 'plumbing of ops',
        runKernel: 'plumbing of ops',
        paddingOf: 'plumbing of ops',
        tfjsPadding: 'plumbing of ops',
        installKernels: 'plumbing of adapters',
        binaryOutputSize: 'plumbing of adapters',
        poolInfo: 'plumbing of adapters',
        parseOptions: 'takes a schema of valibot; its errors are tested where options are',
      },
    }),
  ).toEqual([]);
});
