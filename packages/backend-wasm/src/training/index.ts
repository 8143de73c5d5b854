// Training on the heap of tfjs's wasm backend, for backends that run the same calls by other means
// (@bitgrad/backend-native). Not for users: what calls there are may change with any version.
export { activate, probe } from './adapter.js';
export { functions } from '../generated/training-functions.js';
export type { Call, FunctionName, Runner } from './calls.js';
export { heapAdapter } from './heap-adapter.js';
export { moduleRunner } from './module.js';
