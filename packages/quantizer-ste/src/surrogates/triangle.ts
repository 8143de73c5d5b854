// The triangular surrogate of spiking and binary networks.
import { defineSurrogate, E, type SurrogateGradient, told } from '@bitgrad/core';
import * as v from 'valibot';
import { positive, resolve } from '../options.js';

/** Options of the triangle surrogate. */
export interface TriangleOptions {
  /** Half width of the base, above 0. Default 1. */
  readonly width?: number;
  /** B(0), above 0. Default 1. */
  readonly height?: number;
}

declare module '@bitgrad/core' {
  interface SurrogateOptionsMap {
    triangle: TriangleOptions;
  }
}

const schema = v.strictObject({
  width: told(positive, 1, 'half width of the base'),
  height: told(positive, 1, 'the gradient at 0'),
});

/**
 * B(x) = height * max(0, 1 - |x| / width). B(0) = height, B(+-width) = 0.
 * @throws BitgradError `invalid-option` unless width and height are finite numbers above 0
 * @see Esser et al., Convolutional networks for fast, energy-efficient neuromorphic computing, arXiv 1603.08270
 */
export function triangleSurrogate(options?: TriangleOptions): SurrogateGradient {
  const resolved = resolve('surrogate "triangle"', schema, options);
  const { width, height } = resolved;
  return defineSurrogate({
    name: 'triangle',
    options: resolved,
    formula: (x) => (Math.abs(x) >= width ? 0 : (height * (width - Math.abs(x))) / width),
    expression: () => E.mul(E.max(E.sub(1, E.mul(E.abs(E.input('x')), 1 / width)), 0), height),
    breakpoints: () => [-width, 0, width],
  });
}
