export * from './cases.js';
export {
  testForward,
  testQuantizer,
  testSurrogate,
  testTrainingBackend,
  type Extra,
  type TrainingBackendSubject,
} from './runners.js';
