// A quantizer: a forward, a surrogate, a schedule, and what they need. Any forward combines with any surrogate.
import type { Optimizer, Tensor, Variable } from '@tensorflow/tfjs-core';
import type { Rng } from '@bitgrad/bits';
import type { TrainingClock } from './clock.js';
import type { JsonObject, QuantizeContext, QuantizerRole, QuantizerSite, Scalars } from './context.js';
import type { ForwardQuantizer } from './forward.js';
import type { SurrogateGradient } from './surrogate.js';

/** Maps the training clock to named scalars (mu, n, alpha, rho); a pure function with JSON options. */
export interface Schedule {
  readonly options: JsonObject;
  values(clock: TrainingClock): Scalars;
}

/** A trainable tensor that a quantizer asks its layer to own: saved, restored and optimized with the layer. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /** Initial values, row-major, `product(shape)` of them. */
  initialize(rng: Rng): Float32Array;
  /** False: dropped at compile time and not counted in the deployed size (FDA's noise module). */
  readonly deployed: boolean;
}

/** What a quantizer can and needs; checked before anything runs. */
export interface QuantizerCapabilities {
  /** Where it may be used. */
  readonly roles: readonly QuantizerRole[];
  /**
   * True exactly when its `schedule` gives other values as training goes on, so that somebody has to tell the layers the
   * clock before each step: the trainer does, `model.fit` with `ClockCallback`, a loop of one's own by `setClock(model,
   * clock)`. Where nobody does, the quantizer stays at the start of its schedule. False for a constant schedule: `schedule`
   * left out, or options under which nothing moves. `needsClock(model)` of @bitgrad/layers asks for it; the conformance
   * suite compares it with what the schedule does.
   */
  readonly needsClock: boolean;
  /** True when `parameters` may return something. */
  readonly hasParameters: boolean;
}

/** What is known about the pair's soundness (arXiv 2402.17710), as claimed by its author. */
export interface CertificateClaim {
  readonly holds: boolean;
  /** One sentence: why, or which condition fails and where. */
  readonly reason: string;
}

/** How an optimizer wrapper reaches the latent weights that a quantizer is used on. */
export interface LatentAccess {
  /** The latent kernels that use this quantizer. */
  readonly variables: readonly Variable[];
  /** F of a latent variable at the present clock; the caller disposes it. */
  quantize(variable: Variable): Tensor;
  clock(): TrainingClock;
}

/** A quantizer: a frozen plain object made by a factory. */
export interface Quantizer {
  readonly kind: 'quantizer';
  readonly name: string;
  /** Resolved options; `{ name, options }` rebuilds the quantizer. */
  readonly options: JsonObject;
  readonly forward: ForwardQuantizer;
  readonly surrogate: SurrogateGradient;
  readonly schedule: Schedule;
  readonly capabilities: QuantizerCapabilities;
  /** One sentence and the paper; shown by `bitgrad list`. */
  readonly description: string;
  readonly certificate?: CertificateClaim;
  /** Trainable tensors for a site. Default: none. */
  parameters?(site: QuantizerSite): readonly ParameterSpec[];
  /**
   * A differentiable change of the levels in training steps only, such as FDA's noise: before their scale. `y` is F(x),
   * `x` the latent value. Default: y.
   */
  augment?(y: Tensor, x: Tensor, context: QuantizeContext): Tensor;
  /**
   * A differentiable function e of x whose gradient, alone, joins that of the levels in training steps: forward F(x),
   * backward that of F(x) + e(x). Products stay those of the levels. null where there is none at this clock.
   */
  companion?(x: Tensor, context: QuantizeContext): Tensor | null;
  /** Changes where the gradient is applied (ProxQuant, reverse ProxConnect). Default: the optimizer as it is. */
  wrapOptimizer?(optimizer: Optimizer, latent: LatentAccess): Optimizer;
}
