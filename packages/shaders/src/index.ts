export { glslPrelude, rounding, toGlsl, wgslPrelude } from './dialect.js';
export { lowerModel, type LowerOptions } from './lower.js';
export type { Arithmetic, ShaderKernel, Product, Program, Ref } from './program.js';
export { poolGradient, type PoolGeometry } from './pool-gradients.js';
export { inTurn, opReports } from './reports.js';
export { assignSlots, type Slots } from './slots.js';
