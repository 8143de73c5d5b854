export {
  binaryOps,
  binarySign,
  BitgradError,
  brand,
  byteNormalizer,
  checkOptions,
  checkPixels,
  checkValue,
  children,
  crc32,
  crc32c,
  createRng,
  E,
  errorCodes,
  errorIn,
  evaluateExpression,
  failureOf,
  firstThatRuns,
  inputsOf,
  linearize,
  nearestName,
  normalizationRules,
  opcodes,
  option,
  orientPixels,
  pictureBytes,
  pictureRules,
  pictureSettings,
  outputKinds,
  popcount,
  reasonOf,
  resample,
  restoreRng,
  roundHalfEven,
  showValue,
  soundBytes,
  soundLength,
  soundReader,
  soundRules,
  soundSettings,
  storedSound,
  toInt16,
  unaryOps,
  unknownOption,
  within,
  type BinaryOp,
  type Brand,
  type ByteNormalization,
  type ElementwiseProgram,
  type ErrorCode,
  type ErrorDetails,
  type Expression,
  type Operand,
  type OptionRule,
  type OptionRules,
  type PictureFit,
  type PictureOptions,
  type PictureSettings,
  type Pixels,
  type OutputKind,
  type Probe,
  type Rng,
  type RngState,
  type RunsHere,
  type Skipped,
  type SoundOptions,
  type SoundSettings,
  type UnaryOp,
} from '@bitgrad/bits';
export { defineAdapter, type AdapterDefinition, type KernelSet } from './define-adapter.js';
export type { LossWatch } from './guard-loss.js';
export {
  binaryKernels,
  binaryOutputSize,
  type BinaryConvolution,
  type BinaryConvolve,
} from './ops/binary-kernels.js';
export { useBackend, type BackendChoice } from './backends.js';
export type { BackendAdapter, BackendCapabilities, KernelReport } from './contracts/backend.js';
export {
  advanceClock,
  epochProgress,
  initialClock,
  progress,
  type TrainingClock,
} from './contracts/clock.js';
export type {
  Json,
  JsonObject,
  QuantizeContext,
  QuantizerRole,
  QuantizerSite,
  Scalars,
  Statistics,
} from './contracts/context.js';
export type { Definition, DefinitionKind } from './contracts/definition.js';
export type { Alphabet, ForwardQuantizer, Jump } from './contracts/forward.js';
export type {
  Factory,
  ForwardOptionsMap,
  Plugin,
  QuantizerOptionsMap,
  SurrogateOptionsMap,
} from './contracts/plugin.js';
export type {
  CertificateClaim,
  LatentAccess,
  ParameterSpec,
  Quantizer,
  QuantizerCapabilities,
  Schedule,
} from './contracts/quantizer.js';
export type { SurrogateGradient } from './contracts/surrogate.js';
export {
  defineMember,
  definePlugin,
  defineForward,
  defineQuantizer,
  defineSurrogate,
  type QuantizerDefinition,
} from './define.js';
export { composeExpression } from './expression/tensor.js';
export {
  installKernels,
  type Installation,
  type InstallOptions,
  type Kernel,
  type KernelArguments,
} from './install-kernels.js';
export {
  kernelScaleEntries,
  meanMagnitude,
  scaledSignPair,
  type KernelScale,
  type KernelScaleOptions,
} from './kernel-scale.js';
export { kernelOwner, type KernelOwner } from './kernel-owner.js';
export { attend } from './ops/attention.js';
export { batchNormTrain, type BatchNormResult } from './ops/batch-norm.js';
export {
  binaryConv2d,
  binaryMatMul,
  paddingOf,
  paddingRule,
  tfjsPadding,
  type BinaryConv2dOptions,
  type Padding2d,
} from './ops/binary.js';
export { softmaxCrossEntropy } from './ops/cross-entropy.js';
export { customOp } from './ops/custom-op.js';
export { elementwise } from './ops/elementwise.js';
export { layerNormalize } from './ops/layer-norm.js';
export { hasKernel, kernelNames, runKernel, type KernelName } from './ops/kernels.js';
export { scaled } from './ops/scaled.js';
export { signConv2d, type Latent } from './ops/sign-conv.js';
export {
  adamStep,
  adamSteps,
  momentumStep,
  momentumSteps,
  type AdamStepOptions,
  type AdamTensors,
  type MomentumStepOptions,
  type MomentumTensors,
} from './ops/optimizer-steps.js';
export { poolInfo } from './ops/pool-info.js';
export {
  baseSchema,
  explained,
  memberOptions,
  ruleOptions,
  schemaOptions,
  told,
  type ExplainedRule,
  type MemberOption,
} from './option-info.js';
export { expressionOf } from './expression/of-state.js';
export { parseOptions } from './options.js';
export { pairQuantizer } from './pair.js';
export {
  backwardValue,
  detach,
  scaleOf,
  forwardValue,
  quantize,
  quantizeContext,
  quantizeLevels,
  quantizePair,
  sampleSurrogate,
  type QuantizeOptions,
} from './quantize.js';
export {
  createRegistry,
  defaultRegistry,
  quantizerConfig,
  registryWith,
  use,
  type QuantizerConfig,
  type QuantizerSpec,
  type Registry,
  type RegistryEntry,
  type Spec,
} from './registry.js';
export { defineSignForward, isSignForward } from './sign-forward.js';
export {
  constantSchedule,
  grow,
  growingSchedule,
  learningRateSumSchedule,
  mergeSchedules,
  type Growth,
  type GrowthOptions,
} from './schedules.js';
