// From a plan to a program, for backends that run programs by other means (@bitgrad/backend-native). Not for users: what a
// program is may change with any version.
import type { PackedModel } from '@bitgrad/runtime';
import { lower as lowerPlan, type Lowered } from './lower.js';
import * as seldom from './lower-seldom.js';
import type { Target } from './program.js';
import * as sums from './sums.js';

export type { Lowered, Target };
export * as opcodes from './opcodes.js';
export { place, write, type Layout } from './place.js';
export type { Tensor } from './tensors.js';
export * as words from './words.js';

/**
 * Lowers a valid model.
 * @throws BitgradError `limit-exceeded` where it would take more than `memoryBytes`
 */
export const lower = (model: PackedModel, target: Target, memoryBytes: number): Lowered =>
  lowerPlan(model, target, memoryBytes, { sums, seldom });
