// Pictures from a folder to the answers of the packed file: made alike in training and in serving, classes by name.
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRng } from '@bitgrad/core';
import { decodeModel } from '@bitgrad/runtime';
import { cli, ended, start, type Outcome } from './run.js';

const folder = mkdtempSync(join(tmpdir(), 'bitgrad-pictures-'));
const wide = join(folder, 'wide');
const run = join(folder, 'run');
const packed = join(folder, 'wide.bitgrad');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** 60 x 20: the middle third has one colour, its sides the other; a distorted picture shows more of the sides. */
const picture = (red: boolean, seed: number): Buffer => {
  const rng = createRng(seed);
  const png = new PNG({ width: 60, height: 20 });
  for (let p = 0; p < 60 * 20; p++) {
    const middle = p % 60 >= 20 && p % 60 < 40;
    const [strong, weak] = [200 + rng.integer(50), rng.integer(50)];
    png.data.set([middle === red ? strong : weak, weak, middle === red ? weak : strong, 255], 4 * p);
  }
  return PNG.sync.write(png);
};

const object = ({ code, stdout, stderr }: Outcome): Record<string, unknown> => {
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as Record<string, unknown>;
};

let trained: Outcome;
beforeAll(async () => {
  for (const [c, name] of ['blue-centre', 'red-centre'].entries()) {
    mkdirSync(join(wide, name), { recursive: true });
    for (let i = 0; i < 30; i++) writeFileSync(join(wide, name, `${i}.png`), picture(c === 1, 100 * c + i));
  }
  writeFileSync(join(wide, 'notes.txt'), 'x');
  const training = `train --model mlp --image-size 8 --epochs 10 --batch 8 --lr 0.02 --backend cpu --json`;
  trained = await cli([...training.split(' '), '--data', `folder:${wide}`, '--out', run]);
  expect(trained.code, trained.stderr).toBe(0);
  const compiled = await cli(['compile', run, '-o', packed, '--backend', 'cpu', '--json']);
  expect(object(compiled).testAccuracy).toBe(1);
}, 180_000);

describe('a folder of wide pictures', () => {
  it('says what it holds out and leaves out', () => {
    expect(trained.stderr).toMatch(/1 file left out, no pictures by their names: 1 \.txt/);
    expect(trained.stderr).toMatch(
      /no test folder: 12 of 60 pictures are held out for testing, chosen by seed 1/,
    );
  });

  it('carries how its pictures were made into the run and the packed file', () => {
    const settings = { fit: 'cover', background: [255, 255, 255], invert: false };
    const info = JSON.parse(readFileSync(join(run, 'bitgrad.json'), 'utf8')) as Record<string, unknown>;
    expect([info.picture, info.inputShape]).toEqual([settings, [8, 8, 3]]);
    expect(decodeModel(readFileSync(packed)).metadata.picture).toEqual(settings);
  });

  it('answers single pictures as those of the training', async () => {
    for (const name of readdirSync(wide).filter((entry) => entry.includes('centre')))
      for (const i of [0, 11, 29]) {
        const outcome = await cli(['run', packed, '--image', join(wide, name, `${i}.png`), '--json']);
        expect((object(outcome).classes as { name: string }[])[0]!.name).toBe(name);
      }
    // Distorted, the sides are seen: the answer of another picture.
    const [first] = readdirSync(join(wide, 'red-centre'));
    const stretched = await cli(['run', packed, '--image', join(wide, 'red-centre', first!), '--fit', 'stretch', '--json']); // prettier-ignore
    const covered = await cli(['run', packed, '--image', join(wide, 'red-centre', first!), '--json']);
    expect(object(stretched).classes).not.toEqual(object(covered).classes);
  });

  it('is trained on as the options say, and the packed model prepares a picture in the same way', async () => {
    const [out, file] = [join(folder, 'dark'), join(folder, 'dark.bitgrad')];
    const training = 'train --model mlp --image-size 8 --epochs 1 --batch 8 --backend cpu --json';
    const how = ['--fit', 'contain', '--background', '10,20,30', '--invert'];
    const first = await cli([...training.split(' '), '--data', `folder:${wide}`, '--out', out, ...how]);
    expect(first.code, first.stderr).toBe(0);
    const info = JSON.parse(readFileSync(join(out, 'bitgrad.json'), 'utf8')) as Record<string, unknown>;
    const picture = { fit: 'contain', background: [10, 20, 30], invert: true };
    expect(info).toMatchObject({ picture, options: picture });
    expect((await cli(['compile', out, '-o', file, '--backend', 'cpu', '--json'])).code).toBe(0);
    expect(decodeModel(readFileSync(file)).metadata.picture).toEqual(picture);
    const classes = async (...args: string[]): Promise<unknown> => {
      const [name] = readdirSync(join(wide, 'red-centre'));
      return object(await cli(['run', file, '--image', join(wide, 'red-centre', name!), '--json', ...args]))
        .classes;
    };
    expect(await classes('--background', '10,20,30')).toEqual(await classes());
    expect(await classes('--background', '200')).not.toEqual(await classes());
    for (const wrong of ['256', '1,2', 'white', '1,2,300'])
      expect((await cli(['train', '--background', wrong])).stderr).toMatch(/Expected R,G,B/);
    expect((await cli(['train', '--background', '0'])).stderr).toMatch(/It is for --data folder:DIR/);
  });

  it('tests on the pictures that were held out, however the folder is written', async () => {
    const outcome = await cli([
      'eval',
      run,
      '--data',
      `folder:${wide}/../wide`,
      '--backend',
      'cpu',
      '--json',
    ]);
    expect(outcome.stderr).toMatch(/chosen by seed 1$/m);
    expect(object(outcome)).toMatchObject({ testAccuracy: 1, images: 12 });
  });
});

describe('other folders', () => {
  const commands = (data: string): string[][] => [
    ['run', packed, '--data', data],
    ['eval', run, '--data', data, '--backend', 'cpu'],
    ['compile', run, '-o', join(folder, 'other.bitgrad'), '--data', data, '--backend', 'cpu'],
  ];

  it('are found by each command in a process of its own', { timeout: 120_000 }, async () => {
    // In this process an earlier command has registered the data sets.
    for (const args of commands(`folder:${wide}`)) {
      const { code, stderr } = await ended(start(args));
      expect(code, `${args[0]}: ${stderr}`).toBe(0);
    }
    rmSync(join(folder, 'other.bitgrad'));
  });

  it('are refused where their classes have other names', async () => {
    const other = join(folder, 'other');
    cpSync(join(wide, 'blue-centre'), join(other, 'z-blue'), { recursive: true });
    cpSync(join(wide, 'red-centre'), join(other, 'a-red'), { recursive: true });
    for (const args of commands(`folder:${other}`)) {
      const { code, stderr } = await cli(args);
      expect(code, args[0]).not.toBe(0);
      expect(stderr, args[0]).toMatch(/got "a-red, z-blue", expected some of blue-centre, red-centre/);
    }
    expect(existsSync(join(folder, 'other.bitgrad'))).toBe(false);
    const { stderr } = await cli(['run', packed, '--data', 'digits', '--limit', '1']);
    expect(stderr).toMatch(/classes that the model does not know/);
  });

  it('may have some of the classes only, whose labels are those of the model', async () => {
    const part = join(folder, 'part');
    cpSync(join(wide, 'red-centre'), join(part, 'red-centre'), { recursive: true });
    for (const args of commands(`folder:${part}`)) {
      const result = object(await cli([...args, '--json']));
      expect(result.testAccuracy, args[0]).toBe(1);
      if (args[0] !== 'compile')
        expect(result.classAccuracy).toEqual({ 'blue-centre': null, 'red-centre': 1 });
    }
  });

  it('and pictures that are none are named', async () => {
    const pipe = join(folder, 'pipe.png');
    execFileSync('mkfifo', [pipe]);
    expect((await cli(['run', packed, '--image', pipe])).stderr).toMatch(
      /cannot read .*pipe\.png: got "a pipe/,
    );
    expect((await cli(['run', packed, '--image', wide])).stderr).toMatch(/a folder where a file is expected/);
    expect((await cli(['train', '--data', `folder:${wide}`, '--image-size', '9999'])).stderr).toMatch(
      /"size"/,
    );
  });
});
