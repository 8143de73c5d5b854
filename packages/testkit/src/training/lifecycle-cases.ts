// The adapter itself: its shape, starting and disposing, reports that tell the truth, no leaks, no chance.
import * as tf from '@tensorflow/tfjs-core';
import {
  adamStep,
  batchNormTrain,
  binaryConv2d,
  binaryMatMul,
  E,
  elementwise,
  kernelNames,
  momentumStep,
  runKernel,
  signConv2d,
  softmaxCrossEntropy,
  type KernelName,
} from '@bitgrad/core';
import { defineCase, ensure, sameJson, type ConformanceCase } from '../case.js';
import { expectClose } from '../compare.js';
import { normal, signs, tensorOf, type TrainingSession } from './session.js';

const registered = (): Map<string, unknown> =>
  new Map(tf.getKernelsForBackend(tf.getBackend()).map((kernel) => [kernel.kernelName, kernel.kernelFunc]));

const contract = defineCase<TrainingSession>('has the shape of the contract', async ({ create }) => {
  const adapter = create();
  const { name, capabilities } = adapter;
  ensure(
    Object.isFrozen(adapter),
    'the adapter is not frozen',
    name,
    'Object.freeze of what the factory returns',
  );
  ensure(/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name), 'name', name, 'kebab-case');
  const { fusedKernels, gpu } = capabilities;
  ensure(typeof gpu === 'boolean', 'capability gpu', gpu, 'true or false');
  for (const kernel of fusedKernels)
    ensure(
      (kernelNames as readonly string[]).includes(kernel),
      'fused kernel',
      kernel,
      kernelNames.join(', '),
    );
});

const probe = defineCase<TrainingSession>('probes: available, and plain features', async ({ create }) => {
  const { available, reason, features } = await create().probe();
  ensure(
    available && reason === '',
    'probe of a backend that starts',
    {
      available,
      reason,
    },
    'available with an empty reason',
  );
  ensure(sameJson(JSON.parse(JSON.stringify(features)), features), 'features', features, 'plain JSON');
});

const startTwice = defineCase<TrainingSession>('may be started twice', async ({ adapter }) => {
  const backend = tf.getBackend();
  const before = registered();
  await adapter.start();
  ensure(tf.getBackend() === backend, 'active tfjs backend after a second start', tf.getBackend(), backend);
  for (const [name, kernel] of registered())
    ensure(before.get(name) === kernel, `kernel ${name} after a second start`, 'another one', 'the same one');
});

const declares = defineCase<TrainingSession>(
  'registers the fused kernels it declares, and no others',
  async ({ adapter }) => {
    const here = kernelNames.filter((name) => registered().has(name)).sort();
    const declared = [...adapter.capabilities.fusedKernels].sort();
    ensure(
      sameJson(here, declared),
      'registered fused kernels',
      here,
      `those declared: ${declared.join(', ') || 'none'}`,
    );
  },
);

/** A convolution of signs, and its gradient in x. */
const signed = (x: tf.Tensor) => {
  const surrogate = E.le(E.abs(E.input('x')), 1);
  const filter = { x: tf.ones([3, 3, 4, 2]), surrogate };
  return signConv2d({ x, surrogate }, filter, { strides: [1, 1], padding: 'same' });
};

/** A call of each fused kernel through the op of core that uses it. */
const calls: Readonly<Record<KernelName, () => tf.Tensor | tf.Tensor[]>> = {
  BitgradElementwise: () => elementwise(E.abs(E.input('x')), { x: tf.ones([3, 5]) }, [3, 5]),
  BitgradBatchNormTrain: () => batchNormTrain(tf.ones([2, 3]), tf.ones([3]), tf.zeros([3]), 1e-3).y,
  BitgradBatchNormTrainGrad: () =>
    tf.grad((x) => batchNormTrain(x, tf.ones([3]), tf.zeros([3]), 1e-3).y)(tf.ones([2, 3])),
  BitgradSoftmaxCrossEntropy: () => softmaxCrossEntropy(tf.ones([2, 3]), tf.ones([2, 3])),
  BitgradAdamStep: () => {
    const [a, b, c, d] = [0, 1, 2, 3].map(() => tf.ones([4]));
    const constants = {
      learningRate: 1,
      beta1: 0.9,
      beta2: 0.9,
      epsilon: 1e-7,
      correction1: 1,
      correction2: 1,
    };
    return adamStep(a!, b!, c!, d!, constants);
  },
  BitgradMomentumStep: () =>
    momentumStep(tf.ones([4]), tf.ones([4]), tf.ones([4]), {
      learningRate: 1,
      momentum: 0.9,
      nesterov: false,
    }),
  BitgradBinaryConv2D: () =>
    binaryConv2d(tf.ones([1, 4, 4, 32]), tf.ones([3, 3, 32, 2]), { strides: [1, 1], padding: 'same' }),
  BitgradSignConv2D: () => signed(tf.ones([1, 4, 4, 4])),
  BitgradSignConv2DGrad: () => tf.grad(signed)(tf.ones([1, 4, 4, 4])),
  BitgradBinaryMatMul: () => binaryMatMul(tf.ones([2, 33]), tf.ones([33, 2])),
  BitgradPReluGrad: () =>
    runKernel('BitgradPReluGrad', { x: tf.ones([2, 3]), alpha: tf.ones([3]), dy: tf.ones([2, 3]) }),
  BitgradAttention: () => runKernel('BitgradAttention', { x: tf.ones([1, 2, 6]) }, { heads: 2 }),
  BitgradAttentionGrad: () => {
    const [x, a, dy] = [tf.ones([1, 2, 6]), tf.ones([1, 2, 2, 2]), tf.ones([1, 2, 2])];
    return runKernel('BitgradAttentionGrad', { x, a, dy }, { heads: 2 });
  },
  BitgradLayerNorm: () => {
    const [x, gamma, beta] = [tf.ones([2, 3]), tf.ones([3]), tf.ones([3])];
    return runKernel('BitgradLayerNorm', { x, gamma, beta }, { epsilon: 1e-5 });
  },
  BitgradLayerNormGrad: () => {
    const [x, dy, gamma, mean, inverseStd] = [[2, 3], [2, 3], [3], [2], [2]].map((s) => tf.ones(s));
    return runKernel('BitgradLayerNormGrad', {
      x: x!,
      dy: dy!,
      gamma: gamma!,
      mean: mean!,
      inverseStd: inverseStd!,
    });
  },
};

const reports = defineCase<TrainingSession>(
  'counts each fused kernel when it runs, and only then',
  async ({ adapter }) => {
    for (const name of adapter.capabilities.fusedKernels as readonly KernelName[]) {
      const before = adapter.report()[name];
      ensure(before !== undefined, `report of ${name}`, before, 'a count, 0 before it runs');
      ensure(
        adapter.report()[name] === before,
        `report of ${name} read twice`,
        adapter.report()[name],
        String(before),
      );
      tf.tidy(() => void calls[name]());
      const after = adapter.report()[name];
      ensure(after! > before, `report of ${name} after it ran`, after, `more than ${before}`);
    }
  },
);

const dispose = defineCase<TrainingSession>(
  'takes its kernels back when disposed, which may be done twice',
  async ({ adapter, create }) => {
    await adapter.dispose();
    try {
      const stock = registered();
      const other = create();
      await other.start();
      await other.dispose();
      await other.dispose();
      const after = registered();
      ensure(
        sameJson([...after.keys()].sort(), [...stock.keys()].sort()),
        'kernels after dispose',
        [...after.keys()].filter((k) => !stock.has(k)),
        'those before start',
      );
      for (const [name, kernel] of stock)
        ensure(
          after.get(name) === kernel,
          `kernel ${name} after dispose`,
          'another one',
          'the one before start',
        );
    } finally {
      await adapter.start();
    }
  },
);

/** A training step of a small binary-style conv net, as pure functions; gives the loss and the new weights. */
function step(weights: readonly tf.Tensor[], x: tf.Tensor, labels: tf.Tensor): tf.Tensor[] {
  const loss = (...w: tf.Tensor[]): tf.Scalar => {
    const conv = tf.conv2d(x as tf.Tensor4D, w[0] as tf.Tensor4D, 1, 'same');
    const pooled = tf.maxPool(conv as tf.Tensor4D, 2, 2, 'valid');
    const { y } = batchNormTrain(pooled, w[1]!, w[2]!, 1e-3);
    const flat = tf.reshape(tf.relu(y), [x.shape[0]!, -1]);
    const logits = tf.matMul(flat as tf.Tensor2D, w[3] as tf.Tensor2D);
    return tf.mean(softmaxCrossEntropy(logits as tf.Tensor2D, labels as tf.Tensor2D)) as tf.Scalar;
  };
  const { value, grads } = tf.valueAndGrads(loss)([...weights]);
  const constants = {
    learningRate: 0.01,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-7,
    correction1: 0.1,
    correction2: 0.001,
  };
  const next = weights.map((w, i) => adamStep(w, grads[i]!, tf.zerosLike(w), tf.zerosLike(w), constants)[0]);
  return [value, ...next];
}

const initial = () =>
  [
    [
      normal('conv', [3, 3, 2, 4]),
      normal('scale', [4], 1),
      normal('shift', [4]),
      normal('dense', [16, 3]),
    ].map(tensorOf),
    tensorOf(normal('batch', [3, 4, 4, 2])),
    tf.oneHot(tf.tensor1d([0, 1, 2], 'int32'), 3, 1, 0, 'float32'),
  ] as const;

const leaks = defineCase<TrainingSession>('leaks no tensors over training steps', async () => {
  const [first, x, labels] = initial();
  let weights: tf.Tensor[] = first;
  const steps = (count: number) => {
    for (let i = 0; i < count; i++) {
      const [loss, ...next] = tf.tidy(() => step(weights, x, labels));
      tf.dispose([...weights, loss!]);
      weights = next;
    }
  };
  steps(2);
  const before = tf.memory().numTensors;
  steps(3);
  const after = tf.memory().numTensors;
  tf.dispose([...weights, x, labels]);
  ensure(after === before, 'tensors after 3 more training steps', after, `${before}, as before`);
});

const deterministic = defineCase<TrainingSession>('gives the same training step bit for bit', async () => {
  const once = async (): Promise<number[]> => {
    const [weights, x, labels] = initial();
    const results = tf.tidy(() => step(weights, x, labels));
    const values = await Promise.all(results.map(async (t) => [...(await t.data())]));
    tf.dispose([...weights, ...results, x, labels]);
    return values.flat();
  };
  const first = await once();
  expectClose('a second run of the same step', await once(), first, 0);
});

const inputsKept = defineCase<TrainingSession>('does not change its inputs', async () => {
  const kept = [normal('kept', [1, 5, 5, 3]), signs('kept filter', [3, 3, 3, 4])].map(tensorOf) as [
    tf.Tensor4D,
    tf.Tensor4D,
  ];
  // Read before: a clone would share the data.
  const before = await Promise.all(kept.map(async (t) => Float32Array.from(await t.data())));
  tf.tidy(() => {
    tf.grads((x, w) => tf.maxPool(tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same'), 2, 1, 'same'))(
      kept,
    );
    elementwise(E.neg(E.input('x')), { x: kept[0] }, kept[0].shape);
    adamStep(kept[0], kept[0], kept[0], tf.abs(kept[0]), {
      learningRate: 1,
      beta1: 0.9,
      beta2: 0.9,
      epsilon: 1e-7,
      correction1: 1,
      correction2: 1,
    });
  });
  for (const [i, t] of kept.entries()) expectClose(`input ${i} after use`, await t.data(), before[i]!, 0);
  tf.dispose(kept);
});

/** Cases about the adapter's life and its claims. */
export const lifecycleCases: readonly ConformanceCase<TrainingSession>[] = [
  contract,
  probe,
  startTwice,
  declares,
  reports,
  dispose,
  leaks,
  deterministic,
  inputsKept,
];
