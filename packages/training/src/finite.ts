// NaN that a sign hides: a batch with one NaN makes the averages of BatchNorm NaN, every sign behind them +1, and the loss
// stays finite. So weights, averages and the optimizer's state are looked at themselves, at each epoch's end.
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { BitgradError } from '@bitgrad/core';
import type { StatefulOptimizer } from './optimizers/stepOptimizer.js';
import { namedWeights } from './weights.js';

const next =
  'Look for NaN or infinity in the inputs (a quantizer hides it from the loss), or lower the learning rate; the last checkpoint is intact.';

/** @param label what is not finite: `moving_mean of layer "norm1"` */
export const notFinite = (label: string, when: string): BitgradError =>
  new BitgradError({
    code: 'not-finite',
    source: 'training',
    what: `${label} has values that are not finite ${when}`,
    expected: 'finite numbers',
    next,
  });

/** The part of an optimizer that is looked at. */
type WithSlots = Pick<StatefulOptimizer, 'slotsOf'>;

/**
 * Looks for NaN and infinity in every weight and average of a model, and in the optimizer's state: a pass over them on the
 * device and one small read.
 * @param when for the message: `after epoch 3`
 * @throws BitgradError `not-finite` that names the layer and the weight
 */
export async function checkFinite(model: LayersModel, when: string, optimizer?: WithSlots): Promise<void> {
  const labels: string[] = [];
  const marks = tf.tidy(() => {
    const all: tf.Tensor[] = [];
    // 0 for finite values; NaN and infinity times 0 are NaN.
    const add = (label: string, tensor: tf.Tensor): void => {
      labels.push(label);
      all.push(tf.sum(tf.mul(tf.cast(tensor, 'float32'), 0)));
    };
    for (const { label, weight } of namedWeights(model)) {
      const tensor = weight.read();
      add(label, tensor);
      const slots = optimizer?.slotsOf?.(tensor as tf.Variable) ?? [];
      slots.forEach((slot) => add(`optimizer state of the ${label}`, slot));
    }
    return all.length > 0 ? tf.stack(all) : tf.zeros([0]);
  });
  const values = await marks.data();
  marks.dispose();
  const bad = labels.filter((_, i) => values[i] !== 0);
  const more = bad.length > 1 ? `, as ${bad.length - 1} more,` : '';
  if (bad.length > 0) throw notFinite(`${bad[0]}${more}`, when);
}
