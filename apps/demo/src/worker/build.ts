// A run from its settings: the same settings give the same run, also after a reload.
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Dataset, Examples } from '@bitgrad/datasets';
import { quantizedKernels } from '@bitgrad/layers';
import { openRun, type RecipeInput, type Run } from '@bitgrad/recipe';
import { describeQuantizer } from '../shared/describe.js';
import { createQuantizer } from '../quantizers/library.js';
import type { Histogram, TrainSettings } from './protocol.js';
import { adapterOf } from './backends.js';

/** The recipe of the settings. */
const recipeOf = (settings: TrainSettings): RecipeInput => ({
  model: settings.model,
  modelOptions: { width: settings.width },
  epochs: settings.epochs,
  batch: settings.batchSize,
  lr: settings.learningRate,
  optimizer: settings.optimizer,
  seed: settings.seed,
  augment:
    [settings.shift > 0 && `shift:${settings.shift}`, settings.flip && 'flip'].filter(Boolean).join() ||
    'none',
});

/** Starts a backend, and no other, and opens the run of the settings on it. */
export function openTraining(
  settings: TrainSettings,
  dataset: Dataset<Examples>,
  backend = settings.backend,
): Promise<Run> {
  const kernel = createQuantizer(settings.kernel);
  return openRun(
    { ...recipeOf(settings), backend },
    {
      backends: [{ name: backend, load: () => adapterOf(backend) }],
      dataset,
      quantizers: {
        kernel,
        input: settings.input ? createQuantizer(settings.input) : kernel,
        label: describeQuantizer(settings.kernel),
        identity: JSON.parse(JSON.stringify({ kernel: settings.kernel, input: settings.input })),
      },
      // A worker may compute as long as it likes; messages still have to be read now and then.
      trainer: { flipEvery: 20, yieldEveryMs: 60 },
    },
  );
}

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
