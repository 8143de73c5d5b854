// From a plan to a program, for backends that run programs by other means (@bitgrad/backend-native). Not for users: what a
// program is may change with any version.
export { lower, type Lowered } from './lower.js';
export * as opcodes from './opcodes.js';
export { place, write, type Layout } from './place.js';
export type { Target } from './program.js';
export type { Tensor } from './tensors.js';
export * as words from './words.js';
