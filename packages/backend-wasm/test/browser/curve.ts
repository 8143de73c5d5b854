// A small binary network trained for some steps: the same code in Node and in a page.
import {
  adamStep,
  batchNormTrain,
  binaryConv2d,
  createRng,
  customOp,
  E,
  elementwise,
  softmaxCrossEntropy,
} from '@bitgrad/core';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers the gradients
import { wasm, type WasmOptions } from '../../src/index.js';

const x = E.input('x');
const clippedSign = E.mul(E.input('dy'), E.le(E.abs(x), 1));
const binarize = (t: tf.Tensor): tf.Tensor =>
  customOp(
    [t],
    ([u]) => ({ value: elementwise(E.sign(x), { x: u! }, u!.shape), saved: [u!] }),
    (dy, [u]) => [elementwise(clippedSign, { dy, x: u! }, u!.shape)],
  );

/** What a run tells. */
export interface Curve {
  readonly losses: number[];
  readonly report: Readonly<Record<string, number>>;
  readonly sharedHeap: boolean;
  readonly features: Readonly<Record<string, unknown>>;
}

/** Trains and reports; the backend is disposed afterwards. */
export async function curve(options: WasmOptions, steps: number): Promise<Curve> {
  const adapter = wasm(options);
  await adapter.start();
  const rng = createRng(5);
  const normal = (shape: number[], deviation: number): tf.Tensor =>
    tf.tensor(
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.normal() * deviation),
      shape,
    );
  const variable = (shape: number[]): tf.Variable => tf.variable(normal(shape, 0.1));
  const kernels = [
    variable([3, 3, 1, 16]),
    variable([3, 3, 16, 32]),
    variable([3, 3, 32, 32]),
    variable([1568, 10]),
  ];
  const norms = [16, 32, 32].map((c) => [tf.variable(tf.ones([c])), tf.variable(tf.zeros([c]))]);
  const images = normal([16, 28, 28, 1], 1);
  const labels = tf.tensor2d(
    Array.from({ length: 160 }, (_, i) => Number(i % 10 === Math.floor(i / 10) % 10)),
    [16, 10],
  );
  const norm = (t: tf.Tensor, i: number): tf.Tensor =>
    batchNormTrain(t, norms[i]![0]!, norms[i]![1]!, 1e-3).y;
  const same = { strides: [1, 1], padding: 'same' } as const;
  const pool = (t: tf.Tensor): tf.Tensor => tf.maxPool(t as tf.Tensor4D, 2, 2, 'valid');
  const conv = (t: tf.Tensor, i: number): tf.Tensor =>
    binaryConv2d(binarize(t) as tf.Tensor4D, binarize(kernels[i]!) as tf.Tensor4D, same);
  const net = (): tf.Scalar => {
    let t: tf.Tensor = tf.conv2d(images as tf.Tensor4D, binarize(kernels[0]!) as tf.Tensor4D, 1, 'same');
    t = norm(pool(t), 0);
    t = norm(pool(conv(t, 1)), 1);
    t = norm(conv(t, 2), 2);
    const logits = tf.matMul(tf.reshape(t, [16, -1]), kernels[3] as tf.Tensor2D);
    return tf.mean(softmaxCrossEntropy(logits as tf.Tensor2D, labels));
  };
  const variables = [...kernels, ...norms.flat()];
  let state: tf.Tensor[][] = variables.map((v) => [tf.zerosLike(v), tf.zerosLike(v)]);
  const losses: number[] = [];
  for (let step = 1; step <= steps; step++) {
    const { value, grads } = tf.variableGrads(net, variables);
    const next = variables.map((v, i) => {
      const [w, m, s] = adamStep(v, grads[v.name]!, state[i]![0]!, state[i]![1]!, {
        ...{ learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
        ...{ correction1: 1 - 0.9 ** step, correction2: 1 - 0.999 ** step },
      });
      v.assign(w as tf.Variable);
      return [m, s];
    });
    tf.dispose([state, grads] as never);
    state = next;
    losses.push((await value.data())[0]!);
    value.dispose();
  }
  const { wasm: module } = tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } };
  const sharedHeap =
    typeof SharedArrayBuffer !== 'undefined' && module.HEAPU8.buffer instanceof SharedArrayBuffer;
  const report = adapter.report();
  const { features } = await adapter.probe();
  await adapter.dispose();
  return { losses, report, sharedHeap, features };
}
