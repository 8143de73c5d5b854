export { compileModel, type CompileOptions, type CompileResult } from './compile.js';
export type { Lowering, LoweringContext } from './lower/context.js';
export { lowerings } from './lower/index.js';
export type { Samples } from './samples.js';
export { graphOutputs, verifyModel, type Agreement, type Metric, type VerifyOptions } from './verify.js';
