// The cases without a test runner: `@bitgrad/testkit/cases`.
export { defineCase, type ConformanceCase } from './case.js';
export { agrees, expectClose, expectCloseInScale } from './compare.js';
export { forwardCases, type ForwardSubject } from './forwardCases.js';
export { findJumps, type FoundJump } from './member/discontinuities.js';
export type { FactorySubject } from './member/optionCases.js';
export { quantizerCases, type ExpectedQuantizer, type QuantizerSubject } from './quantizerCases.js';
export { surrogateCases, type SurrogateSubject } from './surrogateCases.js';
export type { TrainingSession } from './training/session.js';
export { trainingBackendCases } from './trainingBackendCases.js';
