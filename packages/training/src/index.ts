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
export type { Distillation } from './distill.js';
export { evaluate, type EvaluateOptions, type Evaluation } from './evaluate.js';
export { classCount } from './inputs.js';
export type {
  EpochEvent,
  FinalFigures,
  FinishEvent,
  InStage,
  PhaseEvent,
  StepEvent,
  TrainEvent,
} from './events.js';
export { freezeLayers, initializeFrom, type Initialized } from './fine-tune.js';
export { evaluateGap, isSoft, type GapEvaluation } from './gap.js';
export { adam, type AdamOptions } from './optimizers/adam.js';
export { adamw, type AdamWOptions } from './optimizers/adamw.js';
export { binaryKernelNames, bop, type BopOptions } from './optimizers/bop.js';
export { caseOptimizer, type OptimizerCase } from './optimizers/case-optimizer.js';
export {
  baseRateOf,
  createOptimizer,
  listOptimizers,
  trainingPlugin,
  type OptimizerConfig,
  type OptimizerInfo,
} from './optimizers/config.js';
export { defineOptimizer, type NamedOptimizer, type OptimizerDefinition } from './optimizers/define.js';
export type { OptimizerGroup } from './optimizers/groups.js';
export type { RatedOptimizer, ScheduledRate } from './optimizers/rates.js';
export { sgd, type SgdOptions } from './optimizers/sgd.js';
export {
  StepOptimizer,
  type OptimizerState,
  type StatefulOptimizer,
  type VariableUpdate,
} from './optimizers/step-optimizer.js';
export {
  learningRateAt,
  resolveSchedule,
  scheduleKinds,
  type LearningRateSchedule,
  type ScheduleSpec,
} from './schedules.js';
export type { Best, EarlyStop, Monitor } from './selection.js';
export { checkConfig } from './state.js';
export { crossEntropy, lossNames, type LossAbout, type LossFunction, type LossName } from './losses.js';
export { createScores, type Scores, type ValueErrors } from './scores.js';
export {
  curvesOf,
  tensorboardHeader,
  tensorboardRecord,
  tensorboardUntil,
  type Scalars,
} from './tensorboard.js';
export { createTrainer, type Trainer } from './trainer.js';
export type { TrainerOptions } from './trainer-options.js';
export type { TrainerState, TrainingMetrics, TrainingPosition } from './trainer-state.js';
export { weightsChecksum, type WeightValues } from './weights.js';
export { wrapForQuantizers } from './wrap.js';
