// ProxConnect, reverse ProxConnect and ProxQuant (arXiv 2110.13220): one proximal map, three places for the gradient.
import { defineQuantizer, parseOptions, type JsonObject, type Quantizer } from '@bitgrad/core';
import * as v from 'valibot';
import { proxQuant, reverseProxConnect } from '../optimizers/proximal.js';
import { unitEntries, type UnitOptions } from '../scale.js';
import { muEntries, muMoves, muSchedule, type MuOptions } from '../schedule.js';
import {
  backwardSchema,
  latentForward,
  levelPassSurrogate,
  levelSchema,
  piecewiseLinearForward,
  rate,
  type LevelSet,
} from './levels.js';

/** Options of `pc`, `rpc` and `pq`. */
export interface ProxConnectOptions extends Partial<UnitOptions>, Partial<MuOptions> {
  /** Levels: 'binary' (default), 'ternary', or ascending numbers. */
  readonly levels?: LevelSet;
  /** Horizontal shift of L a unit of mu. Default 1. */
  readonly rho?: number;
  /** Vertical shift of L a unit of mu. Default 1. */
  readonly varrho?: number;
  /** Where the gradient passes. Default 'auto': everywhere for kernels, between the outermost levels for inputs. */
  readonly backward?: 'auto' | 'identity' | 'clipped';
}

const resolve = (name: string, options: unknown, mu: MuOptions, unit: Partial<UnitOptions>) => {
  const resolved = parseOptions(
    'quantizer-proxconnect',
    `quantizer "${name}"`,
    v.strictObject({
      levels: v.optional(levelSchema, 'binary'),
      rho: v.optional(rate, 1),
      varrho: v.optional(rate, 1),
      backward: v.optional(backwardSchema, 'auto'),
      ...muEntries(mu),
      ...unitEntries(unit),
    }),
    options,
  );
  const { levels, rho, varrho, backward, growth, muStart, muEnd, muUntil, ...units } = resolved;
  const schedule = muSchedule({ growth, muStart, muEnd, muUntil });
  const forward = { levels, rho, varrho, ...units };
  const surrogate = levelPassSurrogate({ levels, backward, ...units });
  const needsClock = muMoves({ growth, muStart, muEnd, muUntil });
  return { options: resolved as unknown as JsonObject, schedule, needsClock, forward, surrogate };
};

const sound = { holds: true, reason: 'P = L(rho, varrho) is nondecreasing and T is the identity.' } as const;

/**
 * ProxConnect: w_t = P(w*_t), w*_{t+1} = w*_t - eta_t grad l(w_t) with P = L(rho mu, varrho mu), and mu from 0 (clip)
 * to 1 (the nearest level) over the first `muUntil` of training.
 * @throws BitgradError `invalid-option`
 */
export function pc(options: ProxConnectOptions = {}): Quantizer {
  const parts = resolve(
    'pc',
    options,
    { growth: 'linear', muStart: 0, muEnd: 1, muUntil: 0.3 },
    { kernelScale: 2 },
  );
  return defineQuantizer({
    name: 'pc',
    options: parts.options,
    description: 'ProxConnect: proximal quantizer forward, identity backward (arXiv 2110.13220)',
    forward: piecewiseLinearForward(parts.forward),
    surrogate: parts.surrogate,
    schedule: parts.schedule,
    capabilities: { needsClock: parts.needsClock },
    certificate: sound,
  });
}

/**
 * Reverse ProxConnect: w_t = P(w*_t), w*_{t+1} = w_t - eta_t grad l(w_t): the step starts from the quantized weights.
 * The update of kernels is the wrapped optimizer's; on layer inputs it is `pc`.
 * @throws BitgradError `invalid-option`
 */
export function rpc(options: ProxConnectOptions = {}): Quantizer {
  const parts = resolve(
    'rpc',
    options,
    { growth: 'linear', muStart: 0, muEnd: 1, muUntil: 1 },
    { kernelUnit: 'fan' },
  );
  const forward = piecewiseLinearForward(parts.forward);
  return defineQuantizer({
    name: 'rpc',
    options: parts.options,
    description: 'Reverse ProxConnect: steps from the quantized weights (arXiv 2110.13220)',
    forward,
    surrogate: parts.surrogate,
    schedule: parts.schedule,
    capabilities: { needsClock: parts.needsClock },
    certificate: sound,
    wrapOptimizer: reverseProxConnect({ proximal: forward, schedule: parts.schedule }),
  });
}

/**
 * ProxQuant: w*_{t+1} = P(w*_t - eta_t grad l(w*_t)): the network trains the latent kernels in units, and P pulls them
 * to the levels after each step (arXiv 1810.00861). On layer inputs it is `pc`.
 * @throws BitgradError `invalid-option`
 */
export function pq(options: ProxConnectOptions = {}): Quantizer {
  const parts = resolve(
    'pq',
    options,
    { growth: 'linear', muStart: 0, muEnd: 1, muUntil: 1 },
    { kernelUnit: 'fan' },
  );
  return defineQuantizer({
    name: 'pq',
    options: parts.options,
    description: 'ProxQuant: latent weights pulled to the levels after each step (arXiv 1810.00861)',
    forward: latentForward(parts.forward),
    surrogate: parts.surrogate,
    schedule: parts.schedule,
    capabilities: { needsClock: parts.needsClock },
    certificate: { holds: true, reason: 'F and B are the identity; P acts in the optimizer step.' },
    wrapOptimizer: proxQuant({
      proximal: piecewiseLinearForward(parts.forward),
      schedule: parts.schedule,
    }),
  });
}
