import { definePlugin, type Plugin } from '@bitgrad/core';
import { fda, fdaPlusPlus, type FdaOptions, type FdaPlusPlusOptions } from './quantizers.js';
import { fdaSurrogate, type FdaSurrogateOptions } from './surrogate.js';

declare module '@bitgrad/core' {
  interface QuantizerOptionsMap {
    fda: FdaOptions;
    'fda++': FdaPlusPlusOptions;
  }
  interface SurrogateOptionsMap {
    fda: FdaSurrogateOptions;
  }
}

/** The plugin: `use(fdaPlugin)`, then `'fda'` and `'fda++'` by name. */
export const fdaPlugin: Plugin = definePlugin({
  name: '@bitgrad/quantizer-fda',
  version: '0.0.0',
  quantizers: { fda, 'fda++': fdaPlusPlus },
  surrogates: { fda: fdaSurrogate },
});

export { boxedForward, boxedSurrogate } from './boxed.js';
export { derivativeExpression, seriesExpression } from './closed-form.js';
export { seriesForward, seriesSurrogate, type PairOptions } from './forward.js';
export { noise, noiseParameters, noiseWidth, type NoiseOptions } from './noise.js';
export { fda, fdaPlusPlus, type FdaOptions, type FdaPlusPlusOptions } from './quantizers.js';
export {
  halfPeriod,
  harmonicWeight,
  peakDerivative,
  seriesDerivative,
  seriesValue,
  weightings,
  type Weighting,
} from './series.js';
export { spectrum, type Harmonic, type Spectrum, type SpectrumOptions } from './spectrum.js';
export { fdaSurrogate, type FdaSurrogateOptions } from './surrogate.js';
