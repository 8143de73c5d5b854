// The random plans of the testkit, which runs them on every engine.
export { randomPlan } from '../../../testkit/src/engine/random-plan.js';
