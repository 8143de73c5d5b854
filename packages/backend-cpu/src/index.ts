// Training on plain JavaScript: `cpu()` is the backend adapter.
export { cpu } from './adapter.js';
