// The cases without a test runner: `@bitgrad/testkit/cases`.
export { defineCase, type ConformanceCase } from './case.js';
export { agrees, expectClose, expectCloseInScale } from './compare.js';
export { forwardCases, type ForwardSubject } from './forward-cases.js';
export { findJumps, type FoundJump } from './member/discontinuities.js';
export type { FactorySubject } from './member/option-cases.js';
export { quantizerCases, type ExpectedQuantizer, type QuantizerSubject } from './quantizer-cases.js';
export { surrogateCases, type SurrogateSubject } from './surrogate-cases.js';
export type { TrainingSession } from './training/session.js';
export { trainingBackendCases } from './training-backend-cases.js';
