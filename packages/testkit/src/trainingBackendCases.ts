// What every training backend must do.
import type { ConformanceCase } from './case.js';
import { elementwiseCases } from './training/elementwiseCases.js';
import { lifecycleCases } from './training/lifecycleCases.js';
import { productCases } from './training/productCases.js';
import type { TrainingSession } from './training/session.js';
import { trainingOpCases } from './training/trainingOpCases.js';
import { windowCases } from './training/windowCases.js';

/** The cases of {@link testTrainingBackend}, run on a started adapter. */
export const trainingBackendCases: readonly ConformanceCase<TrainingSession>[] = [
  ...lifecycleCases,
  ...windowCases,
  ...productCases,
  ...elementwiseCases,
  ...trainingOpCases,
];
