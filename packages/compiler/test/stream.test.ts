// A causal net of spoken words on frames as they come, against the layers themselves on as many frames as were heard.
import '@tensorflow/tfjs-backend-cpu';
import { wasmEngine } from '@bitgrad/backend-wasm/engine';
import { createRng, use } from '@bitgrad/core';
import { quantConv1d } from '@bitgrad/layers';
import { createModel } from '@bitgrad/models';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { jsEngine, openStream } from '@bitgrad/runtime';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, it } from 'vitest';
import { compileModel } from '../src/index.js';

beforeAll(async () => {
  use(stePlugin);
  await tf.setBackend('cpu');
});

const normalization = { mean: [127.5], std: [127.5] };

it(
  'kws-1d answers on frames as they come as its layers do on all that was heard',
  { timeout: 60_000 },
  async () => {
    const [frames, bands, length] = [16, 8, 40];
    const options = { classes: 4, kernelQuantizer: 'ste', seed: 5, width: 0.2 } as const;
    const model = createModel('kws-1d', { ...options, inputShape: [frames, bands, 1] });
    // Statistics that batch normalization has after training.
    const rng = createRng(6);
    for (const layer of model.layers.filter((one) => one.getClassName() === 'BitgradBatchNorm'))
    layer.setWeights(layer.getWeights().map((w, i) => tf.tensor(Array.from({ length: w.size }, () => (i === 3 ? 0.5 : 0) + (i === 0 || i === 3 ? 1 : 0.3) * rng.next()), w.shape))); // prettier-ignore
    const { model: packed } = await compileModel(model, { input: 'u8', normalization });
    const bytes = Uint8Array.from({ length: length * bands }, () => rng.integer(256));
    const streams = await Promise.all(
      [jsEngine(), wasmEngine()].map((engine) => openStream(packed, { engine })),
    );
    let compared = 0;
    for (let t = 0; t < length; t += 4) {
      const given = bytes.subarray(t * bands, (t + 4) * bands);
      const [js, wasm] = await Promise.all(streams.map((stream) => stream.push(given)));
      expect(wasm, `frame ${t}`).toEqual(js);
      if (t + 4 < frames) {
        expect(js).toBeUndefined();
        continue;
      }
      const long = createModel('kws-1d', { ...options, inputShape: [t + 4, bands, 1] });
      long.setWeights(model.getWeights());
      const rows = tfl.model({ inputs: long.inputs, outputs: long.getLayer('stage3_conv2_add').output });
      const want = tf.tidy(() => {
        const x = tf.tensor([...bytes.subarray(0, (t + 4) * bands)], [1, t + 4, bands, 1]);
        const y = rows.predict(tf.mul(tf.sub(x, 127.5), Math.fround(1 / 127.5))) as tf.Tensor4D;
        const last = tf.mean(tf.slice(y, [0, y.shape[1] - frames / 4]), [1, 2]);
        return [...(model.getLayer('logits').apply(last) as tf.Tensor).dataSync()];
      });
      want.forEach((v, i) => expect(js![i]).toBeCloseTo(v, 4));
      compared++;
      long.dispose();
    }
    expect(compared).toBe(7);
    model.dispose();
  },
);

it("QuantConv1D with padding 'causal' is compiled, and looks at nothing after a frame", async () => {
  for (const [kernelSize, dilationRate, strides] of [
    [3, 1, 1],
    [2, 2, 1],
    [3, 1, 2],
  ] as const) {
    // prettier-ignore
    const input = tfl.input({ shape: [9, 5] });
    const y = quantConv1d({ filters: 4, kernelSize, dilationRate, strides, padding: 'causal', padValues: 1, kernelQuantizer: 'ste', inputQuantizer: 'ste' }).apply(input) as tfl.SymbolicTensor; // prettier-ignore
    const model = tfl.model({ inputs: input, outputs: y });
    const { model: packed } = await compileModel(model, { input: 'f32' });
    const x = Float32Array.from({ length: 45 }, (_, i) => Math.sin(7 * i));
    const want = (model.predict(tf.tensor([...x], [1, 9, 5])) as tf.Tensor).dataSync();
    const got = (await jsEngine().compile(packed)).run(x);
    expect(got.length).toBe(want.length);
    want.forEach((v, i) => expect(got[i]).toBeCloseTo(v, 4));
    // Neither layers nor plan look ahead: the first half of the rows does not know the second half of the frames.
    const other = (await jsEngine().compile(packed)).run(x.map((v, i) => (i < 25 ? v : -v)));
    const known = 4 * (Math.floor(4 / strides) + 1);
    expect(other.subarray(0, known)).toEqual(got.subarray(0, known));
    model.dispose();
  }
});
