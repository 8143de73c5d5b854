// The training script and the training suite in a page, on the adapter for browsers.
import * as tf from '@tensorflow/tfjs-core';
import { webgl } from '../../src/index.js';
import { trainingPage } from '@bitgrad/gpu-tests/suite';
import { lossCurve, type networks } from '@bitgrad/gpu-tests/training';

const lose = (): void => {
  const { gl } = (tf.backend() as unknown as { gpgpu: { gl: WebGL2RenderingContext } }).gpgpu;
  gl.getExtension('WEBGL_lose_context')!.loseContext();
};

export const { probe, check, modelCycles, adapterCycles, loss } = trainingPage(webgl, lose, 5e-4);
export const curve = (network: (typeof networks)[number], steps: number) =>
  lossCurve(webgl(), network, steps);
