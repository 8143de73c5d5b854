import type { QuantizerChoice } from '../worker/protocol.js';

/** A quantizer choice in words. */
export const describeQuantizer = (choice: QuantizerChoice): string =>
  choice.kind === 'registered'
    ? choice.name
    : `${choice.forward === 'sign' ? 'sign with' : 'the integral of'} ${choice.formula}`;
