// The reference models, narrow and compiled, with random inputs: what every engine must agree on.
import * as tf from '@tensorflow/tfjs-core';
import { wasm } from '@bitgrad/backend-wasm';
import { compileModel } from '@bitgrad/compiler';
import { createRng, use } from '@bitgrad/core';
import { createModel, modelNames, type ModelName } from '@bitgrad/models';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { amount } from '@bitgrad/tooling/endurance';

export { modelNames };

const side = 12;
/** Inputs for each model: software renderers take up to 60 ms for one. */
export const inputCount = amount({ test: 10, full: 200 });
let started: Promise<void> | undefined;

/** A compiled model file, and n inputs of bytes, one after the other. */
export async function compiled(
  name: ModelName,
  n: number,
): Promise<{ file: Uint8Array; inputs: Uint8Array }> {
  // Packing runs the graph: on the plain backend for longer than the engines that are compared.
  started ??= (use(stePlugin), wasm().start());
  await started;
  const model = createModel(name, {
    inputShape: [side, side, 1],
    classes: 10,
    kernelQuantizer: 'ste',
    seed: 3,
    width: name === 'birealnet18' || name === 'lfc' ? 0.125 : 0.25,
  });
  const rng = createRng(17);
  // Statistics as after training, so that thresholds differ from channel to channel.
  for (const layer of model.layers)
    if (layer.getClassName().includes('BatchNorm')) {
      const values = layer.getWeights().map((w, i) => {
        const scale = i === 3 ? 4 : 1;
        return tf.tensor(
          Float32Array.from(
            { length: w.size },
            () => (i === 0 || i === 3 ? 0.5 + rng.next() : rng.normal()) * scale,
          ),
          w.shape,
        );
      });
      layer.setWeights(values);
      tf.dispose(values);
    }
  const { bytes } = await compileModel(model, {
    input: 'u8',
    normalization: { mean: [127.5], std: [127.5] },
  });
  model.dispose();
  return {
    file: bytes,
    inputs: Uint8Array.from({ length: n * side * side }, () => Math.floor(rng.next() * 256)),
  };
}
