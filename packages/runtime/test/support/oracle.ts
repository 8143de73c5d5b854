// The independent evaluation of plans that the testkit publishes.
export { oracle } from '../../../testkit/src/engine/oracle.js';
