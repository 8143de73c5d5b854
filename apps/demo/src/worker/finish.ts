// After training: compile, run the packed model on the test images beside the graph, and time both.
import * as tf from '@tensorflow/tfjs-core';
import { wasmEngine } from '@bitgrad/backend-wasm/engine';

import { withHardened } from '@bitgrad/layers';
import { packModel, type Run } from '@bitgrad/recipe';
import { jsEngine, loadModel } from '@bitgrad/runtime';
import { evaluate } from '@bitgrad/training';
import { median } from '../shared/format.js';
import type { TrainResult } from './protocol.js';

/** The test images of most runs, so that the accuracy while it trains is that of the result. */
const mostCompared = 2000;
/** Memory grows with the images of one call. */
const atOnce = 200;
const timedRuns = 15;

const timed = async (run: () => Promise<unknown> | unknown): Promise<number> => {
  const times: number[] = [];
  for (let i = 0; i < timedRuns; i++) {
    const started = performance.now();
    await run();
    times.push(performance.now() - started);
  }
  // The first ones compile and allocate.
  return median(times.slice(3));
};

/** Compiles and compares. */
export async function finishRun({ model, data, recipe, quantizers }: Run): Promise<TrainResult> {
  const compared = Math.min(mostCompared, data.test.size);
  const pixels = data.shape[0] * data.shape[1] * data.shape[2];
  const images = data.test.images.slice(0, compared * pixels);
  const labels = data.test.labels.slice(0, compared);
  const graph = await evaluate(model, { images, labels, size: compared, shape: data.shape });
  const extra = { trainedIn: 'the bitgrad demo', data: data.name, quantizer: quantizers.label };
  const about = { classes: data.classes, picture: data.picture, sound: data.sound, extra };
  // Float layers are summed in another order: a logit within rounding may then win on one side only.
  const packed = await packModel(model, data.test, about, {
    limit: Math.min(64, compared),
    minAgreement: 0.98,
  });
  const running = await loadModel(packed.bytes, { engine: [wasmEngine(), jsEngine()] });
  try {
    const classes = data.classes.length;
    let right = 0;
    for (let from = 0; from < compared; from += atOnce) {
      const logits = await running.predict(images.slice(from * pixels, (from + atOnce) * pixels));
      labels.slice(from, from + atOnce).forEach((label, i) => {
        const row = Array.from(logits.subarray(i * classes, (i + 1) * classes));
        const best = row.reduce((top, value, k) => (value > row[top]! ? k : top), 0);
        if (best === label) right++;
      });
    }
    const one = images.slice(0, pixels);
    const x = tf.tensor(
      Float32Array.from(one, (byte) => byte / 127.5 - 1),
      [1, ...data.shape],
    );
    const graphMs = await timed(() =>
      withHardened(model, () => tf.tidy(() => void (model.predict(x) as tf.Tensor).dataSync())),
    );
    x.dispose();
    const packedMs = await timed(() => running.predict(one));
    return {
      name: `${data.name}-${recipe.model}.bitgrad`,
      bytes: packed.bytes,
      floatBytes: packed.model.metadata.floatBytes ?? 0,
      graphAccuracy: graph.accuracy!, // of classes, as all data here
      packedAccuracy: right / compared,
      comparedImages: compared,
      graphMs,
      graphBackend: tf.getBackend(),
      packedMs,
      fallbacks: packed.fallbacks.map(({ layer, reason }) => `${layer}: ${reason}`),
    };
  } finally {
    running.dispose();
  }
}
