export { checkModel, type ModelCheck, type ModelWarning } from './check.js';
export { weightClip, WeightClip, type WeightClipArgs } from './constraints.js';
export { expectLayer, expectModel } from './expect-model.js';
export { flipRatio, signSnapshot, type FlipRatio, type KernelFlips, type KernelSigns, type SignSnapshot } from './flip-ratio.js'; // prettier-ignore
export { fixedInputShape } from './input-shape.js';
export type {
  ActivationSpec,
  ConstraintSpec,
  InitializerSpec,
  LayerArgs,
  LayerVariable,
  RegularizerSpec,
  Shape,
} from './keras.js';
export {
  HardTanh,
  hardTanh,
  prelu,
  QuantActivation,
  quantActivation,
  RPReLU,
  rprelu,
  type PReLUArgs,
  type RPReLUArgs,
} from './layers/activation.js';
export { Attention, attention, type AttentionArgs } from './layers/attention.js';
export { BinaryAttention, binaryAttention, type BinaryAttentionArgs } from './layers/binary-attention.js';
export { BatchNorm, batchNorm, isBatchNorm, type BatchNormArgs } from './layers/batch-norm.js';
export type { ConvArgs, ConvOptions } from './layers/conv-options.js';
export {
  QuantConv1D,
  quantConv1d,
  QuantConv2D,
  quantConv2d,
  type QuantConv1DArgs,
  type QuantConv2DArgs,
} from './layers/conv2d.js';
export { QuantDense, quantDense, type QuantDenseArgs } from './layers/dense.js';
export {
  QuantDepthwiseConv2D,
  quantDepthwiseConv2d,
  QuantSeparableConv2D,
  quantSeparableConv2d,
  type QuantDepthwiseConv2DArgs,
  type QuantSeparableConv2DArgs,
} from './layers/depthwise.js';
export { LayerNorm, layerNorm, type LayerNormArgs } from './layers/layer-norm.js';
export { Padding, padding, type PaddingArgs } from './layers/padding.js';
export {
  ClassToken,
  classToken,
  FirstToken,
  firstToken,
  PositionEmbedding,
  positionEmbedding,
  type EmbeddingArgs,
} from './layers/tokens.js';
export {
  QuantConv2DTranspose,
  quantConv2dTranspose,
  type QuantConv2DTransposeArgs,
} from './layers/transpose.js';
export {
  applyConstraints,
  needsClock,
  quantizedKernels,
  quantLayersOf,
  setClock,
  setHardened,
  withHardened,
  withQuantizedWeights,
  type QuantizedKernel,
} from './model.js';
export { outputKindOf } from './output-kind.js';
export { isProductLayer, ProductLayer, type KernelArgs, type ProductArgs } from './product-layer.js';
export { dilateKernel, type Conv2dGeometry } from './product.js';
export {
  isQuantLayer,
  QuantLayer,
  type QuantizerParameter,
  type QuantizerSlot,
  type QuantLayerArgs,
} from './quant-layer.js';
export { resolveQuantizer, serializeQuantizer } from './quantizers.js';
export {
  formatSummary,
  summary,
  type Costs,
  type LayerSummary,
  type ModelSummary,
  type SummaryOptions,
} from './summary.js';
export { layersOf, outputShapesFor, walkLayers, type LayerUse, type WalkedLayer } from './walk.js';
