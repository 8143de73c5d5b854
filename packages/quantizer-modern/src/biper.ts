// BiPer (Vargas, Correa, Hinojosa, Arguello, CVPR 2024, arXiv 2404.01278): kernels are binarized by a square wave, whose
// gradient is that of the sine with the same zeros.
import * as tf from '@tensorflow/tfjs-core';
import {
  binarySign,
  defineForward,
  defineSignForward,
  defineQuantizer,
  defineSurrogate,
  E,
  parseOptions,
  type Expression,
  type ForwardQuantizer,
  type Jump,
  type Quantizer,
  type QuantizeContext,
  type Scalars,
  type Statistics,
  type SurrogateGradient,
  told,
} from '@bitgrad/core';
import * as v from 'valibot';

const schema = v.strictObject({
  // 20 in the authors' script for ResNet-18 on CIFAR-10.
  frequency: told(
    v.pipe(v.number(), v.minValue(1), v.maxValue(64)),
    20,
    'half a period of the wave is pi over it',
  ),
  stage: told(
    v.picklist(['square', 'sine']),
    'square',
    'sine: the first stage, whose kernels are the sine itself and signs only when hardened',
  ),
});

/** Options of {@link biper}. */
export type BiperOptions = v.InferInput<typeof schema>;
type Resolved = v.InferOutput<typeof schema>;

/** Latent weights count up to this magnitude, to which training clips them. */
const reach = 1;

/** Inputs have the sign alone. */
const ofInputs = defineSignForward({ name: 'sign', options: {} });

/** 1 for kernels, 0 for inputs: the wave is for kernels alone. */
const role = (_x: tf.Tensor, { site }: QuantizeContext): Statistics => ({
  wave: tf.scalar(site.role === 'kernel' ? 1 : 0),
});
const isKernel = ({ wave = 1 }: Scalars): boolean => wave > 0.5;
const clipped = (x: number): number => Math.min(reach, Math.max(-reach, x));
const angle = (frequency: number): Expression => E.mul(E.clip(E.input('x'), -reach, reach), frequency);
const byRole = (kernel: Expression, input: Expression): Expression =>
  E.select(E.gt(E.input('wave'), 0.5), kernel, input);

/** Where sin(omega x) changes its sign: k pi / omega, rising for even k. */
function crossings(frequency: number): Jump[] {
  const last = Math.floor((reach * frequency) / Math.PI);
  return Array.from({ length: 2 * last + 1 }, (_, i): Jump => {
    const k = i - last;
    const rises = k % 2 === 0;
    return { at: (k * Math.PI) / frequency, from: rises ? -1 : 1, to: rises ? 1 : -1 };
  });
}

/**
 * F(w) = sign(sin(omega w)) of kernels, |w| counted up to 1; sign(x) of inputs. In the stage `sine`, F(w) = sin(omega w)
 * until it is hardened.
 */
function squareWave({ frequency, stage }: Resolved): ForwardQuantizer {
  const sine = stage === 'sine';
  const hard = (x: number, scalars: Scalars): number =>
    isKernel(scalars) ? binarySign(Math.sin(frequency * clipped(x))) : binarySign(x);
  const hardExpression = (): Expression => byRole(E.sign(E.sin(angle(frequency))), E.sign(E.input('x')));
  return defineForward({
    name: 'square-wave',
    options: { frequency, stage },
    alphabet: 'pm1',
    levels: [-1, 1],
    soft: sine,
    formula: (x, scalars) =>
      sine && isKernel(scalars) ? Math.sin(frequency * clipped(x)) : hard(x, scalars),
    hardFormula: hard,
    expression: () => (sine ? byRole(E.sin(angle(frequency)), E.sign(E.input('x'))) : hardExpression()),
    hardExpression,
    statistics: role,
    jumps: (scalars) => (isKernel(scalars) ? (sine ? [] : crossings(frequency)) : ofInputs.jumps!({})),
    breakpoints: (scalars) => (isKernel(scalars) && sine ? [-reach, reach] : []),
  });
}

/** B(w) = omega cos(omega w) of kernels up to |w| = 1, else 0; of inputs Bi-Real Net's max(0, 2 - 2|x|). */
function sineDerivative({ frequency }: Resolved): SurrogateGradient {
  return defineSurrogate({
    name: 'sine-derivative',
    options: { frequency },
    formula: (x, scalars) => {
      if (!isKernel(scalars)) return Math.max(0, 2 - 2 * Math.abs(x));
      return Math.abs(x) <= reach ? frequency * Math.cos(frequency * x) : 0;
    },
    expression: () => {
      const magnitude = E.abs(E.input('x'));
      const slope = E.mul(E.le(magnitude, reach), E.mul(E.cos(angle(frequency)), frequency));
      return byRole(slope, E.max(0, E.sub(2, E.mul(magnitude, 2))));
    },
    statistics: role,
    breakpoints: (scalars) => (isKernel(scalars) ? [-reach, reach] : [-1, 0, 1]),
  });
}

/**
 * BiPer. The paper's learned scale of each output channel is left to the BatchNorm that follows, and its division of the
 * inputs by their deviation in training, which inference does without, is left out.
 * @throws BitgradError `invalid-option` unless frequency is from 1 to 64
 */
export function biper(options?: BiperOptions): Quantizer {
  const resolved = parseOptions('quantizer-modern', 'quantizer "biper"', schema, options);
  const sine = resolved.stage === 'sine';
  return defineQuantizer({
    name: 'biper',
    options: resolved,
    description: 'square wave forward, derivative of the sine backward (BiPer, CVPR 2024, arXiv 2404.01278)',
    forward: squareWave(resolved),
    surrogate: sineDerivative(resolved),
    certificate: sine
      ? { holds: true, reason: 'of kernels: B is the derivative of F, P is the identity and T the sine.' }
      : { holds: false, reason: 'the square wave is flat where the derivative of the sine varies.' },
  });
}
