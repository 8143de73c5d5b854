// ReActNet's sign with a learned threshold a channel.
import * as tf from '@tensorflow/tfjs-core';
import {
  BitgradError,
  defineSignForward,
  type ForwardQuantizer,
  type ParameterSpec,
  type QuantizerSite,
} from '@bitgrad/core';
import { channelShape, spreadChannels } from '../channels.js';
import { none, resolve, type NoOptions } from '../options.js';

declare module '@bitgrad/core' {
  interface ForwardOptionsMap {
    rsign: NoOptions;
  }
}

/** Name of the learned threshold among a quantizer's parameters. */
const thresholdName = 'threshold';

/** The learned threshold of {@link rsignForward}: one a channel of the site, all `initial` at first, deployed. */
export function thresholdSpec(site: QuantizerSite, initial: number): ParameterSpec {
  const shape = channelShape(site);
  const size = shape.reduce((product, d) => product * d, 1);
  return {
    name: thresholdName,
    shape,
    initialize: () => new Float32Array(size).fill(initial),
    deployed: true,
  };
}

/**
 * F(x - threshold) with F = sign: +1 for x >= threshold of the channel, else -1. The gradient reaches x by B and the
 * threshold by -B, summed. `formula` is of the difference.
 * @throws BitgradError `invalid-option` for any option; `incompatible` when applied without its learned parameter,
 * which the quantizer `rsign` declares
 * @see Liu et al., ReActNet, arXiv 2003.03488, eq. 4
 */
export function rsignForward(options?: NoOptions): ForwardQuantizer {
  return defineSignForward({
    name: 'rsign',
    options: resolve('forward "rsign"', none, options),
    prepare(x, context) {
      const threshold = context.parameters[thresholdName];
      if (!threshold)
        throw new BitgradError({
          code: 'incompatible',
          source: 'quantizer-ste',
          what: 'forward "rsign" has no learned threshold',
          got: Object.keys(context.parameters),
          expected: `a parameter "${thresholdName}"`,
          next: 'Use the quantizer "rsign" in a layer: a bare pair owns no parameters.',
        });
      return tf.sub(x, spreadChannels(threshold, x, context));
    },
  });
}
