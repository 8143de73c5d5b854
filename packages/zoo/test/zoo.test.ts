// Each model is what its card says: the file, the engines, and, where the data is, the accuracy.
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { wasmEngine } from '@bitgrad/backend-wasm/engine';
import { loadDataset } from '@bitgrad/datasets/node';
import { decodeModel, jsEngine, type Engine } from '@bitgrad/runtime';
import { amount } from '@bitgrad/tooling/endurance';
import { commandWords } from '@bitgrad/tooling/processes';
import { testData, unpacker } from '@bitgrad/tooling/test-data';
import { wrongCalls } from '@bitgrad/tooling/wrong-arguments';
import { cardText } from '../scripts/card-text.js';
import { predictedClasses } from '../scripts/predicted.js';
import * as exports from '../src/index.js';
import type { Pretrained } from '../src/index.js';
import * as node from '../src/node.js';

const { findPretrained, loadPretrained, modelNames } = exports;
const { latentFolder } = node;
const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
/** BITGRAD_ZOO=all: whole test sets. */
const whole = process.env.BITGRAD_ZOO === 'all';
/** Folders in BITGRAD_TEST_DATA by what cards call the data. */
const folders: Record<string, string> = {
  'mnist:data/mnist': 'mnist',
  'audio:data/spoken-digits': 'spoken-digits',
  'folder:data/cifar10-jpeg': 'cifar10-jpeg',
};
const unpacked = unpacker();
/** Test images of a card's data, which several models may have. */
const tests = new Map<string, ReturnType<typeof loadDataset>>();
const dataFor = ({ test, sound, labels }: Pretrained['card'], folder: string) => {
  const known =
    tests.get(test.data) ??
    loadDataset(
      `${test.data.split(':')[0]}:${unpacked(folder)}`,
      sound ? { sound: sound.settings, classes: labels } : {},
    );
  tests.set(test.data, known);
  return known;
};
/** Inputs for the portable engine: what it does in a second by the card, ten at least. */
const fewFor = ({ latency }: Pretrained['card']): number =>
  Math.max(10, Math.ceil(1000 / latency.find(({ engine }) => engine === 'js')!.medianMs));

/** Models whose latent weights are packed: a picture's and a sound's, or all. */
const packs: readonly string[] = amount({ test: ['mnist-cnn', 'spoken-digits'], ci: modelNames });

it('has a module, an export and a page for each folder of models/', async () => {
  const manifest = JSON.parse(readFileSync(at('package.json'), 'utf8')) as { exports: object };
  expect([...modelNames]).toEqual(readdirSync(at('models')).sort());
  expect(modelNames.length).toBeGreaterThan(0);
  for (const name of modelNames) {
    const { card } = await findPretrained(name);
    expect(Object.keys(manifest.exports)).toContain(`./${name}`);
    expect(readFileSync(at('README.md'), 'utf8')).toContain(`[\`${name}\`](./models/${name})`);
    const cells = (text: string): string => text.replaceAll(/[ -]+/g, ' ');
    expect(cells(readFileSync(at(`models/${name}/README.md`), 'utf8'))).toBe(cells(cardText(card)));
  }
});

describe.each(modelNames)('%s', (name) => {
  it('is the file of its card', async () => {
    const { card, bytes } = await findPretrained(name);
    expect(createHash('sha256').update(bytes()).digest('hex')).toBe(card.bytes.sha256);
    expect(bytes().length).toBe(card.bytes.packed);
    const { metadata, plan } = decodeModel(bytes());
    expect(metadata.classes).toEqual(card.labels);
    expect(metadata.sound).toEqual(card.sound?.settings);
    expect(exports.modelKinds[name]).toBe(metadata.sound ? 'sound' : 'picture');
    expect(plan.buffers[plan.input]).toMatchObject(card.input);
    const { confusion, right, images, accuracy } = card.test;
    expect(confusion.flat().reduce((a, b) => a + b, 0)).toBe(images);
    expect(confusion.reduce((sum, row, i) => sum + row[i]!, 0)).toBe(right);
    expect(accuracy).toBeCloseTo(right / images, 12);
  });

  it('says the same on every engine, and as often right as its card says', async (context) => {
    const { card } = await findPretrained(name);
    const { folder, missing } = testData(folders[card.test.data]!);
    if (missing) context.skip(missing);
    const { test } = await dataFor(card, folder);
    const count = whole ? test.size : Math.min(300, test.size);
    const first = (n: number): Uint8Array =>
      test.images.subarray(0, (n * test.images.length) / test.size) as Uint8Array;
    const said = async (engine: Engine, n: number): Promise<Uint8Array> => {
      const model = await loadPretrained(name, { engine, strict: true });
      const classes = await predictedClasses(model, first(n));
      model.dispose();
      return classes;
    };
    const classes = await said(wasmEngine(), count);
    const few = whole ? count : Math.min(count, fewFor(card));
    expect(await said(jsEngine(), few)).toEqual(classes.subarray(0, few));
    const right = classes.reduce((sum, c, i) => sum + Number(c === test.labels[i]), 0);
    expect(right).toBe(whole ? card.test.right : card.test.first['300']);
    expect(test.size).toBe(card.test.images);
  });

  it('is what its latent weights are packed to', async (context) => {
    if (!packs.includes(name)) context.skip('BITGRAD_ENDURANCE=1 packs it');
    const { card, bytes } = await findPretrained(name);
    const { folder, missing } = testData(folders[card.test.data]!);
    if (missing) context.skip(missing);
    const out = join(mkdtempSync(join(tmpdir(), 'bitgrad-zoo-')), 'model.bitgrad');
    onTestFinished(() => rmSync(dirname(out), { recursive: true }));
    // The type of the last layer is decided by the test images.
    const data = `${card.test.data.split(':')[0]}:${unpacked(folder)}`;
    execFileSync(process.execPath, [
      ...commandWords,
      'compile',
      latentFolder(name),
      '--data',
      data,
      '-o',
      out,
    ]);
    expect(Buffer.compare(readFileSync(out), bytes())).toBe(0);
  }, 120_000);

  it('has its latent weights as the folder of a run', async () => {
    const folder = latentFolder(name);
    const { files } = JSON.parse(readFileSync(`${folder}/manifest.json`, 'utf8')) as {
      files: Record<string, { sha256: string }>;
    };
    for (const [file, { sha256 }] of Object.entries(files))
      expect(
        createHash('sha256')
          .update(readFileSync(`${folder}/${file}`))
          .digest('hex'),
      ).toBe(sha256);
    expect(existsSync(`${folder}/weights.bin`)).toBe(true);
    const { weightsManifest } = JSON.parse(readFileSync(`${folder}/model.json`, 'utf8')) as {
      weightsManifest: { weights: { shape: number[]; quantization?: { dtype: string } }[] }[];
    };
    // Kernels of so many weights are binary in all models, and of 16 bits.
    for (const { shape, quantization } of weightsManifest[0]!.weights)
      if (shape.reduce((a, b) => a * b, 1) > 1_000_000) expect(quantization?.dtype).toBe('float16');
    // Nothing of the machine that trained it.
    for (const file of ['bitgrad.json', 'model.json', '../card.json'])
      expect(readFileSync(`${folder}/${file}`, 'utf8')).not.toMatch(/"[^"]*(\/work\/|\/root\/|\/home\/)/);
  });
});

it('every exported function works or raises a BitgradError', async () => {
  const cases = {
    loadPretrained: { args: () => [modelNames[0], { threads: 1 }], options: 1 },
    findPretrained: { args: () => [modelNames[0]] },
  };
  expect(await wrongCalls(exports, { cases })).toEqual([]);
  expect(await wrongCalls(node, { cases: { latentFolder: { args: () => [modelNames[0]] } } })).toEqual([]);
  await expect(loadPretrained('mnist-tff' as never)).rejects.toThrow(/Did you mean "mnist-tfc"/);
  expect(() => latentFolder('../mnist-tfc')).toThrow(/one of .*mnist-tfc/);
});
