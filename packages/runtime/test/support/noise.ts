// The noise of the testkit's engine suite.
export { noise } from '../../../testkit/src/engine/dirty.js';
