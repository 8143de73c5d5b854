// What every training backend must do.
import type { ConformanceCase } from './case.js';
import { elementwiseCases } from './training/elementwise-cases.js';
import { lifecycleCases } from './training/lifecycle-cases.js';
import { productCases } from './training/product-cases.js';
import type { TrainingSession } from './training/session.js';
import { trainingOpCases } from './training/training-op-cases.js';
import { windowCases } from './training/window-cases.js';

/** The cases of {@link testTrainingBackend}, run on a started adapter. */
export const trainingBackendCases: readonly ConformanceCase<TrainingSession>[] = [
  ...lifecycleCases,
  ...windowCases,
  ...productCases,
  ...elementwiseCases,
  ...trainingOpCases,
];
