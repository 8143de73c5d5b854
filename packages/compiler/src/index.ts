export { compileModel, type CompileOptions, type CompileResult } from './compile.js';
export { asFloat, emit, type Lowering, type LoweringContext } from './lower/context.js';
export type { Value } from './packing/value.js';
export { lowerings } from './lower/index.js';
export { graphOutputs } from './graph-outputs.js';
export type { Samples } from './samples.js';
export type { Agreement, Metric, VerifyOptions } from './verify-options.js';
export { verifyModel } from './verify.js';
