export { webgpuEngine } from './engine/index.js';
