export { nativeEngine } from './engine/index.js';
