// Trains a reference model for a few steps, gives it random batch norms, compiles it, and compares it with its hardened
// graph image by image: the sums of the last binary layer, which hold every sign before them, the logits, and the argmax.
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { defaultRegistry } from '@bitgrad/core';
import type { Split } from '@bitgrad/datasets';
import { quantLayersOf } from '@bitgrad/layers';
import { createModel } from '@bitgrad/models';
import { decodeModel, elementCount, jsEngine, type Engine, type PackedModel } from '@bitgrad/runtime';
import { createTrainer } from '@bitgrad/training';
import { compileModel, graphOutputs } from '../src/index.js';
import { randomizeNorms } from './helpers.js';

/** One comparison. */
export interface AgreementCase {
  readonly model: string;
  readonly quantizer: string;
  readonly steps: number;
  readonly width: number;
  /** Random batch norms after training; undefined leaves the trained ones. */
  readonly norms?: 'moderate' | 'extreme';
}

/** What a comparison found. */
export interface AgreementFigures {
  readonly images: number;
  /** Images on which every sum of the last binary layer is the graph's. */
  readonly exactImages: number;
  readonly sameArgmax: number;
  /** Largest difference of a logit over the largest logit, on images with equal sums. */
  readonly relativeDifference: number;
  /** Images whose logits are bit for bit the same on the JS engine and on the other. */
  readonly identicalEngines: number;
  readonly comparedEngines: number;
}

const normalization = { mean: [127.5], std: [127.5] };
const batchSize = 16;

/** Input quantizers cannot have a scale or statistics when deployed; those kernels go with plain signs. */
const inputOf = (quantizer: string): string => {
  const { forward, capabilities } = defaultRegistry().quantizer(quantizer);
  const local = !forward.scale && !forward.prepare && capabilities.roles.includes('input');
  return local ? quantizer : 'ste';
};

const rowsOf = (values: ArrayLike<number>, rows: number): number => values.length / rows;

const indexOfMax = (values: ArrayLike<number>, from: number, width: number): number => {
  let best = from;
  for (let i = from + 1; i < from + width; i++) if (values[i]! > values[best]!) best = i;
  return best - from;
};

/** A trained model with the norms that the case asks for. */
async function trainedModel(c: AgreementCase, train: Split): Promise<tfl.LayersModel> {
  const model = createModel(c.model, {
    inputShape: [...train.shape],
    classes: 10,
    kernelQuantizer: c.quantizer,
    inputQuantizer: inputOf(c.quantizer),
    seed: 5,
    width: c.width,
  });
  const images = c.steps * batchSize;
  const size = elementCount(train.shape);
  const part = { ...train, size: images, images: train.images.subarray(0, images * size), labels: train.labels.subarray(0, images) }; // prettier-ignore
  const trainer = createTrainer({ model, train: part, epochs: 1, batchSize, evaluateEvery: 0, flipEvery: 0 });
  let steps = 0;
  for await (const event of trainer.run()) if (event.type === 'step') steps++;
  // A model whose statistics never moved compares little: its thresholds are all zero.
  if (steps !== c.steps) throw new RangeError(`trained ${steps} steps of ${c.steps}`);
  trainer.dispose();
  if (c.norms) randomizeNorms(model, 11, c.norms === 'extreme');
  return model;
}

/** The model up to the product of its last layer with 1-bit inputs and kernels. */
const lastSums = (model: tfl.LayersModel): tfl.LayersModel => {
  const layer = quantLayersOf(model).findLast((l) => l.slots.has('input'))!;
  return tfl.model({
    inputs: model.inputs,
    outputs: (layer as unknown as tfl.layers.Layer).output as tfl.SymbolicTensor,
  });
};

/** Rows of two outputs that are equal: to the bit, or within `tolerance` of the largest value. */
const equalRows = (
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  rows: number,
  tolerance: number,
): boolean[] => {
  const width = rowsOf(a, rows);
  let most = 0;
  for (let i = 0; i < b.length; i++) most = Math.max(most, Math.abs(b[i]!));
  return Array.from({ length: rows }, (_, r) => {
    for (let i = r * width; i < (r + 1) * width; i++)
      if (!(Math.abs(a[i]! - b[i]!) <= tolerance * most)) return false;
    return true;
  });
};

async function runOn(engine: Engine, model: PackedModel, images: Uint8Array) {
  const executable = await engine.compile(model);
  const output = executable.run(images);
  executable.dispose();
  return output;
}

/**
 * Compares on the first images of a split.
 * @param fast the engine beside the JS engine
 * @param slowImages how many images the JS engine runs
 */
async function compareOn(
  model: tfl.LayersModel,
  test: Split,
  images: number,
  fast: Engine,
  slowImages: number,
): Promise<AgreementFigures> {
  const size = elementCount(test.shape);
  const bytes = test.images.subarray(0, images * size);
  const options = { input: 'u8', normalization, samples: bytes.subarray(0, 2 * size), minAgreement: 0, lastLayer: 'float', engine: fast } as const; // prettier-ignore
  const { bytes: file } = await compileModel(model, options);
  const packed = decodeModel(file);
  const got = await runOn(fast, packed, bytes);
  const want = graphOutputs(model, packed, bytes, normalization);
  const slow = Math.min(images, slowImages);
  const reference = await runOn(jsEngine(), packed, bytes.subarray(0, slow * size));
  const width = rowsOf(want, images);
  const identical = equalRows(got.subarray(0, slow * width), reference, slow, 0);
  const sums = lastSums(model);
  const { model: packedSums } = await compileModel(sums, options);
  const chunk = 500;
  const exact: boolean[] = [];
  // Sums of a convolution are many: a part of the images at a time.
  for (let from = 0; from < images; from += chunk) {
    const part = bytes.subarray(from * size, (from + chunk) * size);
    const [a, b] = [await runOn(fast, packedSums, part), graphOutputs(sums, packedSums, part, normalization)];
    // Integers are equal; a kernel with a scale gives rounded multiples, which a flipped sign would move by far more.
    exact.push(...equalRows(a, b, part.length / size, b.every(Number.isInteger) ? 0 : 1e-5));
  }
  let [sameArgmax, difference, most] = [0, 0, 0];
  for (let r = 0; r < images; r++) {
    if (indexOfMax(got, r * width, width) === indexOfMax(want, r * width, width)) sameArgmax += 1;
    for (let i = r * width; i < (r + 1) * width; i++) {
      most = Math.max(most, Math.abs(want[i]!));
      if (exact[r]) difference = Math.max(difference, Math.abs(got[i]! - want[i]!));
    }
  }
  return {
    images,
    exactImages: exact.filter(Boolean).length,
    sameArgmax,
    relativeDifference: difference / most,
    identicalEngines: identical.filter(Boolean).length,
    comparedEngines: slow,
  };
}

/** Trains, compiles, compares; disposes everything. */
export async function agreementOf(
  c: AgreementCase,
  data: { train: Split; test: Split },
  images: number,
  fast: Engine,
  slowImages: number,
): Promise<AgreementFigures> {
  const before = tf.memory().numTensors;
  const model = await trainedModel(c, data.train);
  const figures = await compareOn(model, data.test, images, fast, slowImages);
  model.dispose();
  if (tf.memory().numTensors !== before)
    throw new RangeError(`${tf.memory().numTensors - before} tensors leaked`);
  return figures;
}
