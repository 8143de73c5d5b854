// State dicts of PyTorch beside what PyTorch answers: apps/bench/reference/pytorch_models.py writes both.
// BITGRAD_PYTORCH names a folder that it wrote of a published checkpoint.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readModel, type SourceFile } from '../src/index.js';
import { answersOf, compared } from './framework.js';

const fixtures = join(import.meta.dirname, 'fixtures/pytorch');
const folder = process.env.BITGRAD_PYTORCH ?? fixtures;

const fileOf = (directory: string, model: string): SourceFile => {
  const path = join(directory, `${model}.safetensors`);
  const bytes = existsSync(path) ? readFileSync(path) : gunzipSync(readFileSync(`${path}.gz`));
  return { name: `${model}.safetensors`, bytes: new Uint8Array(bytes) };
};

describe('state dicts', { timeout: 3_600_000 }, () => {
  it.each(answersOf(join(folder, 'answers.json')))('%s: outputs of PyTorch to 1e-4, all products of bits', async (name, answer) => {
    const file = fileOf(folder, name);
    const { difference, classes, apart, agreement, model } = await compared([file], answer, { architecture: name, inputShape: answer.shape });
    expect(difference).toBeLessThan(1e-4);
    expect(apart).toBeLessThanOrEqual(answer.outputs.length / 50);
    expect(classes).toBe(answer.outputs.length);
    expect(agreement.argmax).toBe(1);
    const { ops, buffers } = model.plan;
    const products = ops.filter(({ op, inputs }) => op === 'conv' && buffers[inputs[0]!]!.type === 'bits').length;
    const expected = { 'adabin-resnet20': 72, 'resnet20-irnet': 18, birealnet18: 16, 'reactnet-a': 31 };
    expect(products).toBe(expected[name as keyof typeof expected]);
  }); // prettier-ignore
});

describe('what cannot be read', () => {
  const file = fileOf(fixtures, 'resnet20-irnet');
  const irnet = { architecture: 'resnet20-irnet', inputShape: [16, 16, 3] };
  const renamed = (from: string, to: string): SourceFile => {
    const bytes = file.bytes.slice();
    const at = Buffer.from(bytes.buffer).indexOf(from);
    bytes.set(new TextEncoder().encode(to), at);
    return { ...file, bytes };
  };

  it.each<[string, SourceFile, object, RegExp]>([
    ['no architecture', file, {}, /architecture of the state dict.*nothing.*resnet20-irnet.*--architecture/s],
    ['an unknown one', file, { architecture: 'resnet20-irnt' }, /Did you mean "resnet20-irnet"/],
    ['another one', file, { architecture: 'birealnet18', inputShape: [32, 32, 3] }, /tensor "layer1.0.binary_conv.weights"|kernel/],
    ['a tensor that is missing', renamed('layer1.0.bn1.bias', 'layer1.0.bn1.bios'), irnet, /tensor "layer1.0.bn1.bias"/],
    ['half a file', { ...file, bytes: file.bytes.slice(0, file.bytes.length / 2) }, irnet, /place of tensor/],
    ['a few bytes', { ...file, bytes: file.bytes.slice(0, 6) }, irnet, /length of the header/],
    ['a pickle', { name: 'model.th', bytes: new Uint8Array(9) }, irnet, /"model.th" is a pickle.*\nimport torch.*\nstate = torch.load\("model.th".*\nsave_file/],
  ])('%s: an error that says what and what next', async (_, source, options, message) => {
    await expect(readModel([source], options)).rejects.toThrow(message);
    await expect(readModel([source], options)).rejects.toHaveProperty('name', 'BitgradError');
  }); // prettier-ignore
});
