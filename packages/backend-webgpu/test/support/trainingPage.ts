// The training script in a page, on the adapters for browsers.
import { webgpu } from '../../src/index.js';
import { lossCurve, type networks } from './training.js';

export const probe = () => webgpu().probe();
export const curve = (network: (typeof networks)[number]) => lossCurve(webgpu(), network);
