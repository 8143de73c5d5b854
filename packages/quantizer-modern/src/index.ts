import { definePlugin, type Plugin } from '@bitgrad/core';
import { biper, type BiperOptions } from './biper.js';

declare module '@bitgrad/core' {
  interface QuantizerOptionsMap {
    biper: BiperOptions;
  }
}

/** The plugin: `use(modernPlugin)`, then `'biper'` by name. */
export const modernPlugin: Plugin = definePlugin({
  name: '@bitgrad/quantizer-modern',
  version: '0.0.0',
  quantizers: { biper },
});

export { biper, type BiperOptions } from './biper.js';
