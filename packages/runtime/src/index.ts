export {
  BitgradError,
  type ErrorCode,
  type PictureFit,
  type PictureOptions,
  type PictureSettings,
  type Pixels,
} from '@bitgrad/bits';
export type {
  CompileOptions,
  Engine,
  EngineProbe,
  EngineReport,
  Executable,
  InputArray,
  OpReport,
  OutputArray,
} from './engine.js';
export { decodeModel } from './format/decode.js';
export { encodeModel } from './format/encode.js';
export {
  imageInput,
  normalizeBytes,
  topClasses,
  type CanvasLike,
  type ClassScore,
  type ImageOptions,
  type ImageTarget,
} from './input.js';
export { jsEngine } from './js-engine/index.js';
export { erf32, exp32, gelu32, sigmoid32, tanh32 } from './js-engine/math.js';
export { defaultLimits, type Limits } from './limits.js';
export { loadModel, type LoadOptions, type Model, type ModelReport, type SkippedEngine } from './load.js';
export type { InputNormalization, LayerInfo, ModelMetadata, PackedModel } from './model.js';
export {
  planVersion,
  type AddOp,
  type AffineOp,
  type AvgPoolOp,
  type BufferSpec,
  type ClampOp,
  type ConcatOp,
  type ConstantOp,
  type ConvOp,
  type DenseOp,
  type DepthwiseOp,
  type ElementType,
  type LayerNormOp,
  type MatmulOp,
  type MaxPoolOp,
  type MulOp,
  type Op,
  type OpName,
  type PadOp,
  type Plan,
  type PreluOp,
  type QuantizeOp,
  type ReshapeOp,
  type Shape,
  type SliceOp,
  type SoftmaxOp,
  type TensorData,
  type ThresholdOp,
  type TransposeOp,
  type UnaryOp,
  type WeightSpec,
  type Window,
} from './plan.js';
export { resultFor } from './run.js';
export type { ModelSource } from './source.js';
export {
  channelCount,
  elementCount,
  planArena,
  rowCount,
  storageBytes,
  storageLength,
  viewOf,
  type Arena,
} from './tensors.js';
export { validateMetadata, validateModel, validateWeights } from './validate/model.js';
export { validatePlan } from './validate/plan.js';
