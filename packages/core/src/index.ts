export { BitgradError, errorCodes, showValue, type ErrorCode, type ErrorDetails } from '@bitgrad/bits';
export { createRng, restoreRng, type Rng, type RngState } from './rng.js';
