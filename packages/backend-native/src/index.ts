// Training by native kernels: `native()` is the backend adapter.
export { native, type NativeOptions } from './training/adapter.js';
