// What packs a graph of any origin: pending functions of values, thresholds found by probing, integer products. It knows no
// tfjs: @bitgrad/importer packs the graphs of other frameworks with the same rules.
export { createBuilder } from './builder.js';
export { compareOutputs, scaleOf, type Outputs } from './differences.js';
export { elementsOf, materialize, toBits, uniformToFloat, type Binarization } from './emit.js';
export { deployed, isInteger, storeKernel, type DeployedKernel, type KernelLayout } from './kernel.js';
export { floatThresholds, integerThresholds, type Evaluate } from './probe.js';
export { floatOperand, paddedTap, productValue, uniformAffine, type Operand } from './product.js';
export {
  asAffine,
  plainValue,
  shapeOf,
  withChannelwise,
  type Affine,
  type Channelwise,
  type Lowered,
  type RowFunction,
  type Value,
  type Values,
} from './value.js';
