// Bop: an optimizer for weights that are binary themselves, without latent weights.
import type * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  BitgradError,
  checkOptions,
  E,
  elementwise,
  explained,
  grow,
  option,
  progress,
  type OptionRules,
  type TrainingClock,
} from '@bitgrad/core';
import { expectModel, quantizedKernels } from '@bitgrad/layers';
import { caseOptimizer } from './case-optimizer.js';
import { defineOptimizer, type NamedOptimizer } from './define.js';
import type { RatedOptimizer } from './rates.js';
import { StepOptimizer } from './step-optimizer.js';

/** Options of {@link bop}. */
export interface BopOptions {
  /** Adaptivity rate: the weight of the newest gradient in the average, (0, 1]; default 1e-3. */
  readonly gamma?: number;
  /** Gamma at the end of the run (it falls exponentially over the trainer's clock); default `gamma`: constant. */
  readonly gammaEnd?: number;
  /** Threshold that the average must exceed to flip a weight, 0 or more; default 1e-7. */
  readonly threshold?: number;
}

const share = option.of('a number above 0, up to 1', (v) => typeof v === 'number' && v > 0 && v <= 1);
const defaults = { gamma: 1e-3, threshold: 1e-7 } as const;
const rules: OptionRules<BopOptions> = {
  gamma: explained(share, 'weight of the newest gradient in the average', defaults.gamma),
  gammaEnd: explained(share, 'gamma at the end of the run, to which it falls; default gamma: constant'),
  threshold: explained(option.number(0), 'what the average must exceed to flip a weight', defaults.threshold),
};

const [w, g, m] = [E.input('w'), E.input('g'), E.input('m')];
const average = (gamma: number) => E.add(E.mul(m, 1 - gamma), E.mul(g, gamma));
// w is +-1, so m * w > threshold says both |m| > threshold and that the signs agree.
const flipped = (threshold: number) => E.select(E.gt(E.mul(m, w), threshold), E.neg(w), w);
const binarized = E.sign(w);

class Bop extends StepOptimizer {
  static readonly className = 'BitgradBop';
  protected readonly kind = 'bop';
  protected readonly slotCount = 1;
  private readonly options: Required<BopOptions>;
  private gamma: number;

  constructor(options: BopOptions) {
    const {
      gamma = defaults.gamma,
      gammaEnd = gamma,
      threshold = defaults.threshold,
    } = checkOptions('training', 'bop', options, rules);
    super(0);
    this.options = { gamma, gammaEnd, threshold };
    this.gamma = gamma;
  }

  /** The learning rate plays no part. */
  override rated(): readonly RatedOptimizer[] {
    return [];
  }

  override beginStep(clock: TrainingClock): void {
    const { gamma, gammaEnd } = this.options;
    this.gamma = grow({ growth: 'exponential', start: gamma, end: gammaEnd }, progress(clock));
  }

  protected override start(value: tf.Tensor): tf.Tensor {
    return elementwise(binarized, { w: value }, value.shape);
  }

  protected update(value: tf.Tensor, gradient: tf.Tensor, [slot]: readonly tf.Tensor[]): tf.Tensor[] {
    const next = elementwise(average(this.gamma), { m: slot!, g: gradient }, value.shape);
    return [elementwise(flipped(this.options.threshold), { w: value, m: next }, value.shape), next];
  }

  getConfig() {
    return { name: this.kind, ...this.options };
  }
}

/**
 * Bop (Helwegen et al., *Latent Weights Do Not Exist*, arXiv 1906.02107, algorithm 1), for binary weights w:
 *
 *     m' = (1 - gamma) m + gamma g;   w' = -w where |m'| > threshold and sign(m') = sign(w), else w
 *
 * A variable is set to sign(w) (w >= 0 gives +1) when its first gradient arrives; from then on its values are exactly
 * +-1. The learning rate plays no part. Use it through {@link caseOptimizer} on binary kernels, with a surrogate that
 * is not 0 at +-1 (the identity or the clipped identity): there the gradient is that of the binary weight.
 * @throws BitgradError `invalid-option`
 */
export const bop = (options: BopOptions = {}): StepOptimizer => new Bop(options);

/**
 * The kernels of a model that Bop can train: quantized to -1 and +1 by the plain sign of the weight
 * (a scale may follow).
 * @returns names of tf variables
 */
export function binaryKernelNames(model: LayersModel): ReadonlySet<string> {
  return new Set(
    quantizedKernels(model)
      .filter(({ quantizer: { forward } }) => forward.alphabet === 'pm1' && !forward.soft && !forward.prepare)
      .map(({ variable }) => variable.name),
  );
}

/** Bop as data: it takes the kernels with levels -1 and +1, `rest` (default Adam) the others. */
export interface NamedBopOptions extends BopOptions {
  readonly rest?: NamedOptimizer;
}

function named(options: BopOptions): StepOptimizer {
  if ('learningRate' in options)
    throw new BitgradError({
      code: 'invalid-option',
      source: 'training',
      what: 'option "learningRate" of bop, which has none',
      got: options.learningRate,
      next: 'Give it to the optimizer of the other weights: { name: "bop", rest: { name: "adam", learningRate } }.',
    });
  return bop(options);
}

/** {@link bop} by name, with another optimizer for the rest of the weights. */
export const bopDefinition = defineOptimizer<NamedBopOptions>({
  description:
    'Bop (arXiv 1906.02107) for binary kernels, another optimizer ("rest", default adam) for all else',
  options: {
    ...rules,
    rest: explained(option.object, 'optimizer of all other weights, with its options', { name: 'adam' }),
  },
  create({ rest = { name: 'adam' }, ...options }, model, make) {
    expectModel('training', 'createOptimizer', model);
    const kernels = binaryKernelNames(model);
    if (kernels.size === 0)
      throw new BitgradError({
        code: 'incompatible',
        source: 'training',
        what: 'optimizer bop on a model without binary kernels',
        expected: 'kernel quantizers with levels -1 and +1 whose forward is a plain sign',
        next: 'Use adam or sgd, or another kernel quantizer.',
      });
    const ofBop = { test: ({ name }: { name: string }) => kernels.has(name), optimizer: named(options) };
    return caseOptimizer([ofBop], make(rest));
  },
  baseRate({ rest = { name: 'adam' }, ...options }, of) {
    named(options);
    return of(rest);
  },
});
