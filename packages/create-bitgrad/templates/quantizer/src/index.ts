// A quantizer: F is the sign, B a cosine bump. Change the formulas, then `npm test`: the conformance suite compares them with
// the tensor code, on a grid with every point where something happens.
import {
  definePlugin,
  defineQuantizer,
  defineSignForward,
  defineSurrogate,
  E,
  parseOptions,
  type ForwardQuantizer,
  type Quantizer,
  type SurrogateGradient,
} from '@bitgrad/core';
import * as v from 'valibot';

const name = 'my-quantizer';
const schema = v.strictObject({
  /** |x| from which the gradient is 0; above 0. */
  width: v.optional(v.pipe(v.number(), v.gtValue(0)), 1),
});

/** Options of {@link hill} and {@link mine}. */
export type Options = v.InferInput<typeof schema>;

/** B(x) = (1 - (x / width)^2)^2 for |x| < width, else 0. */
export const hill = (options: Options = {}): SurrogateGradient => {
  const { width } = parseOptions(name, 'surrogate "hill"', schema, options);
  return defineSurrogate({
    name: 'hill',
    options: { width },
    formula: (x) => Math.max(0, 1 - (x / width) ** 2) ** 2,
    expression: () => {
      const u = E.div(E.input('x'), width);
      const inside = E.max(0, E.sub(1, E.mul(u, u)));
      return E.mul(inside, inside);
    },
    breakpoints: () => [-width, 0, width],
  });
};

/** F(x) = +1 for x >= 0, -0 among them, else -1. For another F: `defineForward`, with its levels, formula and jumps. */
const sign = (): ForwardQuantizer => defineSignForward({ name: `${name}-sign`, options: {} });

/** The quantizer. */
export const mine = (options: Options = {}): Quantizer =>
  defineQuantizer({
    name: 'mine',
    options: parseOptions(name, 'quantizer "mine"', schema, options),
    description: 'sign forward, a hill backward',
    forward: sign(),
    surrogate: hill(options),
  });

export default definePlugin({
  name,
  version: '0.0.0',
  quantizers: { mine },
  surrogates: { hill },
  forwards: { [`${name}-sign`]: sign },
});
