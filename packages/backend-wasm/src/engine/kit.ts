// What the engine has and parts of it that few models need are given: importing it, they would make bundlers cut the engine
// into files that every page loads one by one.
import { axesOf, clear, copy, copyTensor, sizes, strides } from './lower-copy.js';
import { kernelFor, productWords } from './lower-products.js';
import { uniform } from './padding.js';
import { constant, emit, floatBits, openGroup, pinned, view } from './program.js';
import { isLinear, tensor } from './tensors.js';
import { windowWords } from './lower-windows.js';
import { readElements } from './weights.js';

/** The functions by name. */
export const kit = {
  axesOf,
  clear,
  constant,
  copy,
  copyTensor,
  emit,
  floatBits,
  isLinear,
  kernelFor,
  openGroup,
  pinned,
  productWords,
  readElements,
  sizes,
  strides,
  tensor,
  uniform,
  view,
  windowWords,
};
/** See {@link kit}. */
export type Kit = typeof kit;
