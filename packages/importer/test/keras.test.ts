// Keras models beside what Keras answers: apps/bench/reference/larq_models.py, keras3_models.py and binarynet_models.py
// train, save and run them. BITGRAD_KERAS names a folder that they wrote with more inputs.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { testData } from '@bitgrad/tooling/test-data';
import { readModel, type SourceFile } from '../src/index.js';
import { answersOf, compared, filesOf } from './framework.js';

const fixtures = join(import.meta.dirname, 'fixtures/keras');
const folder = process.env.BITGRAD_KERAS ?? fixtures;

describe('models that Keras trained and saved', { timeout: 600_000 }, () => {
  const lists = ['answers.json', 'answers-keras3.json'].map((name) => join(folder, name)).filter(existsSync);
  it.each(lists.flatMap(answersOf))('%s: outputs of Keras to 1e-4', async (name, answer) => {
    const found = await compared(filesOf(folder, name), answer);
    expect(found.difference).toBeLessThan(1e-4);
    expect(found.apart).toBe(0);
    expect(found.classes).toBe(answer.outputs.length);
    expect(found.agreement.argmax).toBe(1);
  });
});

const published = join(testData('mnist').folder, '../../checkpoints/keras');

describe.skipIf(!existsSync(published))('published models of BinaryDense layers', () => {
  it.each(answersOf([folder, fixtures].map((at) => join(at, 'answers-binarynet.json')).find(existsSync)!))(
    '%s: outputs of Keras to 1e-4',
    async (name, answer) => {
      const found = await compared(filesOf(published, name), answer);
      expect(found.difference).toBeLessThan(1e-4);
      expect(found.apart).toBe(0);
      expect(found.classes).toBe(answer.outputs.length);
      // All kernels are bits; what multiplies them is too, but for the input and after relu1.
      const kernels = found.model.plan.weights.filter(({ shape }) => shape.length === 2);
      expect(kernels.map(({ type, shape }) => [type, ...shape])).toEqual([64, 32, 32, 5].map((n, i, all) => [name.endsWith('max') || i === 0 ? expect.stringMatching(/^(bits|i8|f32)$/) : 'bits', n, all[i - 1] ?? 16])); // prettier-ignore
    },
  );
});

interface Json {
  class_name: string;
  config: Record<string, unknown> & { layers: Json[] };
}

describe('what cannot be read', () => {
  const [json, weights] = filesOf(fixtures, 'alexnet_like') as [SourceFile, SourceFile];
  /** The model with its architecture changed. */
  const changed = (change: (layers: Json[], model: Json) => void): SourceFile[] => {
    const model = JSON.parse(new TextDecoder().decode(json.bytes)) as Json;
    change(model.config.layers, model);
    return [{ ...json, bytes: new TextEncoder().encode(JSON.stringify(model)) }, weights];
  };
  const layer = (name: string, change: (layer: Json) => void) =>
    changed((layers) =>
      change(layers.find(({ config }) => String(config.name).replace(/_\d+$/, '') === name)!),
    );

  it.each<[string, SourceFile[], RegExp]>([
    ['a layer', layer('flatten', (l) => (l.class_name = 'Flaten')), /"flatten[_\d]*" \(Flaten\) is a layer that is not known.*Did you mean Flatten/s],
    ['Python', layer('flatten', (l) => (l.class_name = 'Lambda')), /"flatten[_\d]*" \(Lambda\) holds Python code/],
    ['an option', layer('flatten', (l) => (l.config.order = 'F')), /"flatten[_\d]*" \(Flatten\) has the option "order"/],
    ['an activation', layer('activation', (l) => (l.config.activation = 'mish')), /"activation[_\d]*" \(Activation\) has the activation mish.*relu/s],
    ['a quantizer', layer('quant_dense', (l) => (l.config.kernel_quantizer = 'my_sign')), /"quant_dense[_\d]*" \(QuantDense\) has the kernel_quantizer my_sign.*ste_sign/s],
    ['an option of a quantizer', layer('quant_dense', (l) => (l.config.kernel_quantizer = { class_name: 'SteSign', config: { slope: 2 } })), /"quant_dense[_\d]*" .* SteSign with the option "slope"/],
    ['channels first', layer('max_pooling2d', (l) => (l.config.data_format = 'channels_first')), /"max_pooling2d[_\d]*" .*channels_first.*channels last/s],
    ['kernels of activations', layer('quant_dense', (l) => (l.config.input_quantizer = 'magnitude_aware_sign')), /"quant_dense[_\d]*" .* needs all of a batch/],
    ['another width', layer('quant_dense', (l) => (l.config.units = 17)), /kernel of layer "quant_dense[_\d]*" .*, 17\]/],
    ['weights that are missing', layer('quant_dense', (l) => (l.config.use_bias = true)), /bias of layer "quant_dense/],
    ['weights without a use', layer('batch_normalization', (l) => (l.config.center = false)), /weights of layer|moving_variance of layer/],
    ['a name that is not in the weights', layer('quant_dense', (l) => (l.config.name = 'other')), /kernel of layer "other"/],
    ['a class of its own', changed((_, model) => (model.class_name = 'MyModel')), /MyModel.*functional or sequential/s],
    ['an open shape', changed((layers) => layers.forEach(({ config }) => config.batch_input_shape && (config.batch_input_shape = [null, null, null, 3]))), /input shape of layer.*inputShape/s],
    ['weights alone', [weights], /architecture for the weights.*to_json/s],
    ['two models', [...filesOf(fixtures, 'quantizers'), weights], /Keras files.*one model/s],
    ['half a file', [json, { ...weights, bytes: weights.bytes.slice(0, 5000) }], /HDF5/],
    ['no archive', [{ name: 'a.keras', bytes: new Uint8Array(100) }], /signature of a zip/],
    ['half an archive', [{ name: 'a.keras', bytes: filesOf(fixtures, 'bireal_block')[0]!.bytes.slice(0, 9000) }], /archive/],
  ])('%s: an error that says where, what and what next', async (_, files, message) => {
    await expect(readModel(files)).rejects.toThrow(message);
    await expect(readModel(files)).rejects.toHaveProperty('name', 'BitgradError');
  }); // prettier-ignore

  it('but a name with its package in front is', async () => {
    const files = layer('quant_dense', (l) => (l.class_name = 'Larq>QuantDense'));
    expect((await readModel(files)).nodes.map(({ name }) => name)).toContain('quant_dense');
  });
});
