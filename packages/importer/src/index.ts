export { createGraphBuilder, type GraphBuilder } from './builder.js';
export { defineImporter, type ImporterDefinition, type ReadContext, type SourceFile } from './define.js';
export { tensorOf, type Sizes, type SourceGraph, type SourceNode, type Tensor } from './graph.js';
export {
  importModel,
  listImporters,
  readModel,
  type ImportOptions,
  type ImportResult,
  type ReadOptions,
} from './import-model.js';
export { exportOnnx, type ExportOptions } from './export/onnx.js';
export {
  writeOnnx,
  type AttributeValue as OnnxAttribute,
  type ModelDraft as OnnxDraft,
  type NodeDraft as OnnxNode,
  type TensorDraft as OnnxTensor,
  type ValueDraft as OnnxValue,
} from './formats/onnx/write.js';
export { interpret, type SourceOps } from './interpret.js';
export type { ImportLimits } from './limits.js';
export { defineSourceOp, isTensor, type PackInput, type SourceOp } from './op.js';
export { sourceOps } from './ops/index.js';
export { elementwise, type ElementwiseOp } from './ops/elementwise.js';
export { packGraph, type PackedGraph, type PackOptions } from './pack-graph.js';
export type { Packed, PackContext } from './pack/packed.js';
export { importerPlugin } from './plugin.js';
export { verifyImport, type ImportAgreement, type VerifyOptions } from './verify.js';
