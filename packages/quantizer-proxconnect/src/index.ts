export { boxMap, identityMap, levelMap, type ShiftsOf } from './maps.js';
export { quadratic, signSwish, tanh, type SoftSign } from './math/curves.js';
export { nearestLevel, piecewiseLinear, uniformLevels, type Shifts } from './math/piecewise-linear.js';
export { proxQuant, reverseProxConnect, type ProximalStep } from './optimizers/proximal.js';
export { aroundStep, type AroundStep, type Gradients } from './optimizers/wrap.js';
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
export { muSchedule, type MuOptions } from './schedule.js';
export { clipTransform, identityTransform, softSignTransform, type SoftSignShape } from './transforms.js';
