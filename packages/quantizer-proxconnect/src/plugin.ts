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
} from './quantizers/binaryConnect.js';
import {
  levelPassSurrogate,
  piecewiseLinearForward,
  type PassOptions,
  type PiecewiseLinearOptions,
} from './quantizers/levels.js';
import { pc, pq, rpc, type ProxConnectOptions } from './quantizers/proxConnect.js';

/** The plugin of this package: `use(proxConnectPlugin)` makes every member known by name. */
export const proxConnectPlugin = definePlugin({
  name: '@bitgrad/quantizer-proxconnect',
  version: '0.0.0',
  quantizers: { pc, rpc, pq, bc, bnn, 'bnn+': bnnPlus },
  surrogates: {
    'level-pass': levelPassSurrogate,
    'latent-pass': latentPassSurrogate,
    'box-pass': boxPassSurrogate,
    'sign-swish-pass': signSwishPassSurrogate,
  },
  forwards: { 'hard-sign': hardSignForward, 'piecewise-linear': piecewiseLinearForward },
});

declare module '@bitgrad/core' {
  interface QuantizerOptionsMap {
    pc: ProxConnectOptions;
    rpc: ProxConnectOptions;
    pq: ProxConnectOptions;
    bc: NoOptions;
    bnn: BnnOptions;
    'bnn+': BnnPlusOptions;
  }
  interface SurrogateOptionsMap {
    'level-pass': PassOptions;
    'latent-pass': NoOptions;
    'box-pass': BnnOptions;
    'sign-swish-pass': BnnPlusOptions;
  }
  interface ForwardOptionsMap {
    'hard-sign': NoOptions;
    'piecewise-linear': PiecewiseLinearOptions;
  }
}

export default proxConnectPlugin;
