// All kernel families of the adapter.
import type { KernelFamily } from '../installation.js';
import { convolution } from './convolution.js';
import { depthwise } from './depthwise.js';
import { matmul } from './matmul.js';
import { missing } from './missing.js';
import { pooling } from './pooling.js';

/** Every family, in the order of registration. */
export const kernelFamilies: readonly KernelFamily[] = [convolution, depthwise, pooling, matmul, missing];
