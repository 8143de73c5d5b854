// What this package offers to a registry.
import { definePlugin } from '@bitgrad/core';
import {
  bc,
  bnn,
  bnnPlus,
  boxPassSurrogate,
  hardSignForward,
  latentPassSurrogate,
  signSwishPassSurrogate,
  type BnnOptions,
  type BnnPlusOptions,
  type NoOptions,
} from './quantizers/binary-connect.js';
import {
  levelPassSurrogate,
  piecewiseLinearForward,
  pulledForward,
  type PassOptions,
  type PiecewiseLinearOptions,
  type PulledOptions,
} from './quantizers/levels.js';
import { pc, pq, rpc, type ProxConnectOptions, type ProximalStepOptions } from './quantizers/prox-connect.js';
import {
  bnnPlusPlus,
  edePlusPlus,
  polyPlusPlus,
  softSignForward,
  softSignSlopeSurrogate,
  tanhPlusPlus,
  type SoftSignHalfOptions,
  type SoftSignOptions,
} from './quantizers/soft-signs.js';

/** The plugin of this package: `use(proxConnectPlugin)` makes every member known by name. */
export const proxConnectPlugin = definePlugin({
  name: '@bitgrad/quantizer-proxconnect',
  version: '0.0.0',
  quantizers: {
    pc,
    rpc,
    pq,
    bc,
    bnn,
    'bnn+': bnnPlus,
    'bnn++': bnnPlusPlus,
    'ede++': edePlusPlus,
    'tanh++': tanhPlusPlus,
    'poly++': polyPlusPlus,
  },
  surrogates: {
    'level-pass': levelPassSurrogate,
    'latent-pass': latentPassSurrogate,
    'box-pass': boxPassSurrogate,
    'sign-swish-pass': signSwishPassSurrogate,
    'soft-sign-slope': softSignSlopeSurrogate,
  },
  forwards: {
    'hard-sign': hardSignForward,
    'piecewise-linear': piecewiseLinearForward,
    pulled: pulledForward,
    'soft-sign': softSignForward,
  },
});

declare module '@bitgrad/core' {
  interface QuantizerOptionsMap {
    pc: ProxConnectOptions;
    rpc: ProximalStepOptions;
    pq: ProximalStepOptions;
    bc: NoOptions;
    bnn: BnnOptions;
    'bnn+': BnnPlusOptions;
    'bnn++': SoftSignOptions;
    'ede++': SoftSignOptions;
    'tanh++': SoftSignOptions;
    'poly++': SoftSignOptions;
  }
  interface SurrogateOptionsMap {
    'level-pass': PassOptions;
    'latent-pass': NoOptions;
    'box-pass': BnnOptions;
    'sign-swish-pass': BnnPlusOptions;
    'soft-sign-slope': SoftSignHalfOptions;
  }
  interface ForwardOptionsMap {
    'hard-sign': NoOptions;
    'piecewise-linear': PiecewiseLinearOptions;
    pulled: PulledOptions;
    'soft-sign': SoftSignHalfOptions;
  }
}
