// NaN that a sign hides: a batch with one NaN makes the averages of BatchNorm NaN, every sign behind them +1, and the loss
// stays finite. So weights, averages and the optimizer's state are looked at themselves, at each epoch's end.
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { BitgradError } from '@bitgrad/core';
import type { StatefulOptimizer } from './optimizers/step-optimizer.js';
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

/** Tensors up to this many values are looked at together. */
const small = 4096;

/** 0 for finite values; NaN and infinity times 0 are NaN. */
const mark = (tensor: tf.Tensor): tf.Tensor => tf.sum(tf.mul(tensor, 0));

/** Whether a value of some tensors is NaN or infinite: few kernels, whatever their number. */
async function anyNotFinite(tensors: readonly tf.Tensor[]): Promise<boolean> {
  const total = tf.tidy(() => {
    const flat = tensors.map((tensor) => tf.reshape(tf.cast(tensor, 'float32'), [-1]));
    const together = flat.filter(({ size }) => size <= small);
    const alone = flat.filter(({ size }) => size > small);
    return tf.addN([
      tf.scalar(0),
      ...(together.length > 0 ? [mark(tf.concat(together))] : []),
      ...alone.map(mark),
    ]);
  });
  const [value] = await total.data();
  total.dispose();
  return value !== 0;
}

/**
 * Looks for NaN and infinity in every weight and average of a model, and in the optimizer's state: a pass over them on the
 * device and a read of one number.
 * @param when for the message: `after epoch 3`
 * @throws BitgradError `not-finite` that names the layer and the weight
 */
export async function checkFinite(model: LayersModel, when: string, optimizer?: WithSlots): Promise<void> {
  const parts = namedWeights(model).flatMap(({ label, weight }) => {
    const tensor = weight.read();
    const slots = optimizer?.slotsOf?.(tensor as tf.Variable) ?? [];
    return [
      { label, tensor },
      ...slots.map((slot) => ({ label: `optimizer state of the ${label}`, tensor: slot })),
    ];
  });
  if (!(await anyNotFinite(parts.map(({ tensor }) => tensor)))) return;
  const bad: string[] = [];
  for (const { label, tensor } of parts) if (await anyNotFinite([tensor])) bad.push(label);
  const more = bad.length > 1 ? `, as ${bad.length - 1} more,` : '';
  throw notFinite(`${bad[0]}${more}`, when);
}
