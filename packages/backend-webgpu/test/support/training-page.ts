// The training script and the training suite in a page, on the adapter for browsers.
import * as tf from '@tensorflow/tfjs-core';
import { webgpu } from '../../src/index.js';
import { trainingPage } from '@bitgrad/gpu-tests/suite';
import { lossCurve, type networks } from '@bitgrad/gpu-tests/training';

const lose = (): void => (tf.backend() as unknown as { device: GPUDevice }).device.destroy();

// WGSL lets sin and cos err by 2^-11.
export const { probe, check, modelCycles, adapterCycles, loss } = trainingPage(webgpu, lose, 5e-4);
export const curve = (network: (typeof networks)[number], steps: number) =>
  lossCurve(webgpu(), network, steps);
