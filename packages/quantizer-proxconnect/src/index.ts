export {
  sampleCells,
  type Cell,
  type CellGrid,
  type CellJump,
  type ScalarPair,
} from './certificate/cells.js';
export {
  certify,
  type Certificate,
  type CertifyOptions,
  type Position,
  type PositionedViolation,
} from './certificate/certify.js';
export { certificateChart, chartSize } from './certificate/chart.js';
export type { Condition, Violation } from './certificate/violation.js';
export type { CertifiablePair, HalvesPair, PlainPair, PositionOptions } from './certificate/pair.js';
export type { Anchor, Decomposition } from './certificate/recover.js';
export { sampledFunction, type SampledFunction } from './certificate/sampled-function.js';
export { boxMap, identityMap, levelMap, type ShiftsOf } from './maps.js';
export { quadratic, signSwish, tanh, type SoftSign } from './math/curves.js';
export { nearestLevel, piecewiseLinear, uniformLevels, type Shifts } from './math/piecewise-linear.js';
export { jumpsOf, proximalOf, proximalPoint, type ProximalOptions } from './math/prox.js';
export { proxQuant, reverseProxConnect, type ProximalStep } from './optimizers/proximal.js';
export { aroundStep, type AroundStep, type Gradients } from './optimizers/wrap.js';
export type { ProximalMap, Transform } from './parts.js';
export { proxConnectPlugin } from './plugin.js';
export {
  bc,
  bnn,
  bnnPlus,
  boxPassSurrogate,
  hardSignForward,
  latentPassSurrogate,
  signSwishPassSurrogate,
  type BnnOptions,
  type BnnPlusOptions,
  type NoOptions,
} from './quantizers/binary-connect.js';
export {
  levelPassSurrogate,
  piecewiseLinearForward,
  pulledForward,
  type LevelSet,
  type PassOptions,
  type PiecewiseLinearOptions,
  type PulledOptions,
} from './quantizers/levels.js';
export { pc, pq, rpc, type ProxConnectOptions, type ProximalStepOptions } from './quantizers/prox-connect.js';
export {
  bnnPlusPlus,
  edePlusPlus,
  polyPlusPlus,
  softSignForward,
  softSignSlopeSurrogate,
  tanhPlusPlus,
  type CurveName,
  type SoftSignHalfOptions,
  type SoftSignOptions,
} from './quantizers/soft-signs.js';
export { fanUnit, noUnit, type UnitKind, type UnitOptions } from './scale.js';
export { muSchedule, type MuOptions } from './schedule.js';
export { match, matchedForward, type MatchOptions } from './synthesis/match.js';
export { synthesize, type SynthesizedQuantizer, type Synthesis } from './synthesis/synthesize.js';
export { clipTransform, identityTransform, softSignTransform, type SoftSignShape } from './transforms.js';
