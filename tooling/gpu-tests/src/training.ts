// One training script for every backend: two small networks, everything decided by a seed.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers the gradients
import { createRng, use, useBackend, type BackendAdapter } from '@bitgrad/core';
import { applyConstraints } from '@bitgrad/layers';
import { createModel } from '@bitgrad/models';
import { stePlugin } from '@bitgrad/quantizer-ste';

/** The networks: binary fully connected layers, and binary convolutions. */
export const networks = ['mlp', 'cnn'] as const;

const SIZE = 8;
const BATCH = 16;
let registered: true | undefined;

/** Losses of so many steps on the backend that the adapter starts. */
export async function lossCurve(
  adapter: BackendAdapter,
  network: (typeof networks)[number],
  steps: number,
): Promise<number[]> {
  registered ??= (use(stePlugin), true);
  await useBackend([adapter], { strict: true });
  const model = createModel(network, {
    inputShape: [SIZE, SIZE, 1],
    classes: 4,
    kernelQuantizer: 'ste',
    seed: 11,
    ...(network === 'cnn' ? { width: 0.125 } : { hidden: [16, 16] }),
  });
  const optimizer = tf.train.sgd(0.1);
  const rng = createRng(5);
  const losses: number[] = [];
  const before = tf.memory().numTensors;
  for (let step = 0; step < steps; step++) {
    const labels = Array.from({ length: BATCH }, () => Math.floor(rng.next() * 4));
    // A bright quarter of the image names the class.
    const pixels = Float32Array.from({ length: BATCH * SIZE * SIZE }, (_, i) => {
      const [y, x] = [Math.floor(i / SIZE) % SIZE, i % SIZE];
      const quarter = Math.floor(y / 4) * 2 + Math.floor(x / 4);
      return rng.normal() + (labels[Math.floor(i / (SIZE * SIZE))] === quarter ? 1.5 : 0);
    });
    const loss = tf.tidy(() => {
      const x = tf.tensor4d(pixels, [BATCH, SIZE, SIZE, 1]);
      const y = tf.oneHot(tf.tensor1d(labels, 'int32'), 4);
      const loss = () => {
        const logits = model.apply(x, { training: true }) as tf.Tensor2D;
        return tf.losses.softmaxCrossEntropy(y, logits) as tf.Scalar;
      };
      const { value, grads } = tf.variableGrads(
        loss,
        model.trainableWeights.map((w) => w.read() as tf.Variable),
      );
      optimizer.applyGradients(grads);
      return value;
    });
    applyConstraints(model);
    losses.push((await loss.data())[0]!);
    loss.dispose();
  }
  if (tf.memory().numTensors > before) losses.push(tf.memory().numTensors - before);
  model.dispose();
  optimizer.dispose();
  return losses;
}
