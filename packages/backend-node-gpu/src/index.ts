export { nodeGpu, type NodeGpuOptions } from './adapter.js';
