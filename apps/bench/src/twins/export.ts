// One bitgrad run that is written down for its twin: weights, batches and what PyTorch needs to do the same; then trained.
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { batches, type Augmentation, type Batch, type Examples } from '@bitgrad/datasets';
import { quantizedKernels } from '@bitgrad/layers';
import { createModel } from '@bitgrad/models';
import { createTrainer, evaluate } from '@bitgrad/training';

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

/** What both halves see. */
export interface TwinData {
  readonly train: Examples;
  readonly test: Examples;
  readonly classes: number;
  readonly epochs: number;
  readonly batch: number;
  readonly augment?: Augmentation;
  readonly schedule: 'constant' | 'cosine';
}

/** What one half came to. */
export interface TwinRun {
  /** Of each step. */
  readonly losses: readonly number[];
  /** Right on the test images, in [0, 1], with the averages of batch normalization. */
  readonly accuracy: number;
}

const epsilon = 1e-8;
const seed = 1;

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array | Int32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** float32 arrays, one after another. */
const write = (path: string, parts: readonly Float32Array[]): void =>
  writeFileSync(path, Buffer.concat(parts.map(bytesOf)));

/**
 * Images and labels of batches, in order: PREFIXimages.bin and PREFIXlabels.bin. A run's images need not be in memory at once.
 * @returns how many are in each batch
 */
function writeBatches(folder: string, prefix: string, all: Iterable<Batch>): number[] {
  const files = ['images', 'labels'].map((name) => openSync(join(folder, `${prefix}${name}.bin`), 'w'));
  try {
    return Array.from(all, ({ images, labels, size }) => {
      [images, labels].forEach((part, i) => writeFileSync(files[i]!, bytesOf(part)));
      return size;
    });
  } finally {
    files.forEach((file) => closeSync(file));
  }
}

/** The batches of a run as its trainer makes them. */
function* batchesOf({ train, epochs, batch: batchSize, augment }: TwinData): Iterable<Batch> {
  for (let epoch = 0; epoch < epochs; epoch++) yield* batches(train, { batchSize, seed, epoch, augment });
}

/**
 * Trains a twin's bitgrad half.
 * @param folder gets twin.json, weights.bin, images.bin and labels.bin: what the run begins with and sees; after.bin, the
 *   weights after its first step; and test-images.bin and test-labels.bin
 */
export async function trainAndExport(twin: Twin, data: TwinData, folder: string): Promise<TwinRun> {
  const { model: name, quantizer, optimizer, learningRate, clip } = twin;
  const { train, test, classes, epochs, batch, augment, schedule } = data;
  const { shape } = train;
  const model = createModel(name, {
    inputShape: shape as [number, number, number],
    classes,
    kernelQuantizer: quantizer,
    kernelConstraint: clip ? 'weightClip' : null,
    seed,
  });
  const latent = new Set(quantizedKernels(model).map(({ variable }) => variable.id));
  let offset = 0;
  const weights = model.trainableWeights.map((weight) => {
    const variable = weight.read();
    const entry = { name: weight.originalName, shape: variable.shape, offset, latent: latent.has(variable.id) }; // prettier-ignore
    offset += variable.size;
    return entry;
  });
  mkdirSync(folder, { recursive: true });
  const values = () => model.trainableWeights.map((weight) => weight.read().dataSync() as Float32Array);
  write(join(folder, 'weights.bin'), values());
  const sizes = writeBatches(folder, '', batchesOf(data));
  const testSizes = writeBatches(folder, 'test-', batches(test, { batchSize: 500, shuffle: false }));
  const trainer = createTrainer({
    ...{ model, train, epochs, batchSize: batch, seed, schedule, learningRate, augment },
    optimizer: optimizer === 'adam' ? { name: 'adam', epsilon } : { name: 'sgd', momentum: 0.9 },
    evaluateEvery: 0,
    flipEvery: 0,
  });
  const [losses, rates]: [number[], number[]] = [[], []];
  for await (const event of trainer.run()) {
    if (event.type !== 'step') continue;
    if (losses.length === 0) write(join(folder, 'after.bin'), values());
    losses.push(event.loss);
    rates.push(event.learningRate);
  }
  const { accuracy } = await evaluate(model, test);
  const { scale = 'none', start: n = 9 } = quantizer.options as { scale?: string; start?: number };
  const described = {
    ...{ model: name, shape, optimizer, epsilon, clip, weights, rates, sizes, testSizes },
    quantizer: { name: quantizer.name, scale, n, omega: 0.1 },
    latent: weights.filter((weight) => weight.latent).map((weight) => weight.name),
  };
  writeFileSync(join(folder, 'twin.json'), JSON.stringify(described));
  trainer.dispose();
  model.dispose();
  return { losses, accuracy: accuracy! };
}
