export {
  BitgradError,
  checkOptions,
  failureOf,
  within,
  outputKinds,
  type ErrorCode,
  type OutputKind,
  type PictureFit,
  type PictureOptions,
  type PictureSettings,
  type Pixels,
  type Probe,
  type RunsHere,
  type Skipped,
} from '@bitgrad/bits';
export { topClasses, type ClassScore, type ClassSource } from './classes.js';
export { checkCompileOptions, oneThread } from './compile-options.js';
export {
  dirtyMemory,
  type ExecutableOptions,
  type Engine,
  type EngineReport,
  type Executable,
  type InputArray,
  type OpReport,
  type OutputArray,
} from './engine.js';
export { createPlanBuilder, type OpDraft, type PlanBuilder } from './builder.js';
export { decodeModel } from './format/decode-model.js';
export { encodeModel } from './format/encode.js';
export { createDetector, type Detection, type DetectorOptions } from './detector.js';
export { soundFrames, soundInput, soundStream, type SoundStream, type SoundTarget } from './sound-input.js';
export { imageInput, normalizeBytes, type CanvasLike, type ImageOptions, type ImageTarget } from './input.js';
export { jsEngine } from './js-engine/index.js';
export { defaultLimits, type Limits } from './limits.js';
export { loadModel, type LoadOptions, type Model, type ModelReport } from './load.js';
export type { InputNormalization, LayerInfo, ModelMetadata, PackedModel } from './model.js';
export type { AddOp } from './ops/add.js';
export type { AffineOp } from './ops/affine.js';
export type { AvgPoolOp } from './ops/avg-pool.js';
export type { ClampOp } from './ops/clamp.js';
export type { ConcatOp } from './ops/concat.js';
export type { ConstantOp } from './ops/constant.js';
export type { ConvOp } from './ops/conv.js';
export type { DenseOp } from './ops/dense.js';
export type { DepthwiseOp } from './ops/depthwise.js';
export type { LayerNormOp } from './ops/layer-norm.js';
export type { MatmulOp } from './ops/matmul.js';
export type { MaxPoolOp } from './ops/max-pool.js';
export type { MulOp } from './ops/mul.js';
export type { PadOp } from './ops/pad.js';
export type { PreluOp } from './ops/prelu.js';
export type { QuantizeOp } from './ops/quantize.js';
export type { ReshapeOp } from './ops/reshape.js';
export type { SliceOp } from './ops/slice.js';
export type { SoftmaxOp } from './ops/softmax.js';
export type { ThresholdOp } from './ops/threshold.js';
export type { TransposeOp } from './ops/transpose.js';
export type { UnaryOp } from './ops/unary.js';
export type { Window } from './ops/window.js';
export {
  planVersion,
  type BufferSpec,
  type ElementType,
  type Op,
  type OpName,
  type Plan,
  type Shape,
  type TensorData,
  type WeightSpec,
} from './plan.js';
export { clampBetween } from './ops/clamp.js';
export { boxesOf, type Box, type BoxOp } from './ops/moves.js';
export { erf } from './ops/unary.js';
export {
  isElementwise,
  isRowwise,
  rowOf,
  valueOf,
  type ElementwiseName,
  type ElementwiseOp,
  type PlainName,
  type RowStep,
  type RowValue,
  type RowwiseOp,
} from './ops/values.js';
export { ops as opDefinitions } from './ops/index.js';
export { attribute, registerOp, type OwnOp, type RegisteredOp } from './ops/register.js';
export { resultFor } from './run.js';
export { loadStream, openStream, type StreamModel, type StreamReport } from './stream/load-stream.js';
export type { Stream } from './stream/run.js';
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
