// Kernels that stock wasm lacks: segment sums (the gradient of gather) and einsum; and Identity and
// Cast, which stock wasm copies: tf.clone is free on the other backends, and customGrad clones each tensor that it saves.
import * as tf from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { BitgradError } from '@bitgrad/core';
import type { Heap } from '../heap.js';
import type { KernelFamily } from './family.js';

/** Multiplies and sums step by step, as on the other backends; composed of tfjs ops. */
function einsum(equation: string, tensors: tf.Tensor[]): tf.Tensor {
  const { allDims, summedDims, idDims } = tf.backend_util.decodeEinsumEquation(equation, tensors.length);
  tf.backend_util.checkEinsumDimSizes(allDims.length, idDims, tensors);
  const { path, steps } = tf.backend_util.getEinsumComputePath(summedDims, idDims);
  let out: tf.Tensor | undefined;
  let remaining = allDims.length;
  steps.forEach((terms, i) => {
    for (const term of terms) {
      const { permutationIndices, expandDims } = tf.backend_util.getEinsumPermutation(
        remaining,
        idDims[term]!,
      );
      const moved = tf.backend_util.isIdentityPermutation(permutationIndices)
        ? tensors[term]!
        : tf.transpose(tensors[term]!, permutationIndices);
      const shape = moved.shape.slice();
      for (const axis of expandDims) shape.splice(axis, 0, 1);
      const x = tf.reshape(moved, shape);
      out = out ? tf.mul(x, out) : x;
    }
    if (i < steps.length - 1) {
      if (path[i]! >= 0) out = tf.sum(out!, path[i]! - (allDims.length - remaining));
      remaining--;
    }
  });
  return out!;
}

/** Of tfjs 4.22's 3-D convolution on wasm the input gradient is wrong everywhere, the rest for strides above 1. */
const refuse = (kernel: string) => (): never => {
  throw new BitgradError({
    code: 'kernel-missing',
    source: 'backend-wasm',
    what: `${kernel}: tfjs computes gradients of 3-D convolutions wrongly on wasm`,
    next: 'Train on the cpu, webgl or webgpu backend.',
  });
};

/** The same tensor once more, without a copy. */
function share(heap: Heap, { dataId, shape, dtype }: TensorInfo): TensorInfo | null {
  if (dtype === 'string') return null;
  heap.backend.incRef(dataId);
  return { dataId, shape, dtype };
}

/** Identity, Cast, UnsortedSegmentSum, Einsum, and the refused gradients of the 3-D convolution. */
export const missing: KernelFamily = ({ heap, call }) => ({
  Identity: ({ inputs }) => share(heap, inputs['x']!),
  // The gradient of every clone casts to the type that is there.
  Cast({ inputs, attrs }) {
    const { dtype } = attrs as unknown as { dtype: string };
    return inputs['x']!.dtype === dtype ? share(heap, inputs['x']!) : null;
  },
  UnsortedSegmentSum({ inputs, attrs }) {
    const { x, segmentIds } = inputs;
    const { numSegments } = attrs as unknown as { numSegments: number };
    if (x!.dtype !== 'float32' || segmentIds!.dtype !== 'int32') return null;
    const rest = x!.shape.slice(segmentIds!.shape.length);
    const out = heap.output([numSegments, ...rest]);
    const rows = tf.util.sizeFromShape(segmentIds!.shape);
    const operands = heap.at({ x, ids: segmentIds, out });
    call('segmentSum', { ...operands, rows, width: tf.util.sizeFromShape(rest), segments: numSegments });
    return out;
  },
  Conv3DBackpropInputV2: refuse('Conv3DBackpropInputV2'),
  Conv3DBackpropFilterV2: refuse('Conv3DBackpropFilterV2'),
  Einsum({ inputs, attrs }) {
    const { equation } = attrs as unknown as { equation: string };
    const tensors = Object.values(inputs) as tf.Tensor[];
    return tf.tidy(() => einsum(equation, tensors));
  },
});
