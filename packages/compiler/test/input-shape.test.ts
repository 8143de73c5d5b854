// Models that leave sizes of their input open: compiled for a size that is given, refused without one.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { use } from '@bitgrad/core';
import { batchNorm, quantConv1d, quantConv2d, summary, withHardened } from '@bitgrad/layers';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { jsEngine, loadModel } from '@bitgrad/runtime';
import { compileModel } from '../src/index.js';

beforeAll(async () => {
  use(stePlugin);
  await tf.setBackend('cpu');
});

const binary = { kernelQuantizer: 'ste', inputQuantizer: 'ste', useBias: false } as const;
type Node = tfl.SymbolicTensor;

const image = (shape: (number | null)[], padding: 'same' | 'valid'): tfl.LayersModel => {
  const inputs = tfl.input({ shape });
  let x = quantConv2d({ filters: 16, kernelSize: 3, padding, name: 'first' }).apply(inputs) as Node;
  x = quantConv2d({ ...binary, filters: 8, kernelSize: 3, padding }).apply(batchNorm({}).apply(x)) as Node;
  x = tfl.layers.globalAveragePooling2d({}).apply(x) as Node;
  return tfl.model({ inputs, outputs: tfl.layers.dense({ units: 4 }).apply(x) as Node });
};
const sound = (): tfl.LayersModel => {
  const inputs = tfl.input({ shape: [null, 8] });
  const x = quantConv1d({ filters: 6, kernelSize: 3, padding: 'same' }).apply(inputs) as Node;
  const y = tfl.layers.globalAveragePooling1d({}).apply(x) as Node;
  return tfl.model({ inputs, outputs: tfl.layers.dense({ units: 4 }).apply(y) as Node });
};
const pixels = (): tfl.LayersModel => {
  const inputs = tfl.input({ shape: [null, null, 3] });
  return tfl.model({ inputs, outputs: quantConv2d({ filters: 2, kernelSize: 3, padding: 'same', activation: 'softmax' }).apply(inputs) as Node }); // prettier-ignore
};

describe('a model with an input of any size', () => {
  it.each([
    ['same', () => image([null, null, 3], 'same'), [9, 14, 3]],
    ['valid', () => image([null, null, 3], 'valid'), [9, 14, 3]],
    ['one open axis', () => image([9, null, 3], 'same'), [9, 5, 3]],
    ['1-D', sound, [21, 8]],
    ['pixels', pixels, [5, 7, 3]],
  ] as const)('is compiled for the size that is given (%s)', async (_name, make, inputShape) => {
    const model = make();
    const { bytes, model: packed, agreement } = await compileModel(model, { inputShape });
    expect(agreement.argmax).toBe(1);
    const loaded = await loadModel(bytes, { engine: jsEngine() });
    expect(loaded.input.shape).toEqual(inputShape);
    const x = tf.randomNormal([2, ...inputShape], 0, 1, 'float32', 4);
    const want = withHardened(model, () => model.predict(x) as tf.Tensor);
    expect(loaded.output.shape).toEqual(want.shape.slice(1));
    const got = await loaded.predict(x.dataSync() as Float32Array);
    want.dataSync().forEach((v, i) => expect(got[i]).toBeCloseTo(v, 4));
    const { layers } = summary(model, { inputShape });
    const macs = layers.map(({ binaryMacs, floatMacs }) => binaryMacs! + floatMacs!).filter((n) => n > 0);
    expect(packed.metadata.layers!.map((l) => l.binaryMacs + l.otherMacs).filter((n) => n > 0)).toEqual(macs);
    loaded.dispose();
  });
  it('is refused without one, with what to give', async () => {
    const call = compileModel(image([null, null, 3], 'same'));
    await expect(call).rejects.toMatchObject({ code: 'shape-mismatch' });
    await expect(call).rejects.toThrow(/got "\[any, any, 3\]".*inputShape: \[224, 224, 3\]/);
    await expect(compileModel(sound())).rejects.toThrow(/inputShape: \[1000, 8\]/);
  });
  it.each([[[9, 14, 4]], [[9, 14]], [[9, 14, 3, 1]]])('is refused for %j', async (inputShape) => {
    await expect(compileModel(image([null, null, 3], 'same'), { inputShape })).rejects.toMatchObject({ code: 'shape-mismatch' }); // prettier-ignore
  });
  it.each([[[0, 9, 3]], [[9.5, 9, 3]], [[null, 9, 3]], ['9x9x3']])(
    'is refused for %j',
    async (inputShape) => {
      await expect(compileModel(image([null, null, 3], 'same'), { inputShape: inputShape as never })).rejects.toMatchObject({ code: 'invalid-option' }); // prettier-ignore
    },
  );
  it('keeps a size that is known', async () => {
    await expect(compileModel(image([9, 9, 3], 'same'), { inputShape: [8, 9, 3] })).rejects.toThrow(/inputShape for model/); // prettier-ignore
    expect((await compileModel(image([9, 9, 3], 'same'), { inputShape: [9, 9, 3] })).agreement.argmax).toBe(1); // prettier-ignore
  });
});
