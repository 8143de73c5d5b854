export { webgpu } from './adapter.js';
