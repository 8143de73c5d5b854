// One pair under two names: `bnn` of ProxConnect++ is the clipped straight-through estimator of the STE family.
import '@tensorflow/tfjs-backend-cpu';
import { use } from '@bitgrad/core';
import { createDigits } from '@bitgrad/datasets';
import { createModel } from '@bitgrad/models';
import { proxConnectPlugin } from '@bitgrad/quantizer-proxconnect';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { createTrainer } from '@bitgrad/training';
import { beforeAll, expect, it } from 'vitest';

const { train, shape, classes } = createDigits({ seed: 1, train: 320, test: 10 });

/** Every weight after ten steps of training. */
async function trained(quantizer: string): Promise<number[][]> {
  const model = createModel('tfc', {
    inputShape: shape,
    classes: classes.length,
    kernelQuantizer: quantizer,
    seed: 1,
  });
  for await (const _ of createTrainer({ model, train, epochs: 1, batchSize: 32, seed: 1 }).run());
  return model.getWeights().map((weight) => [...weight.dataSync()]);
}

beforeAll(() => use(stePlugin, proxConnectPlugin));

it('bnn trains to the weights of ste, bit for bit, and bc does not', async () => {
  const ste = await trained('ste');
  expect(await trained('bnn')).toEqual(ste);
  expect(await trained('bc')).not.toEqual(ste);
});
