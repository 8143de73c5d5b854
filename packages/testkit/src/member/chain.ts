// The gradient of a whole quantizer by its formulas: dx = prepare'(x) applied to dy scale(u) B(u), u = prepare(x).
import * as tf from '@tensorflow/tfjs-core';
import { quantize, quantizeContext, type Quantizer, type TrainingClock } from '@bitgrad/core';
import { expectClose } from '../compare.js';
import { scalarsAt } from './trial.js';
import { sampleParameters, sampleTensor, sampleValues, type Place } from './sites.js';

/** @throws BitgradError `verification-failed` where value or gradient differ from what the formulas give */
export function checkChain(
  quantizer: Quantizer,
  place: Place,
  clock: TrainingClock,
  tolerance: number,
): void {
  const { site } = place;
  const { forward, surrogate } = quantizer;
  const parameters = sampleParameters(quantizer, site);
  const names = Object.keys(parameters);
  tf.tidy(() => {
    const x = sampleTensor(place);
    const weight = tf.tensor(sampleValues(`${place.label} weight`, x.size), x.shape);
    const contextOf = (tensors: Record<string, tf.Tensor>) =>
      quantizeContext(quantizer, { site, clock, parameters: tensors });
    const context = contextOf(parameters);
    const u = forward.prepare?.(x, context) ?? x;
    const scale = tf.broadcastTo(forward.scale?.(u, context) ?? tf.scalar(1), x.shape as [number]).dataSync();
    const [at, forwardAt] = [scalarsAt(surrogate, u, context), scalarsAt(forward, u, context)];
    const us = u.dataSync();
    const label = `${place.label}, step ${clock.step} of ${clock.totalSteps}`;

    const y = quantize(quantizer, x, { site, clock, parameters });
    const expected = Array.from(us, (v, i) => scale[i]! * forward.formula(v, forwardAt(i)));
    expectClose(`value of quantizer "${quantizer.name}" (${label})`, y.dataSync(), expected, tolerance);

    // A parameter that neither side uses still needs a place in the graph for tf.grads.
    const touch = (value: tf.Tensor, tensors: tf.Tensor[]) =>
      tensors.reduce<tf.Tensor>((sum, t) => tf.add(sum, tf.mul(tf.sum(t), 0)), tf.sum(value));
    const gradientsOf = (value: (x: tf.Tensor, tensors: Record<string, tf.Tensor>) => tf.Tensor) =>
      tf.grads((...inputs: tf.Tensor[]) => {
        const [input, ...rest] = inputs;
        return touch(value(input!, Object.fromEntries(names.map((name, i) => [name, rest[i]!]))), inputs);
      })([x, ...names.map((name) => parameters[name]!)]);

    const weights = weight.dataSync();
    const du = tf.tensor(
      Array.from(us, (v, i) => weights[i]! * scale[i]! * surrogate.formula(v, at(i))),
      x.shape,
    );
    const got = gradientsOf((input, tensors) =>
      tf.mul(quantize(quantizer, input, { site, clock, parameters: tensors }), weight),
    );
    const want = gradientsOf((input, tensors) =>
      tf.mul(forward.prepare?.(input, contextOf(tensors)) ?? input, du),
    );
    ['x', ...names].forEach((name, i) =>
      expectClose(
        `gradient of quantizer "${quantizer.name}" by ${name} (${label})`,
        got[i]!.dataSync(),
        want[i]!.dataSync(),
        // Sums over channels add up rounding errors.
        name === 'x' && !forward.prepare ? tolerance : tolerance * 10,
      ),
    );
  });
  Object.values(parameters).forEach((t) => t.dispose());
}
