// `bitgrad run` by what a model's output is: files are written by hand, 4 pixels -> one dense layer -> an activation.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeModel, type ModelMetadata } from '@bitgrad/runtime';
import { cli } from './run.js';

let folder = '';
let picture = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bitgrad-outputs-'));
  const png = new PNG({ width: 2, height: 2 });
  png.data.fill(255);
  picture = join(folder, 'white.png');
  writeFileSync(picture, PNG.sync.write(png));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Outputs of a white picture: 4 times each weight. */
const fileOf = (weights: number[], metadata: ModelMetadata): string => {
  const units = weights.length;
  const bytes = encodeModel(
    {
      version: 1,
      input: 0,
      output: 2,
      buffers: [
        { type: 'f32', shape: [2, 2, 1] },
        { type: 'f32', shape: [4] },
        { type: 'f32', shape: [units] },
      ],
      weights: [{ type: 'f32', shape: [units, 4] }],
      ops: [
        { op: 'reshape', inputs: [0], output: 1 },
        { op: 'dense', inputs: [1], weights: [0], output: 2 },
      ],
    },
    [Float32Array.from(weights.flatMap((w) => [w, w, w, w]))],
    metadata,
  );
  const path = join(folder, `${metadata.output ?? 'none'}${units}.bitgrad`);
  writeFileSync(path, bytes);
  return path;
};

const run = async (file: string, ...more: string[]) => {
  const { code, stdout, stderr } = await cli(['run', file, '--image', picture, '--json', ...more]);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  const { classes, values } = JSON.parse(stdout) as { classes: { name: string; probability: number }[]; values: number[] | null }; // prettier-ignore
  return { classes: classes.map(({ name, probability }) => [name, probability]), values };
};

it('gives both classes of one sigmoid', async () => {
  expect(await run(fileOf([0.1875], { output: 'sigmoid', classes: ['cat'] }))).toEqual({
    classes: [
      ['cat', 0.75],
      ['not cat', 0.25],
    ],
    values: null,
  });
});
it('takes no softmax of probabilities', async () => {
  const { classes } = await run(fileOf([0.0625, 0.1875], { output: 'probabilities', classes: ['a', 'b'] }));
  expect(classes).toEqual([
    ['b', 0.75],
    ['a', 0.25],
  ]);
});
it('gives the values of a regression, and no accuracy', async () => {
  const file = fileOf([-3, 2], { output: 'regression' });
  expect(await run(file)).toEqual({ classes: [], values: [-12, 8] });
  const { code, stderr } = await cli(['run', file, '--data', 'digits']);
  expect([code, stderr]).toEqual([2, expect.stringMatching(/output is no class.*got "regression"/)]);
});

it('is told what outputs are where the file does not', async () => {
  const file = fileOf([0.0625, 0.1875], { classes: ['a', 'b'] });
  const { classes } = await run(file, '--output-kind', 'probabilities');
  expect(classes).toEqual([
    ['b', 0.75],
    ['a', 0.25],
  ]);
  expect(await run(file, '--output-kind', 'regression')).toEqual({ classes: [], values: [0.25, 0.75] });
  const { code, stderr } = await cli(['run', file, '--image', picture, '--output-kind', 'softmax']);
  expect([code, stderr]).toEqual([2, expect.stringMatching(/Allowed choices are logits, probabilities/)]);
});
