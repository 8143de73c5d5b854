// One bitgrad run that is written down for its twin: weights, batches and what PyTorch needs to do the same; then trained.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { batches, createDigits } from '@bitgrad/datasets';
import { quantizedKernels } from '@bitgrad/layers';
import { createModel } from '@bitgrad/models';
import { createTrainer } from '@bitgrad/training';

/** A network with what trains it. */
export interface Twin {
  readonly model: 'tfc' | 'cnn' | 'resnet20-fda' | 'resnet20-irnet';
  readonly quantizer: { readonly name: 'ste' | 'fda'; readonly options: object };
  readonly optimizer: 'adam' | 'sgd';
  readonly learningRate: number;
  /** Latent kernels are held in [-1, 1]. */
  readonly clip: boolean;
}

const ste = { name: 'ste', options: {} } as const;

/** The MLP and CNN with Adam; the papers' networks, FDA's with its scale a layer and its optimizer. */
export const twins: readonly Twin[] = [
  { model: 'tfc', quantizer: ste, optimizer: 'adam', learningRate: 1e-3, clip: true },
  { model: 'cnn', quantizer: ste, optimizer: 'adam', learningRate: 1e-3, clip: true },
  {
    model: 'resnet20-fda',
    quantizer: { name: 'fda', options: { start: 9, end: 9, growth: 'constant', scale: 'layer' } },
    optimizer: 'sgd',
    learningRate: 0.1,
    clip: false,
  },
  { model: 'resnet20-irnet', quantizer: ste, optimizer: 'adam', learningRate: 1e-3, clip: true },
];

const epsilon = 1e-8;

/** float32 or int32 arrays, one after another. */
const write = (path: string, parts: readonly (Float32Array | Int32Array)[]): void =>
  writeFileSync(
    path,
    Buffer.concat(parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength))),
  );

/**
 * Trains a twin's bitgrad half on drawn digits.
 * @param folder gets twin.json, weights.bin, images.bin and labels.bin: what the run begins with and sees; and after.bin, the
 *   weights after its first step
 * @returns the loss of each step
 */
export async function trainAndExport(
  twin: Twin,
  steps: number,
  batch: number,
  folder: string,
): Promise<number[]> {
  const { model: name, quantizer, optimizer, learningRate, clip } = twin;
  const { train } = createDigits({ train: steps * batch, test: 1, seed: 1 });
  const model = createModel(name, {
    inputShape: [28, 28, 1],
    classes: 10,
    kernelQuantizer: quantizer,
    kernelConstraint: clip ? 'weightClip' : null,
    seed: 1,
  });
  const seen = [...batches(train, { batchSize: batch, seed: 1 })];
  const latent = new Set(quantizedKernels(model).map(({ variable }) => variable.id));
  let offset = 0;
  const weights = model.trainableWeights.map((weight) => {
    const variable = weight.read();
    const entry = {
      name: weight.originalName,
      shape: variable.shape,
      offset,
      latent: latent.has(variable.id),
    };
    offset += variable.size;
    return entry;
  });
  mkdirSync(folder, { recursive: true });
  const values = () => model.trainableWeights.map((weight) => weight.read().dataSync() as Float32Array);
  write(join(folder, 'weights.bin'), values());
  write(join(folder, 'images.bin'), seen.map(({ images }) => images)); // prettier-ignore
  write(join(folder, 'labels.bin'), seen.map(({ labels }) => labels)); // prettier-ignore
  const { scale = 'none', start: n = 9 } = quantizer.options as { scale?: string; start?: number };
  const described = {
    ...{ model: name, steps, batch, shape: [28, 28, 1], optimizer, learningRate, epsilon, clip, weights },
    quantizer: { name: quantizer.name, scale, n, omega: 0.1 },
    latent: weights.filter((weight) => weight.latent).map((weight) => weight.name),
  };
  writeFileSync(join(folder, 'twin.json'), JSON.stringify(described));
  const trainer = createTrainer({
    ...{ model, train, epochs: 1, batchSize: batch, seed: 1, schedule: 'constant', learningRate },
    optimizer: optimizer === 'adam' ? { name: 'adam', epsilon } : { name: 'sgd', momentum: 0.9 },
    evaluateEvery: 0,
    flipEvery: 0,
  });
  const losses: number[] = [];
  for await (const event of trainer.run()) {
    if (event.type !== 'step') continue;
    if (losses.length === 0) write(join(folder, 'after.bin'), values());
    losses.push(event.loss);
  }
  trainer.dispose();
  model.dispose();
  return losses;
}
