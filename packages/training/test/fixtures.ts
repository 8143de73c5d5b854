// A tiny task that a binary network learns in a second on the cpu backend, and a soft quantizer that reads the clock.
import * as tfl from '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import {
  createRng,
  defineForward,
  defineQuantizer,
  E,
  growingSchedule,
  type QuantizerSpec,
} from '@bitgrad/core';
import { createSplit, type Split } from '@bitgrad/datasets';
import { batchNorm, quantConv2d, quantDense } from '@bitgrad/layers';
import { identitySurrogate, ste } from '@bitgrad/quantizer-ste';
import type { TrainEvent, Trainer } from '../src/index.js';

export const classes = 3;

/** Images 6x6x1 with a bright row, whose number decides the class, and noise. */
export function stripes(size: number, seed: number): Split {
  const rng = createRng(seed);
  const images = new Uint8Array(size * 36);
  const labels = new Uint8Array(size);
  for (let i = 0; i < size; i++) {
    labels[i] = rng.integer(classes);
    for (let p = 0; p < 36; p++) {
      const bright = Math.floor(p / 12) === labels[i];
      images[i * 36 + p] = (bright ? 150 : 60) + rng.integer(80);
    }
  }
  return createSplit(images, labels, [6, 6, 1]);
}

export interface ModelOptions {
  kernelQuantizer?: QuantizerSpec;
  seed?: number;
}

/** conv - BN - dense - BN: a binary net in miniature. */
export function tinyModel({ kernelQuantizer = ste(), seed = 1 }: ModelOptions = {}): tfl.LayersModel {
  const common = { kernelQuantizer, kernelConstraint: 'weightClip' as const, useBias: false };
  return tfl.sequential({
    layers: [
      quantConv2d({ ...common, filters: 4, kernelSize: 3, inputShape: [6, 6, 1], seed }) as never,
      batchNorm({}) as never,
      tfl.layers.flatten(),
      quantDense({ ...common, units: classes, inputQuantizer: ste(), seed: seed + 1 }) as never,
      batchNorm({}) as never,
    ],
  });
}

/** tanh(mu x) that becomes sign: soft, scheduled. */
export const softSign = () =>
  defineQuantizer({
    name: 'soft-sign',
    options: {},
    description: 'tanh that grows to sign',
    forward: defineForward({
      name: 'soft-sign',
      options: {},
      alphabet: 'pm1',
      levels: [-1, 1],
      soft: true,
      formula: (x, { mu }) => Math.tanh(mu! * x),
      expression: ({ mu }) => E.tanh(E.mul(E.input('x'), mu!)),
      hardExpression: () => E.sign(E.input('x')),
    }),
    surrogate: identitySurrogate(),
    schedule: growingSchedule('mu', { growth: 'linear', start: 2, end: 60 }),
    capabilities: { needsClock: true },
  });

export const startCpu = async (): Promise<void> => {
  await tf.setBackend('cpu');
  await tf.ready();
};

/** Runs to the end, or until `steps` more steps are done. */
export async function advance(trainer: Trainer, steps = Infinity): Promise<TrainEvent[]> {
  const events: TrainEvent[] = [];
  const controller = new AbortController();
  let done = 0;
  if (steps === 0) return events;
  for await (const event of trainer.run({ signal: controller.signal })) {
    events.push(event);
    if (event.type === 'step' && ++done >= steps) controller.abort();
  }
  return events;
}

export const weightBits = async (model: tfl.LayersModel): Promise<string> =>
  model.weights
    .map((weight) => Buffer.from((weight.read().dataSync() as Float32Array).slice().buffer).toString('hex'))
    .join('/');
