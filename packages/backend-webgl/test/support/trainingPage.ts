// The training script in a page, on the adapters for browsers.
import { webgl } from '../../src/index.js';
import { lossCurve, type networks } from '../../../backend-webgpu/test/support/training.js';

export const probe = () => webgl().probe();
export const curve = (network: (typeof networks)[number]) => lossCurve(webgl(), network);
