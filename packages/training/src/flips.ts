// The flip ratio of single steps, counted on the device: a read of one number instead of every kernel.
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { quantize } from '@bitgrad/core';
import { quantizedKernels } from '@bitgrad/layers';

/** Which of two levels each weight of each kernel has: bool tensors, kept until `since` disposes them. */
type Levels = readonly tf.Tensor[];

/** Measures the share of a model's binary kernel weights that change between two moments. */
export function createFlipSampler(model: LayersModel) {
  const levels = (): Levels =>
    tf
      .tidy(() =>
        quantizedKernels(model)
          .filter(({ quantizer }) => quantizer.forward.levels.length === 2)
          // The scale is positive, so the upper level of both two-level alphabets is what is above 0.
          .map(({ layer, slot, variable, quantizer }) =>
            tf.greater(quantize(quantizer, variable, { ...layer.quantizeOptions(slot), hard: true }), 0),
          ),
      )
      .map((tensor) => tf.keep(tensor));
  return {
    /** The present levels; give them to `since`. */
    snapshot: levels,
    /** Share of the weights that changed since, in [0, 1]; 0 for a model without binary kernels. */
    async since(before: Levels): Promise<number> {
      const weights = before.reduce((sum, { size }) => sum + size, 0);
      if (weights === 0) return 0;
      const flips = tf.tidy(() => {
        const after = levels();
        const changed = after.map((tensor, i) => tf.sum(tf.cast(tf.notEqual(tensor, before[i]!), 'float32')));
        tf.dispose(after as tf.Tensor[]);
        return tf.addN(changed);
      });
      const [count] = await flips.data();
      tf.dispose([flips, ...before]);
      return count! / weights;
    },
    dispose(before: Levels | undefined) {
      if (before) tf.dispose(before as tf.Tensor[]);
    },
  };
}
