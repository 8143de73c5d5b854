// The engine suite without a test runner and without tfjs: `@bitgrad/testkit/engine`. Runs in a page too.
import type { ConformanceCase } from '../case.js';
import { channelCases } from './channel-nets.js';
import type { EngineSubject } from './check.js';
import { elementCases } from './element-cases.js';
import { productCases } from './product-cases.js';
import { sumCases } from './sum-cases.js';

export { channelNet, channelNets, type ChannelNet } from './channel-nets.js';
export { checkTrials, compareOutputs, type Effort, type EngineSubject } from './check.js';
export { convTrial, trial, type ConvTrial, type ModelBuilder, type Trial } from './model.js';
export { noise, runDirty } from './dirty.js';
export { oracle } from './oracle.js';
export { randomPlan, type RandomPlan } from './random-plan.js';
export { testRandom, type TestRandom } from './random.js';

/** What every engine must do: agree with the runtime's JavaScript engine, and keep its contract. */
export const engineCases: readonly ConformanceCase<EngineSubject>[] = [
  ...productCases,
  ...elementCases,
  ...sumCases,
  ...channelCases,
];
