// `pnpm --filter demo train-model`: trains the network that the Draw page ships with, and its float twin, on the
// procedural digits, and writes both into public/. Options: --epochs N --images N --seed N --only binary|float.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { wasm } from '@bitgrad/backend-wasm';
import { compileModel } from '@bitgrad/compiler';
import { use, useBackend } from '@bitgrad/core';
import { createDigits, symmetricNormalization, type Dataset } from '@bitgrad/datasets';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { jsEngine, loadModel } from '@bitgrad/runtime';
import { createTrainer } from '@bitgrad/training';
import { binaryDigits, floatDigits } from '../src/digits/network.js';

const { values } = parseArgs({
  options: {
    epochs: { type: 'string', default: '6' },
    images: { type: 'string', default: '12000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
});
const seed = Number(values.seed);
const publicFolder = fileURLToPath(new URL('../public/', import.meta.url));

async function train(
  model: LayersModel,
  data: Dataset,
  epochs: number,
  learningRate: number,
): Promise<number> {
  const trainer = createTrainer({
    model,
    train: data.train,
    test: data.test,
    epochs,
    seed,
    batchSize: 64,
    learningRate,
    augment: { shift: 1 },
  });
  let accuracy = 0;
  for await (const event of trainer.run())
    if (event.type === 'epoch') {
      accuracy = event.hardenedTestAccuracy ?? 0;
      const shares = [event.accuracy ?? 0, accuracy].map((share) => `${(100 * share).toFixed(2)} %`);
      console.log(`${model.name} epoch ${event.epoch + 1}/${epochs}: train ${shares[0]}, test ${shares[1]}`);
    }
  trainer.dispose();
  return accuracy;
}

use(stePlugin);
await useBackend([wasm()], { strict: true });
const data = createDigits({ seed, train: Number(values.images), test: 4000 });
const epochs = Number(values.epochs);

if (values.only !== 'float') {
  const model = binaryDigits('ste', seed);
  const testAccuracy = await train(model, data, epochs, 0.003);
  const { bytes, agreement } = await compileModel(model, {
    input: 'u8',
    normalization: symmetricNormalization,
    samples: data.test.images.slice(0, 200 * 784),
    metadata: {
      name: 'digits',
      classes: data.classes,
      extra: { testAccuracy, trainedOn: 'procedural digits' },
    },
  });
  // The packed file, on images as the page gives them: what the graph reaches, it has to reach too.
  const packed = await loadModel(bytes, { engine: jsEngine() });
  const logits = await packed.predict(data.test.images);
  const right = Array.from(data.test.labels).filter((label, i) => {
    const row = Array.from(logits.subarray(10 * i, 10 * i + 10));
    return row.indexOf(Math.max(...row)) === label;
  }).length;
  if (Math.abs(right / data.test.size - testAccuracy) > 0.001)
    throw new Error(
      `The packed file reads ${right} of ${data.test.size}, the graph ${testAccuracy * data.test.size}.`,
    );
  writeFileSync(`${publicFolder}digits.bitgrad`, bytes);
  console.log(`digits.bitgrad: ${bytes.length} bytes, test accuracy ${testAccuracy}, agreement`, agreement);
}
if (values.only !== 'binary') {
  const model = floatDigits(seed);
  const testAccuracy = await train(model, data, Math.ceil(epochs / 4), 0.001);
  // All weights in the order of getWeights(), float32; the page builds the same graph and fills it.
  const parts = model.getWeights().map((tensor) => tensor.dataSync() as Float32Array);
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  parts.reduce((at, part) => (all.set(part, at), at + part.length), 0);
  writeFileSync(`${publicFolder}digits-float.bin`, new Uint8Array(all.buffer));
  console.log(`digits-float.bin: ${all.byteLength} bytes, test accuracy ${testAccuracy}`);
}
