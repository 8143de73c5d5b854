// All kernel families of the adapter.
import type { KernelFamily } from './family.js';
import { batchNorm } from './batch-norm.js';
import { binary } from './binary.js';
import { convolution } from './convolution.js';
import { depthwise } from './depthwise.js';
import { arithmetics, elementwise } from './elementwise.js';
import { matmul } from './matmul.js';
import { missing } from './missing.js';
import { pooling } from './pooling.js';
import { signConv } from './sign-conv.js';
import { steps } from './steps.js';
import { transformer } from './transformer.js';

/** The families, in the order of registration, with the fused ones or without. */
export const kernelFamilies = (fused: boolean): readonly KernelFamily[] => [
  ...[convolution, depthwise, pooling, matmul, missing],
  ...(fused ? [elementwise, arithmetics, batchNorm, steps, binary, signConv, transformer] : []),
];

/** The fused kernels among them (names of `kernelNames` in @bitgrad/core). */
export const fusedKernels = [
  'BitgradElementwise',
  'BitgradBatchNormTrain',
  'BitgradBatchNormTrainGrad',
  'BitgradSoftmaxCrossEntropy',
  'BitgradAdamStep',
  'BitgradMomentumStep',
  'BitgradPReluGrad',
  'BitgradAttention',
  'BitgradAttentionGrad',
  'BitgradLayerNorm',
  'BitgradLayerNormGrad',
  'BitgradBinaryConv2D',
  'BitgradBinaryMatMul',
  'BitgradSignConv2D',
  'BitgradSignConv2DGrad',
] as const;
