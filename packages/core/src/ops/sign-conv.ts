// The convolution of signs of latent tensors, as one op with the surrogates' gradients: what a layer whose input and kernel are
// both binarized computes. Where the backend has the kernels, the +-1 tensors are never written as numbers.
import type * as tf from '@tensorflow/tfjs-core';
import { checkValue, E, option, type Expression } from '@bitgrad/bits';
import { timesDy } from '../expression/of-state.js';
import { binaryConv2d, checkBinaryConv2d, padsOf, tfjsPadding, type BinaryConv2dOptions } from './binary.js';
import { customOp } from './custom-op.js';
import { elementwise, programOf } from './elementwise.js';
import { expectTensor } from './expect-tensor.js';
import { hasKernel, runKernel } from './kernels.js';

/** A tensor that stands for its signs, -1 below 0, else +1. */
export interface Latent {
  /** float32 */
  readonly x: tf.Tensor;
  /** B of the input `x`: the gradient of x is that of the signs times B(x). */
  readonly surrogate: Expression;
}

const latentRule = option.required(option.object);

function expectLatent(name: string, latent: Latent): void {
  checkValue('core', `${name} of signConv2d`, latent, latentRule);
  expectTensor('signConv2d', name, latent.x, 4);
  checkValue('core', `surrogate of ${name} of signConv2d`, latent.surrogate, latentRule);
}

const signOf = E.sign(E.input('x'));

/** The signs as a tensor. */
const signs = ({ x, surrogate }: Latent): tf.Tensor =>
  customOp(
    [x],
    ([x0]) => ({ value: elementwise(signOf, { x: x0! }, x0!.shape), saved: [x0!] }),
    (dy, [x0]) => [elementwise(timesDy(surrogate), { x: x0!, dy }, x0!.shape)],
  );

/**
 * 2-D convolution of the signs of two tensors, differentiable through their surrogates; padding is with 0, as in tfjs.
 * @param x latent [n, h, w, c]
 * @param filter latent [kh, kw, c, o]
 * @returns [n, h', w', o], exact
 * @throws BitgradError `invalid-option`, `shape-mismatch`, `disposed`
 */
export function signConv2d(x: Latent, filter: Latent, options: BinaryConv2dOptions): tf.Tensor4D {
  expectLatent('x', x);
  expectLatent('filter', filter);
  const [image, kernel] = [x.x as tf.Tensor4D, filter.x as tf.Tensor4D];
  const { strides, padding, dilations } = checkBinaryConv2d('signConv2d', image, kernel, options);
  if (!hasKernel('BitgradSignConv2D') || dilations[0] > 1 || dilations[1] > 1)
    return binaryConv2d(signs(x) as tf.Tensor4D, signs(filter) as tf.Tensor4D, options);
  const attrs = { strides, pads: padsOf(image, kernel, strides, padding), dilations, padValue: 0 };
  return customOp(
    [image, kernel],
    (inputs) => ({
      value: runKernel('BitgradSignConv2D', { x: inputs[0]!, filter: inputs[1]! }, attrs)[0]!,
      saved: inputs,
    }),
    (dy, [x0, filter0]) =>
      runKernel(
        'BitgradSignConv2DGrad',
        { x: x0!, filter: filter0!, dy },
        {
          strides,
          pad: tfjsPadding(padding),
          programs: [programOf(timesDy(x.surrogate)), programOf(timesDy(filter.surrogate))],
        },
      ),
  ) as tf.Tensor4D;
}
