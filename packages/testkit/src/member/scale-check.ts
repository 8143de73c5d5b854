// The scale of a forward: not negative, finite, and broadcastable without widening x.
import type * as tf from '@tensorflow/tfjs-core';
import type { ForwardQuantizer, QuantizeContext } from '@bitgrad/core';
import { ensure } from '../case.js';
import type { Place } from './sites.js';

/** @throws BitgradError `verification-failed` when the scale of u is negative, not finite or of a wrong shape */
export function checkScale(
  forward: ForwardQuantizer,
  u: tf.Tensor,
  context: QuantizeContext,
  place: Place,
): void {
  const scale = forward.scale?.(u, context);
  if (!scale) return;
  const what = `scale of forward "${forward.name}" (${place.label})`;
  const trailing = place.shape.slice(place.shape.length - scale.rank);
  const fits = scale.rank <= place.shape.length && scale.shape.every((d, i) => d === 1 || d === trailing[i]);
  ensure(fits, `shape of the ${what}`, scale.shape, `one that broadcasts to ${place.shape.join(', ')}`);
  scale
    .dataSync()
    .forEach((value) =>
      ensure(Number.isFinite(value) && value >= 0, what, value, 'a finite number, not negative'),
    );
}
