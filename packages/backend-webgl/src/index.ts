export { webglEngine } from './engine/index.js';
