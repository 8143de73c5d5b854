// The gradient that passes through DoReFa's rounding.
import { defineSurrogate, E, type SurrogateGradient, told } from '@bitgrad/core';
import * as v from 'valibot';
import { resolve } from '../options.js';

/** What DoReFa quantizes: the two are different functions. */
export type DorefaTarget = 'activations' | 'weights';

/** Options of the DoReFa surrogate. */
export interface DorefaSurrogateOptions {
  /** Default 'activations'. */
  readonly target?: DorefaTarget;
}

declare module '@bitgrad/core' {
  interface SurrogateOptionsMap {
    dorefa: DorefaSurrogateOptions;
  }
}

/** The schema of `target`. */
export const dorefaTarget = told(
  v.picklist(['activations', 'weights']),
  'activations',
  'what is quantized: DoReFa has a function for each',
);

const schema = v.strictObject({ target: dorefaTarget });

/**
 * Activations: B(x) = 1 on [0, 1] (both ends included), else 0: the slope of the clip before the rounding.
 * Weights: B(u) = 2 everywhere: the slope of 2u - 1 after the rounding, of u = tanh(w) / (2 max|tanh(w)|) + 1/2.
 * @throws BitgradError `invalid-option` for another target
 * @see Zhou et al., DoReFa-Net, arXiv 1606.06160, eq. 5-9
 */
export function dorefaSurrogate(options?: DorefaSurrogateOptions): SurrogateGradient {
  const resolved = resolve('surrogate "dorefa"', schema, options);
  const weights = resolved.target === 'weights';
  return defineSurrogate({
    name: 'dorefa',
    options: resolved,
    formula: (x) => (weights ? 2 : x >= 0 && x <= 1 ? 1 : 0),
    expression() {
      const x = E.input('x');
      return weights ? E.constant(2) : E.mul(E.ge(x, 0), E.le(x, 1));
    },
    breakpoints: () => (weights ? [] : [0, 1]),
  });
}
