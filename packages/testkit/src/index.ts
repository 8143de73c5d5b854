export { defineCase, type ConformanceCase } from './case.js';
export { agrees, expectClose, expectCloseInScale } from './compare.js';
export { forwardCases, type ForwardSubject } from './forwardCases.js';
export { quantizerCases, type ExpectedQuantizer, type QuantizerSubject } from './quantizerCases.js';
export { testForward, testQuantizer, testSurrogate, type Extra } from './runners.js';
export { surrogateCases, type SurrogateSubject } from './surrogateCases.js';
export type { FactorySubject } from './member/optionCases.js';
export { findJumps, type FoundJump } from './member/discontinuities.js';
