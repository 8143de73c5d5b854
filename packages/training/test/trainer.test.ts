// The loop: it learns, it tells, it stops, it resumes to the same bits, it does not leak, and it refuses NaN.
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { createRng, defineQuantizer, type LatentAccess, type TrainingClock } from '@bitgrad/core';
import { quantLayersOf } from '@bitgrad/layers';
import { ste } from '@bitgrad/quantizer-ste';
import {
  createTrainer,
  crossEntropy,
  evaluate,
  loadCheckpoint,
  restoreCheckpoint,
  saveCheckpoint,
  type EpochEvent,
  type StepEvent,
  type Trainer,
  type TrainerOptions,
} from '../src/index.js';
import {
  advance,
  softSign,
  startCpu,
  stripes,
  tinyModel,
  weightBits,
  type ModelOptions,
} from './fixtures.js';

beforeAll(startCpu);

const train = stripes(90, 1);
const test = stripes(60, 2);
const make = (options: Partial<TrainerOptions> = {}, model: ModelOptions = {}): Trainer =>
  createTrainer({
    model: tinyModel(model),
    train,
    test,
    epochs: 3,
    batchSize: 16,
    seed: 4,
    learningRate: 0.02,
    flipEvery: 2,
    ...options,
  });
const finish = (trainer: Trainer): void => {
  trainer.dispose();
  trainer.model.dispose();
};

describe('a run', () => {
  it('learns and reports each step and epoch', async () => {
    const trainer = make({ epochs: 6 });
    const events = await advance(trainer);
    const steps = events.filter((e): e is StepEvent => e.type === 'step');
    const epochs = events.filter((e): e is EpochEvent => e.type === 'epoch');
    expect(steps).toHaveLength(6 * 6);
    expect(trainer.totalSteps).toBe(36);
    expect(epochs.map(({ epoch }) => epoch)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(epochs.at(-1)!.hardenedTestAccuracy).toBeGreaterThan(0.9);
    expect(epochs.at(-1)!.softToHardGap).toBe(0);
    expect(epochs[0]!.flipRatio).toBeGreaterThan(0);
    expect(steps.filter(({ flipRatio }) => flipRatio !== undefined)).toHaveLength(18);
    expect(steps[0]!.learningRate).toBe(0.02);
    expect(steps.at(-1)!.learningRate).toBeLessThan(0.001);
    expect(steps.at(-1)!.etaSeconds).toBeLessThan(steps[0]!.etaSeconds);
    expect(events.at(-1)).toEqual({ type: 'end', step: 36, epoch: 6 });
    const again = await evaluate(trainer.model, test);
    expect(again.accuracy).toBe(epochs.at(-1)!.hardenedTestAccuracy);
    expect(again.confusion.flat().reduce((a, b) => a + b)).toBe(60);
    finish(trainer);
  });

  it('gives the same weights for the same seed, and others for another', async () => {
    const bits = async (seed: number) => {
      const trainer = make({ epochs: 1, seed });
      await advance(trainer);
      const result = await weightBits(trainer.model);
      finish(trainer);
      return result;
    };
    expect(await bits(1)).toBe(await bits(1));
    expect(await bits(1)).not.toBe(await bits(2));
  });

  it('keeps weights inside their constraint', async () => {
    const trainer = make({ learningRate: 2, schedule: 'constant', epochs: 1 });
    await advance(trainer);
    const kernel = trainer.model.trainableWeights.find(({ originalName }) =>
      originalName.includes('kernel'),
    )!;
    const values = [...kernel.read().dataSync()];
    expect(Math.max(...values.map(Math.abs))).toBe(1);
    finish(trainer);
  });

  it('tells the layers the clock of each step', async () => {
    const trainer = make({ epochs: 2, schedule: 'linear' }, { kernelQuantizer: softSign() });
    const seen: TrainingClock[] = [];
    const layer = quantLayersOf(trainer.model)[0]!;
    const call = layer.call.bind(layer);
    layer.call = (inputs, kwargs) => {
      if (kwargs['training']) seen.push(layer.clock);
      return call(inputs, kwargs);
    };
    await advance(trainer);
    expect(seen.map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, i) => i));
    expect(seen.map(({ epoch }) => epoch)).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
    const rates = seen.map(({ step }) => 0.02 * (1 - step / 12));
    seen.forEach(({ learningRate, learningRateSum, totalSteps }, i) => {
      expect(totalSteps).toBe(12);
      expect(learningRate).toBeCloseTo(rates[i]!, 12);
      expect(learningRateSum).toBeCloseTo(
        rates.slice(0, i).reduce((a, b) => a + b, 0),
        12,
      );
    });
    finish(trainer);
  });

  it('measures the soft-to-hard gap of a soft quantizer', async () => {
    const trainer = make({ epochs: 1, learningRate: 1e-6 }, { kernelQuantizer: softSign() });
    const epoch = (await advance(trainer)).find((e): e is EpochEvent => e.type === 'epoch')!;
    const soft = await evaluate(trainer.model, test, { hard: false });
    const hard = await evaluate(trainer.model, test, { hard: true });
    expect(soft.loss).not.toBe(hard.loss);
    expect(epoch.softTestAccuracy).toBe(soft.accuracy);
    expect(epoch.hardenedTestAccuracy).toBe(hard.accuracy);
    expect(epoch.softToHardGap).toBe(soft.accuracy! - hard.accuracy!);
    finish(trainer);
  });

  it('holds the number of tensors over 200 steps', async () => {
    const trainer = make({ epochs: 40, flipEvery: 3 }, { kernelQuantizer: softSign() });
    await advance(trainer, 2);
    const before = tf.memory().numTensors;
    for (let i = 0; i < 5; i++) {
      await advance(trainer, 40);
      expect(tf.memory().numTensors).toBe(before);
    }
    await saveCheckpoint(trainer);
    expect(tf.memory().numTensors).toBe(before);
    finish(trainer);
  });

  it('gives the event loop turns', async () => {
    const trainer = make({ epochs: 2, yieldEveryMs: 0 });
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 0);
    await advance(trainer);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
    finish(trainer);
  });

  it('refuses to run twice at a time', async () => {
    const trainer = make();
    const run = trainer.run();
    await run.next();
    await expect(trainer.run().next()).rejects.toMatchObject({ code: 'invalid-state' });
    await run.return();
    finish(trainer);
  });
});

describe('resume', () => {
  it('is bit-identical from every step, also in the middle of an epoch and before an evaluation', async () => {
    const options = { epochs: 2, augment: { shift: 1 }, flipEvery: 2 };
    const whole = make(options, { kernelQuantizer: softSign() });
    const expectedEvents = (await advance(whole)).filter(({ type }) => type === 'epoch');
    const expected = await weightBits(whole.model);
    const first = make(options, { kernelQuantizer: softSign() });
    for (let step = 0; step <= 12; step++) {
      const bytes = await saveCheckpoint(first, { note: 'x' });
      const second = make(options, { kernelQuantizer: softSign(), seed: 99 });
      const checkpoint = loadCheckpoint(bytes);
      expect(checkpoint.extra).toEqual({ note: 'x' });
      restoreCheckpoint(second, checkpoint);
      await advance(second);
      expect(await weightBits(second.model), `after step ${step}`).toBe(expected);
      const events = second.metrics().history;
      expect(events.map((e) => ({ ...e, seconds: 0 }))).toEqual(
        expectedEvents.map((e) => ({ ...e, seconds: 0 })),
      );
      expect(second.clock()).toEqual(whole.clock());
      finish(second);
      await advance(first, 1);
    }
    finish(first);
    finish(whole);
  });

  it.each(['sgd', 'bop'] as const)('is bit-identical with %s', async (name) => {
    const options = { optimizer: { name }, epochs: 2 } as const;
    const whole = make(options);
    await advance(whole);
    const first = make(options);
    await advance(first, 7);
    const second = make(options, { seed: 50 });
    restoreCheckpoint(second, loadCheckpoint(await saveCheckpoint(first)));
    await advance(second);
    expect(await weightBits(second.model)).toBe(await weightBits(whole.model));
    [whole, first, second].forEach(finish);
  });

  it('saves between steps even when asked for in the middle of one', async () => {
    const trainer = make({ epochs: 2 });
    const saves: Promise<Uint8Array>[] = [];
    // The loss is called in the middle of a step: after the forward pass, before the update.
    const inner = make({
      epochs: 2,
      model: trainer.model,
      loss: (logits, labels) => {
        saves.push(saveCheckpoint(inner));
        return crossEntropy(logits, labels);
      },
    });
    await advance(inner);
    // Twelve steps, and the evaluation after each of two epochs.
    expect(saves).toHaveLength(14);
    const expected = await weightBits(trainer.model);
    for (const bytes of (await Promise.all(saves)).slice(4, 8)) {
      const other = make({ epochs: 2 });
      restoreCheckpoint(other, loadCheckpoint(bytes));
      await advance(other);
      expect(await weightBits(other.model)).toBe(expected);
      finish(other);
    }
    inner.dispose();
    finish(trainer);
  });

  it.each([
    [{ batchSize: 8 }, 'batchSize'],
    [{ epochs: 2 }, 'epochs'],
    [{ seed: 5 }, 'seed'],
    [{ learningRate: 0.03 }, 'learningRate'],
    [{ schedule: 'constant' }, 'schedule'],
    [{ optimizer: { name: 'sgd' } }, 'optimizer'],
    [{ augment: { flip: true } }, 'augment'],
    [{ train: stripes(91, 1) }, 'trainImages'],
    [{ train: stripes(90, 3) }, 'trainChecksum'],
  ] as const)('refuses other options: %#', async (changed, name) => {
    const first = make();
    const checkpoint = loadCheckpoint(await saveCheckpoint(first));
    const second = make(changed as Partial<TrainerOptions>);
    expect(() => restoreCheckpoint(second, checkpoint)).toThrow(
      expect.objectContaining({ code: 'incompatible' }),
    );
    expect(() => restoreCheckpoint(second, checkpoint)).toThrow(`"${name}"`);
    finish(first);
    finish(second);
  });
});

describe('what goes wrong', () => {
  it('names the step of a loss that is not finite, and keeps the weights', async () => {
    const huge = (): Partial<TrainerOptions> => ({
      loss: (logits, labels) => {
        const value = tf.mean(tf.mul(logits, labels)) as tf.Scalar;
        return calls++ === 3 ? (tf.mul(value, NaN) as tf.Scalar) : value;
      },
    });
    let calls = 0;
    const trainer = make(huge());
    await advance(trainer, 3);
    const before = await weightBits(trainer.model);
    const tensors = tf.memory().numTensors;
    await expect(advance(trainer)).rejects.toMatchObject({ code: 'not-finite' });
    expect(tf.memory().numTensors).toBe(tensors);
    const kernels = (bits: string) => bits.split('/')[0];
    expect(kernels(await weightBits(trainer.model))).toBe(kernels(before));
    expect(trainer.clock().step).toBe(3);
    calls = 3;
    await expect(advance(trainer)).rejects.toThrow('loss of step 3: got NaN');
    finish(trainer);
  });

  it.each([
    [{ epochs: 0 }, 'invalid-option'],
    [{ batchSize: 0.5 }, 'invalid-option'],
    [{ learningRate: 0 }, 'invalid-option'],
    [{ learningRate: NaN }, 'invalid-option'],
    [{ optimizer: { name: 'rmsprop' } }, 'unknown-name'],
  ])('refuses %j', (options, code) => {
    expect(() => make(options as Partial<TrainerOptions>)).toThrow(expect.objectContaining({ code }));
  });

  it('refuses labels that the model has no output for', async () => {
    const labels = Uint8Array.from(train.labels, () => 3);
    expect(() => make({ train: { ...train, labels } })).toThrow(/label of image 0 .*got 3, expected 0 to 2/);
    expect(() => make({ test: { ...train, labels } })).toThrow(/createTrainer \(test\)/);
    // Labels that change afterwards do not write into another row.
    const changing = { ...train, labels: train.labels.slice() };
    const trainer = make({ train: changing });
    changing.labels.fill(3);
    await expect(advance(trainer)).rejects.toThrow(/label of an image: got 3, expected 0 to 2/);
    finish(trainer);
  });
});

it('lets a quantizer wrap the optimizer, once for equal quantizers', async () => {
  const calls: { variables: number; step: number; levels: number }[] = [];
  const wrapping = () =>
    defineQuantizer({
      ...ste(),
      name: 'wrapping',
      wrapOptimizer(optimizer: tf.Optimizer, latent: LatentAccess) {
        const apply = optimizer.applyGradients.bind(optimizer);
        const wrapped = Object.create(optimizer) as tf.Optimizer;
        wrapped.applyGradients = (gradients) => {
          const value = latent.quantize(latent.variables[1]!);
          const levels = new Set(value.dataSync()).size;
          value.dispose();
          calls.push({ variables: latent.variables.length, step: latent.clock().step, levels });
          apply(gradients);
        };
        return wrapped;
      },
    });
  const trainer = make({}, { kernelQuantizer: wrapping() });
  await advance(trainer, 3);
  expect(calls).toEqual([0, 1, 2].map((step) => ({ variables: 2, step, levels: 2 })));
  finish(trainer);
});

it('draws nothing from a hidden source of randomness', async () => {
  // Two trainers that take turns must not disturb each other.
  const alone = make({ epochs: 1, augment: { shift: 1 } });
  await advance(alone);
  const [a, b] = [
    make({ epochs: 1, augment: { shift: 1 } }),
    make({ epochs: 1, augment: { shift: 1 }, seed: 7 }),
  ];
  const order = createRng(1);
  for (let i = 0; i < 14; i++) await advance(order.next() < 0.5 ? a : b, 1);
  await advance(a);
  expect(await weightBits(a.model)).toBe(await weightBits(alone.model));
  [a, b, alone].forEach(finish);
});
