// The ops of source graphs by name. A new one is its definition and its name here.
import type { SourceOp } from '../op.js';
import { clip, gelu, hardSigmoid, identity, prelu, sigmoid, tanh } from './activations.js';
import { add, div, greater, greaterOrEqual, less, lessOrEqual, mul, pow, sub } from './arithmetic.js';
import { batchNorm } from './batch-norm.js';
import { conv } from './conv.js';
import { layerNorm } from './layer-norm.js';
import { matmul } from './matmul.js';
import { concat, gather, pad, reshape, slice, softmax, transpose } from './moves.js';
import { avgPool, maxPool } from './pool.js';
import { multiThreshold, quant, sign, step, where } from './quantizers.js';

/** The ops of source graphs. */
export const sourceOps: Readonly<Record<string, SourceOp>> = {
  add,
  avgPool,
  batchNorm,
  clip,
  concat,
  conv,
  div,
  gather,
  gelu,
  greater,
  greaterOrEqual,
  hardSigmoid,
  identity,
  layerNorm,
  less,
  lessOrEqual,
  matmul,
  maxPool,
  mul,
  multiThreshold,
  pad,
  pow,
  prelu,
  quant,
  reshape,
  sigmoid,
  sign,
  slice,
  softmax,
  step,
  sub,
  tanh,
  transpose,
  where,
};
