// A run's backend, model and trainer from its settings: the same settings give the same run, also after a reload.
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { useBackend } from '@bitgrad/core';
import type { Dataset } from '@bitgrad/datasets';
import { quantizedKernels } from '@bitgrad/layers';
import { createModel } from '@bitgrad/models';
import { createTrainer, type Trainer } from '@bitgrad/training';
import { createQuantizer } from '../quantizers/library.js';
import type { Histogram, TrainSettings } from './protocol.js';
import { adapterOf } from './backends.js';

/** Starts the chosen backend, and no other. */
export const startBackend = async (name: TrainSettings['backend']): Promise<void> => {
  await useBackend([adapterOf(name)], { strict: true });
};

/** The model of the settings, for this data. */
export function buildModel(settings: TrainSettings, { shape, classes }: Dataset): LayersModel {
  const kernelQuantizer = createQuantizer(settings.kernel);
  return createModel(settings.model, {
    inputShape: shape,
    classes: classes.length,
    kernelQuantizer,
    inputQuantizer: settings.input ? createQuantizer(settings.input) : kernelQuantizer,
    width: settings.width,
    seed: settings.seed,
  });
}

/** The trainer of the settings. */
export const buildTrainer = (settings: TrainSettings, model: LayersModel, data: Dataset): Trainer =>
  createTrainer({
    model,
    train: data.train,
    test: data.test,
    epochs: settings.epochs,
    batchSize: settings.batchSize,
    seed: settings.seed,
    learningRate: settings.learningRate,
    optimizer: { name: settings.optimizer },
    augment: { shift: settings.shift, flip: settings.flip },
    flipEvery: 20,
    // A worker may compute as long as it likes; messages still have to be read now and then.
    yieldEveryMs: 60,
  });

const bins = 41;

/** How the latent weights of each kernel are spread. */
export async function histogramsOf(model: LayersModel): Promise<Histogram[]> {
  const result: Histogram[] = [];
  for (const { layer, variable } of quantizedKernels(model)) {
    const values = await variable.data();
    let limit = 1e-6;
    for (const value of values) limit = Math.max(limit, Math.abs(value));
    const counts = new Array<number>(bins).fill(0);
    for (const value of values) {
      const bin = Math.floor(((value / limit + 1) / 2) * bins);
      counts[Math.max(0, Math.min(bins - 1, bin))]! += 1;
    }
    result.push({ layer: layer.name, limit, counts });
  }
  return result;
}
