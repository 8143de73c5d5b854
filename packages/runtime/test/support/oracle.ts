// The independent evaluation of plans that the testkit publishes.
export { oracle, unpack } from '../../../testkit/src/engine/oracle.js';
