export {
  ClockCallback,
  FlipRatioCallback,
  type ClockCallbackOptions,
  type FlipRatioOptions,
} from './callbacks.js';
export {
  loadCheckpoint,
  restoreCheckpoint,
  saveCheckpoint,
  type Checkpoint,
} from './checkpoint/checkpoint.js';
export { classCount, evaluate, type EvaluateOptions, type Evaluation } from './evaluate.js';
export type { EpochEvent, FinishEvent, StepEvent, TrainEvent } from './events.js';
export { evaluateGap, isSoft, type GapEvaluation } from './gap.js';
export { adam, type AdamOptions } from './optimizers/adam.js';
export { bop, type BopOptions } from './optimizers/bop.js';
export { caseOptimizer, type OptimizerCase } from './optimizers/caseOptimizer.js';
export {
  binaryKernelNames,
  createOptimizer,
  optimizerNames,
  type OptimizerConfig,
} from './optimizers/config.js';
export { sgd, type SgdOptions } from './optimizers/sgd.js';
export { StepOptimizer, type OptimizerState, type StatefulOptimizer } from './optimizers/stepOptimizer.js';
export {
  learningRateAt,
  resolveSchedule,
  type LearningRateSchedule,
  type ScheduleSpec,
} from './schedules.js';
export { checkConfig, type WeightValues } from './state.js';
export { crossEntropy, type LossFunction } from './step.js';
export {
  createTrainer,
  type Trainer,
  type TrainerOptions,
  type TrainerState,
  type TrainingMetrics,
  type TrainingPosition,
} from './trainer.js';
export { wrapForQuantizers } from './wrap.js';
