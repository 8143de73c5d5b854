// From the command line alone: pictures in grey with a validation split and early stopping, a regression from a CSV file, and
// windows of rows with two labels each: trained, evaluated, packed and run.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { expect, it } from 'vitest';
import { createRng } from '@bitgrad/core';
import { cli, lastLine, temporaryFolder } from './run.js';

const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await cli([...args, '--json']);
  expect(code, stderr).toBe(0);
  return JSON.parse(lastLine(stdout));
};

it('an image folder at 96 x 96 in grey', { timeout: 240_000 }, async () => {
  const folder = temporaryFolder();
  const rng = createRng(5);
  // Light above or on the left, in colours, of another size than is asked for.
  for (const [name, along] of [
    ['flat', 1],
    ['upright', 0],
  ] as const) {
    mkdirSync(join(folder, 'data', name), { recursive: true });
    for (let i = 0; i < 24; i++) {
      const png = new PNG({ width: 60, height: 60 });
      for (let p = 0; p < 3600; p++) {
        const at = along ? Math.floor(p / 60) : p % 60;
        const light = 40 + rng.integer(60) + (at < 30 ? 110 : 0);
        png.data.set([light + rng.integer(30), light, light - rng.integer(30), 255], 4 * p);
      }
      writeFileSync(join(folder, 'data', name, `${i}.png`), PNG.sync.write(png));
    }
  }
  const [run, file] = [join(folder, 'run'), join(folder, 'model.bitgrad')];
  const data = `folder:${join(folder, 'data')}`;
  const trained = await json('train', '--data', data, '--image-size', '96', '--grey', '--validation', '0.2',
    '--early-stop', '3', '--keep-best', '--monitor', 'loss', '--model', 'cnn', '--model-options', '{"width":0.25}', '--epochs', '8',
    '--batch', '8', '--lr', '0.01', '--backend', 'wasm', '--out', run); // prettier-ignore
  expect(trained).toMatchObject({ validationImages: 8, trainImages: 30, testImages: 10, finished: true });
  expect(trained.testAccuracy).toBeGreaterThan(0.8);
  expect(await json('eval', run)).toMatchObject({ testAccuracy: trained.testAccuracy, images: 10 });
  await json('compile', run, '-o', file);
  expect(await json('run', file, '--data', data, '--seed', '1')).toMatchObject({
    testAccuracy: trained.testAccuracy,
    images: 10,
  });
});

it('a regression from a table', { timeout: 240_000 }, async () => {
  const folder = temporaryFolder();
  const rng = createRng(6);
  const rows = Array.from({ length: 400 }, () => {
    const [size, rooms, year] = [40 + rng.integer(160), 1 + rng.integer(6), 1950 + rng.integer(70)];
    const town = ['A', 'B', 'C'][rng.integer(3)]!;
    const price = 900 * size + 8000 * rooms + 400 * (year - 1950) + { A: 0, B: 30_000, C: 60_000 }[town]!;
    return `${size};${rooms};"${town}";${year};${price}`;
  });
  const [csv, run, file] = ['houses.csv', 'run', 'model.bitgrad'].map((name) => join(folder, name)) as [string, string, string]; // prettier-ignore
  writeFileSync(csv, `\ufeffsize;rooms;town;year;price\r\n${rows.join('\r\n')}\r\n`);
  const data = ['--data', `csv:${csv}`];
  const trained = await json('train', ...data, '--target', 'price', '--validation', '0.1', '--keep-best', '--model',
    'mlp', '--model-options', '{"hidden":[64,64],"lastKernelQuantizer":null}', '--quantizer', 'none/none', '--epochs', '40', '--batch', '32', '--lr', '0.01',
    '--backend', 'wasm', '--out', run); // prettier-ignore
  expect(trained).toMatchObject({ testAccuracy: null, trainAccuracy: null, testImages: 80, finished: true });
  const evaluated = await json('eval', run);
  expect(evaluated).toMatchObject({ testAccuracy: null, images: 80, classAccuracy: {} });
  expect(evaluated.errors.price.determination).toBeGreaterThan(0.9);
  expect(evaluated.errors.price.meanAbsolute).toBeLessThan(20_000);
  // A binary network of it, packed: raw numbers in, the price in its units out.
  const binary = join(folder, 'binary');
  await json('train', ...data, '--target', 'price', '--model', 'mlp', '--model-options', '{"lastKernelQuantizer":null}', '--epochs', '20', '--batch', '32', '--lr', '0.01', '--backend', 'wasm', '--out', binary); // prettier-ignore
  const own = await json('eval', binary);
  expect(own.errors.price.determination).toBeGreaterThan(0.3);
  expect(await json('compile', binary, '-o', file)).toMatchObject({ verifiedOn: 'test', testAccuracy: null });
  const ran = await json('run', file, ...data, '--target', 'price', '--seed', '1');
  expect(ran.errors.price.meanAbsolute / own.errors.price.meanAbsolute).toBeCloseTo(1, 2);
  for (const [more, message] of [
    [[], /no target.*one or several of size, rooms, town, year, price/],
    [['--target', 'cost'], /got "cost"/],
    [['--target', 'price', '--target-kind', 'labels'], /target price as labels.*0 and 1/],
    [
      ['--target', 'price', '--loss', 'cross-entropy'],
      /loss cross-entropy, which is for labels of kind class/,
    ],
    [['--target', 'price', '--class-weights', 'balanced'], /--class-weights.*the labels are values/],
  ] as const) {
    const { code, stderr } = await cli([
      'train',
      ...data,
      ...more,
      '--model',
      'mlp',
      '--out',
      join(folder, 'x'),
    ]);
    expect([code, lastLine(stderr)]).toEqual([2, expect.stringMatching(message)]);
  }
  const other = await cli(['train', '--target', 'price', '--out', join(folder, 'x')]);
  expect(lastLine(other.stderr)).toMatch(/--target: got "price". It is for --data csv:FILE/);
});

it('windows of rows with two labels each', { timeout: 240_000 }, async () => {
  const folder = temporaryFolder();
  const rng = createRng(7);
  // Two channels that are loud or not, for 16 rows at a time.
  const rows = Array.from({ length: 200 }, () => [rng.integer(2), rng.integer(2)]).flatMap((on) =>
    Array.from({ length: 16 }, (_, t) => {
      const signals = on.map((loud, i) =>
        ((loud ? 1 : 0.1) * Math.sin(t * (i + 1)) + 0.05 * rng.normal()).toFixed(4),
      );
      return [...signals, ...on].join(',');
    }),
  );
  const [csv, run, file] = ['signals.csv', 'run', 'model.bitgrad'].map((name) => join(folder, name)) as [string, string, string]; // prettier-ignore
  writeFileSync(csv, `left,right,loud left,loud right\n${rows.join('\n')}`);
  const data = [
    '--data',
    `csv:${csv}`,
    '--target',
    'loud left,loud right',
    '--target-kind',
    'labels',
    '--window',
    '16',
  ];
  const trained = await json('train', ...data, '--model', 'mlp', '--epochs', '30', '--batch', '16', '--lr', '0.01',
    '--backend', 'wasm', '--out', run); // prettier-ignore
  expect(trained).toMatchObject({ trainImages: 160, testImages: 40 });
  expect(trained.testAccuracy).toBeGreaterThan(0.8);
  const evaluated = await json('eval', run);
  expect(evaluated.testAccuracy).toBe(trained.testAccuracy);
  expect(evaluated.exact).toBeLessThanOrEqual(evaluated.testAccuracy);
  await json('compile', run, '-o', file);
  expect(await json('run', file, ...data)).toMatchObject({
    testAccuracy: evaluated.testAccuracy,
    exact: evaluated.exact,
    images: 40,
  });
});
