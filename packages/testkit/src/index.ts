export * from './cases.js';
export {
  testForward,
  testQuantizer,
  testSurrogate,
  testTrainingBackend,
  type Extra,
  testEngine,
  type EngineTest,
  type TrainingBackendSubject,
} from './runners.js';
