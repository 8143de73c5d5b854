// The runner under test: bitgrad's models, losses and optimizers on its wasm backend.
import { use } from '@bitgrad/core';
import { createModel } from '@bitgrad/models';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { adam, crossEntropy } from '@bitgrad/training';
import { CLASSES, type Net } from './nets.js';
import type { Trainee } from './stepper.js';

/** A net of @bitgrad/models with the clipped straight-through sign, and Adam. */
export function bitgradTrainee(net: Net): Trainee {
  use(stePlugin);
  // Float last layers: what the PyTorch net has.
  const model = createModel(net.name, {
    inputShape: net.shape,
    classes: CLASSES,
    kernelQuantizer: 'ste',
    lastKernelQuantizer: null,
    width: net.width,
  });
  return { model, optimizer: adam({ learningRate: 1e-3 }), loss: crossEntropy };
}
