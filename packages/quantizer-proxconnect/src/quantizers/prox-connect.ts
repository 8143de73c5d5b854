// ProxConnect, reverse ProxConnect and ProxQuant (arXiv 2110.13220): one proximal map, three places for the gradient.
import {
  defineQuantizer,
  parseOptions,
  progress,
  told,
  type CertificateClaim,
  type JsonObject,
  type Quantizer,
  type TrainingClock,
} from '@bitgrad/core';
import * as v from 'valibot';
import { proxQuant, reverseProxConnect } from '../optimizers/proximal.js';
import { unitEntries } from '../scale.js';
import type { UnitOptions } from '@bitgrad/certificate';
import { muEntries, muMoves, muSchedule, type MuOptions } from '../schedule.js';
import {
  backwardEntry,
  levelPassSurrogate,
  mapEntries,
  piecewiseLinearForward,
  pulledForward,
  pulledUnits,
  rate,
  type LevelSet,
} from './levels.js';

/** Options of `pc`. */
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

/** Options of `rpc` and `pq`. */
export interface ProximalStepOptions extends ProxConnectOptions {
  /**
   * How far P pulls kernels towards the levels: in step t of N its shifts are `rho` and `varrho` times
   * pull * t / N^2 units, pull / 2 in the whole run. It needs a run of known length. Default 10.
   */
  readonly pull?: number;
}

const entries = (mu: MuOptions, unit: Partial<UnitOptions>) => ({
  ...mapEntries,
  backward: backwardEntry,
  ...muEntries(mu),
  ...unitEntries(unit),
});

/** mu from 0 (clip) to 1 (the nearest level) over the first part of training. */
const growing: MuOptions = { growth: 'linear', muStart: 0, muEnd: 1, muUntil: 0.3 };

type Resolved = Required<ProxConnectOptions>;

/** The parts that all three methods share. */
function shared(resolved: Resolved) {
  const { levels, rho, varrho, backward, growth, muStart, muEnd, muUntil } = resolved;
  const { kernelUnit, kernelScale, inputUnit, inputScale } = resolved;
  const units = { kernelUnit, kernelScale, inputUnit, inputScale };
  const mu = { growth, muStart, muEnd, muUntil };
  return {
    options: resolved as unknown as JsonObject,
    schedule: muSchedule(mu),
    needsClock: muMoves(mu),
    forward: { levels, rho, varrho, ...units },
    surrogate: levelPassSurrogate({ levels, backward, ...units }),
  };
}

/** The shared parts of `rpc` and `pq`: their schedule gives `pull` too, and their networks see the latent kernels. */
function steppedParts(name: string, options: unknown) {
  const resolved = parseOptions(
    'quantizer-proxconnect',
    `quantizer "${name}"`,
    v.strictObject({
      ...entries(growing, pulledUnits),
      pull: told(
        rate,
        10,
        'how far kernels are pulled to the levels: half of it, in units, in the whole run',
      ),
    }),
    options,
  );
  const parts = shared(resolved as Resolved);
  const { pull } = resolved;
  const schedule = Object.freeze({
    options: { ...parts.schedule.options, pull },
    values: (clock: TrainingClock) => ({
      ...parts.schedule.values(clock),
      pull: clock.totalSteps > 0 ? (pull * progress(clock)) / clock.totalSteps : 0,
    }),
  });
  const step = { proximal: pulledForward(parts.forward), schedule };
  const forwardOfLatents = pulledForward({ ...parts.forward, kernels: 'latent' });
  const claim = claimOfLatents(resolved as Resolved);
  return { ...parts, schedule, step, forwardOfLatents, claim, needsClock: parts.needsClock || pull > 0 };
}

const sound = { holds: true, reason: 'P = L(rho, varrho) is nondecreasing and T is the identity.' } as const;
/** The claim of `rpc` and `pq`, whose networks see the latent kernels. */
const claimOfLatents = ({ backward }: Resolved): CertificateClaim =>
  backward === 'clipped'
    ? {
        holds: false,
        reason:
          'kernels beyond the outermost levels move F = w*, and B is 0 there; on inputs the pair is sound.',
      }
    : { holds: true, reason: 'F and B are the identity; P acts in the optimizer step.' };

/**
 * ProxConnect: w_t = P(w*_t), w*_{t+1} = w*_t - eta_t grad l(w_t) with P = L(rho mu, varrho mu), and mu from 0 (clip)
 * to 1 (the nearest level) over the first `muUntil` of training.
 * @throws BitgradError `invalid-option`
 */
export function pc(options: ProxConnectOptions = {}): Quantizer {
  const resolved = parseOptions(
    'quantizer-proxconnect',
    'quantizer "pc"',
    v.strictObject(entries(growing, { kernelScale: 2 })),
    options,
  );
  const parts = shared(resolved as Resolved);
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
 * Reverse ProxConnect: w*_{t+1} = P(w*_t) - eta_t grad l(w*_t): the network trains the latent kernels in units, and the
 * step starts from where P pulls them (arXiv 2110.13220). On layer inputs it is `pc`.
 * @throws BitgradError `invalid-option`
 */
export function rpc(options: ProximalStepOptions = {}): Quantizer {
  const parts = steppedParts('rpc', options);
  return defineQuantizer({
    name: 'rpc',
    options: parts.options,
    description:
      'Reverse ProxConnect: steps from the pulled weights, gradient at the latent ones (arXiv 2110.13220)',
    forward: parts.forwardOfLatents,
    surrogate: parts.surrogate,
    schedule: parts.schedule,
    capabilities: { needsClock: parts.needsClock },
    certificate: parts.claim,
    wrapOptimizer: reverseProxConnect(parts.step),
  });
}

/**
 * ProxQuant: w*_{t+1} = P(w*_t - eta_t grad l(w*_t)): the network trains the latent kernels in units, and P pulls them
 * to the levels after each step (arXiv 1810.00861). On layer inputs it is `pc`.
 * @throws BitgradError `invalid-option`
 */
export function pq(options: ProximalStepOptions = {}): Quantizer {
  const parts = steppedParts('pq', options);
  return defineQuantizer({
    name: 'pq',
    options: parts.options,
    description: 'ProxQuant: latent weights pulled to the levels after each step (arXiv 1810.00861)',
    forward: parts.forwardOfLatents,
    surrogate: parts.surrogate,
    schedule: parts.schedule,
    capabilities: { needsClock: parts.needsClock },
    certificate: parts.claim,
    wrapOptimizer: proxQuant(parts.step),
  });
}
