// The quantizers of this build: every plugin in one registry, and the visitor's formula as one more. Used by the page
// for formulas and certificates, and by the worker for training.
import { createRegistry, pairQuantizer, type Quantizer } from '@bitgrad/core';
import { fdaPlugin } from '@bitgrad/quantizer-fda';
import { match } from '@bitgrad/certificate';
import { proxConnectPlugin } from '@bitgrad/quantizer-proxconnect';
import { signForward, stePlugin } from '@bitgrad/quantizer-ste';
import type { QuantizerChoice } from '../worker/protocol.js';
import { formulaSurrogate } from './formula.js';

/** Every registered quantizer. */
const registry = createRegistry([stePlugin, proxConnectPlugin, fdaPlugin]);

/** Names of the quantizers, sorted, with the package that offers each. */
export const quantizerNames = registry.entries().filter(({ kind }) => kind === 'quantizer');

/**
 * Makes a quantizer.
 * @throws BitgradError for unknown names, bad options and bad formulas; `incompatible` for a formula that has no
 *   integral from -1 to 1
 */
export function createQuantizer(choice: QuantizerChoice): Quantizer {
  if (choice.kind === 'registered') return registry.quantizer(choice.name, choice.options);
  const surrogate = formulaSurrogate(choice.formula);
  return choice.forward === 'sign' ? pairQuantizer(signForward(), surrogate) : match(surrogate);
}
