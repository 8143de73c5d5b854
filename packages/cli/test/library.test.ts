// The common path as functions, and models that were trained in code given to the command.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { createDigits } from '@bitgrad/datasets';
import { loadModel, openModel, openRun, readRunInfo, saveModel } from '../src/index.js';
import { cli, lastLine, temporaryFolder } from './run.js';

const recipe = { model: 'tfc', limit: 600, testLimit: 100, epochs: 2, batch: 20, backend: 'wasm', lr: 0.01 };

describe('openRun', () => {
  it('trains, packs and saves by paths; the packed model classifies pictures', async () => {
    const folder = temporaryFolder();
    const run = await openRun(recipe);
    expect(await run.train()).toBe(true);
    const { testAccuracy } = run.result();
    const { agreement } = await run.pack(join(folder, 'files', 'digits.bitgrad'));
    await run.save(join(folder, 'run'));
    await run.dispose();
    expect(agreement.accuracy).toBeCloseTo(testAccuracy!, 6);

    const evaluated = await cli(['eval', join(folder, 'run'), '--json', '--backend', 'wasm']);
    expect(JSON.parse(lastLine(evaluated.stdout))).toMatchObject({
      testAccuracy,
      images: 100,
      quantizer: 'ste',
    });

    const model = await loadModel(join(folder, 'files', 'digits.bitgrad'));
    const { test } = createDigits({ seed: 1, train: 1, test: 100 });
    let right = 0;
    for (let i = 0; i < 100; i++) {
      const png = new PNG({ width: 28, height: 28 });
      test.images
        .subarray(i * 784, (i + 1) * 784)
        .forEach((byte, at) => png.data.fill(byte, 4 * at, 4 * at + 3));
      png.data.forEach((_, at) => at % 4 === 3 && (png.data[at] = 255));
      if (i === 0) writeFileSync(join(folder, 'one.png'), PNG.sync.write(png));
      const [best, ...rest] = await model.classify({ width: 28, height: 28, data: Uint8ClampedArray.from(png.data) }, { top: 3 }); // prettier-ignore
      expect(rest).toHaveLength(2);
      if (best!.index === test.labels[i]) right += 1;
      if (i === 0) expect((await model.classify(join(folder, 'one.png')))[0]).toEqual(best);
    }
    expect(right / 100).toBeCloseTo(testAccuracy!, 6);
    await expect(model.classify('nowhere.png')).rejects.toThrow(/nowhere.png/);
    await expect(model.classify('x', { top: 0 })).rejects.toThrow(/option "top" of classify/);
    model.dispose();
  });

  it('refuses what the command refuses, before it reads data', async () => {
    await expect(openRun({ ...recipe, plugin: [] } as never)).rejects.toThrow(
      /the recipe has no option "plugin"/,
    );
    await expect(openRun({ ...recipe, grey: true })).rejects.toThrow(
      /--grey: got true. It is for --data folder:DIR/,
    );
  });
});

it('a model that was trained in code is evaluated, compiled and run', async () => {
  const folder = temporaryFolder();
  const run = await openRun(recipe);
  await run.train();
  const { testAccuracy } = run.result();
  const saved = join(folder, 'saved');
  await saveModel(run.model, saved);
  expect((await readRunInfo(saved)).inputShape).toEqual([28, 28, 1]);
  expect((await openModel(saved)).countParams()).toBe(run.model.countParams());
  // The same test images: digits draws them by the seed that bitgrad.json has, which is 0 where a program says none.
  const unsaid = await cli(['eval', saved]);
  expect(unsaid.stderr).toMatch(/data of a model that was saved by a program.*--data/);
  expect(unsaid.code).toBe(2);
  const evaluated = await cli(['eval', saved, '--data', 'digits', '--limit', '100', '--json']);
  expect(evaluated.stderr).toBe('');
  const { testAccuracy: other } = JSON.parse(lastLine(evaluated.stdout));
  expect(Math.abs(other - testAccuracy!)).toBeLessThan(0.2);
  const packed = join(folder, 'x.bitgrad');
  const compiled = await cli([
    'compile',
    saved,
    '-o',
    packed,
    '--data',
    'digits',
    '--limit',
    '100',
    '--json',
  ]);
  expect(JSON.parse(lastLine(compiled.stdout))).toMatchObject({ verifiedOn: 'test', testAccuracy: other });
  const ran = await cli(['run', packed, '--data', 'digits', '--seed', '0', '--limit', '100', '--json']);
  expect(JSON.parse(lastLine(ran.stdout))).toMatchObject({ testAccuracy: other });
  await expect(saveModel(run.model, saved, { classes: ['a'] })).rejects.toThrow(
    /classes given to saveModel.*10 names/,
  );
  await expect(saveModel(run.model, saved, { clases: [] } as never)).rejects.toThrow(
    /Did you mean "classes"/,
  );
  await run.dispose();
  expect(readFileSync(join(saved, 'manifest.json'), 'utf8')).toContain('weights.bin');
});
