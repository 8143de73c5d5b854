export { webgl } from './adapter.js';
