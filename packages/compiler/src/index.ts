export { compileModel, type CompileOptions, type CompileResult } from './compile.js';
export type { Lowering, LoweringContext } from './lower/context.js';
export { lowerings } from './lower/index.js';
export { graphOutputs, verifyModel, type Agreement, type Samples, type VerifyOptions } from './verify.js';
