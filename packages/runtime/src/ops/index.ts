// Every op of packed models, a file each. A new op is a file here and a line below (and what the engines need to run it).
import { add } from './add.js';
import { affine } from './affine.js';
import { avgPool } from './avg-pool.js';
import { clamp } from './clamp.js';
import { concat } from './concat.js';
import { constant } from './constant.js';
import { conv } from './conv.js';
import type { OpOf } from './define.js';
import { dense } from './dense.js';
import { depthwise } from './depthwise.js';
import { layerNorm } from './layer-norm.js';
import { matmul } from './matmul.js';
import { maxPool } from './max-pool.js';
import { mul } from './mul.js';
import { pad } from './pad.js';
import { prelu } from './prelu.js';
import { quantize } from './quantize.js';
import { reshape } from './reshape.js';
import { slice } from './slice.js';
import { softmax } from './softmax.js';
import { threshold } from './threshold.js';
import { transpose } from './transpose.js';
import { unary } from './unary.js';

/** Definitions by name: products, elements, pools, moves, rows. */
export const ops = {
  conv,
  depthwise,
  dense,
  matmul,
  threshold,
  affine,
  quantize,
  clamp,
  prelu,
  unary,
  add,
  mul,
  maxPool,
  avgPool,
  concat,
  pad,
  slice,
  reshape,
  transpose,
  softmax,
  layerNorm,
  constant,
};

/** Any op of a plan, told apart by `op`. */
export type Op = { [Name in keyof typeof ops]: OpOf<Name, (typeof ops)[Name]> }[keyof typeof ops];

/** The name of an op. */
export type OpName = Op['op'];
