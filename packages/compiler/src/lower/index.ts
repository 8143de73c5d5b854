// Which lowering each layer class has. A new layer is one line here and one function beside its relatives.
import { activation, batchNorm, leakyRelu, nothing, prelu, relu, rprelu, softmax } from './channelwise.js';
import { conv1d, conv2d, dense, depthwiseConv2d, separableConv2d } from './convolutions.js';
import { quantActivation } from './activation.js';
import {
  add,
  averagePool,
  concatenate,
  globalAveragePool,
  globalMaxPool,
  maxPool,
  reshape,
  zeroPadding,
} from './structure.js';
import {
  attention,
  classToken,
  firstToken,
  globalAveragePool1d,
  layerNorm,
  positionEmbedding,
} from './transformer.js';
import type { Lowering } from './context.js';

/** Lowerings by the class name that a layer is saved under. */
export const lowerings: Readonly<Record<string, Lowering>> = {
  Activation: activation,
  Add: add,
  AlphaDropout: nothing,
  AveragePooling2D: averagePool,
  BatchNormalization: batchNorm,
  BitgradAttention: attention,
  BitgradBatchNorm: batchNorm,
  BitgradClassToken: classToken,
  BitgradFirstToken: firstToken,
  BitgradLayerNorm: layerNorm,
  BitgradPositionEmbedding: positionEmbedding,
  Concatenate: concatenate,
  Conv1D: conv1d,
  Conv2D: conv2d,
  Dense: dense,
  DepthwiseConv2D: depthwiseConv2d,
  Dropout: nothing,
  Flatten: reshape,
  GaussianDropout: nothing,
  GaussianNoise: nothing,
  GlobalAveragePooling1D: globalAveragePool1d,
  GlobalAveragePooling2D: globalAveragePool,
  GlobalMaxPooling2D: globalMaxPool,
  LayerNormalization: layerNorm,
  LeakyReLU: leakyRelu,
  MaxPooling2D: maxPool,
  PReLU: prelu,
  QuantActivation: quantActivation,
  QuantConv1D: conv1d,
  QuantConv2D: conv2d,
  QuantDense: dense,
  QuantDepthwiseConv2D: depthwiseConv2d,
  QuantSeparableConv2D: separableConv2d,
  ReLU: relu,
  Reshape: reshape,
  RPReLU: rprelu,
  Softmax: softmax,
  SpatialDropout1D: nothing,
  ZeroPadding2D: zeroPadding,
};
