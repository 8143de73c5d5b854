// The generator of the testkit's random plans.
export { testRandom, type TestRandom } from '../../../testkit/src/engine/random.js';
