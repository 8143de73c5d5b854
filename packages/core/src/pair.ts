// Any forward with any surrogate.
import { defineQuantizer } from './define.js';
import { expectKind } from './expect.js';
import type { ForwardQuantizer } from './contracts/forward.js';
import type { Quantizer } from './contracts/quantizer.js';
import type { SurrogateGradient } from './contracts/surrogate.js';

/** A quantizer of two given halves, named "pair"; it has no schedule, parameters or certificate of its own. */
export function pairQuantizer(forward: ForwardQuantizer, surrogate: SurrogateGradient): Quantizer {
  expectKind('pairQuantizer', 'forward', forward);
  expectKind('pairQuantizer', 'surrogate', surrogate);
  return defineQuantizer({
    name: 'pair',
    options: {},
    description: `${forward.name} forward with ${surrogate.name} backward`,
    forward,
    surrogate,
  });
}
