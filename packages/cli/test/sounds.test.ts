// From the command line alone: a folder of recordings, trained, evaluated, packed, and run on one of them.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createRng } from '@bitgrad/core';
import { decodeModel } from '@bitgrad/runtime';
import { wavOf } from '@bitgrad/tooling/wav';
import { cli, lastLine, temporaryFolder } from './run.js';

const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await cli([...args, '--json']);
  expect(code, stderr).toBe(0);
  return JSON.parse(lastLine(stdout));
};

/** Half a second that goes up or down in pitch. */
function sweep(up: boolean, seed: number, rate = 11_025): Buffer {
  const rng = createRng(seed);
  const [from, span, gain] = [400 + rng.integer(300), 1200 + rng.integer(600), 2000 + rng.integer(12_000)];
  let phase = 0;
  return wavOf(
    Int16Array.from({ length: rate / 2 }, (_, i) => {
      const part = (2 * i) / rate;
      phase += (2 * Math.PI * (from + span * (up ? part : 1 - part))) / rate;
      return Math.round(gain * Math.sin(phase) + 200 * rng.normal());
    }),
    rate,
  );
}

it('recordings, named by label, speaker and number', { timeout: 240_000 }, async () => {
  const folder = temporaryFolder();
  for (const [label, up] of [['down', false], ['up', true]] as const)
    for (let n = 0; n < 30; n++) writeFileSync(join(folder, `${label}_${n % 2 ? 'ann' : 'bo'}_${n >> 1}.wav`), sweep(up, n + (up ? 100 : 0))); // prettier-ignore
  const [run, file, data] = [join(folder, 'run'), join(folder, 'm.bitgrad'), `audio:${folder}`];
  const trained = await json('train', '--data', data, '--model', 'kws', '--model-options', '{"width":0.25}', '--epochs', '6',
    '--batch', '20', '--lr', '0.01', '--copies', '2', '--noises', '40', '--sound', '{"frames":24,"bands":16}', '--backend', 'wasm', '--out', run); // prettier-ignore
  expect(trained).toMatchObject({ trainImages: 120, testImages: 24, finished: true });
  expect(trained.testAccuracy).toBeGreaterThan(0.9);
  // What training was told stands in the folder: the same bytes, of the same recordings.
  expect(await json('eval', run)).toMatchObject({ testAccuracy: trained.testAccuracy, images: 24 });
  expect(await json('compile', run, '-o', file)).toMatchObject({ verifiedOn: 'test', agreement: 1 });
  const { metadata } = decodeModel(readFileSync(file));
  expect(metadata.sound).toMatchObject({ sampleRate: 8000, frames: 24, bands: 16, hop: 160 });
  expect(await json('run', file, '--data', data)).toMatchObject({
    testAccuracy: trained.testAccuracy,
    images: 20,
  });
  const apart = await json('run', file, '--data', data, '--test-speaker', 'bo');
  expect(apart.images).toBe(30);
  const one = join(folder, 'up_ann_3.wav');
  const { audio, classes } = await json('run', file, '--audio', one);
  expect([audio, classes[0].name]).toEqual([one, 'up']);
  // As it comes in: a word where it is said, and how many are heard where nobody speaks.
  const long = join(folder, 'long.wav');
  const [silence, word] = [Array<number>(8000).fill(0), readFileSync(one).subarray(44)];
  const said = Array.from(new Int16Array(word.buffer.slice(word.byteOffset, word.byteOffset + word.length)));
  writeFileSync(long, wavOf(Int16Array.from([...silence, ...said, ...silence]), 11_025));
  const stream = await json('run', file, '--audio', long, '--stream', '--threshold', '0.5');
  expect(stream.seconds).toBeCloseTo((16_000 + said.length) / 11_025, 6);
  const when = 8000 / 11_025;
  expect(stream.detections.some(({ name, seconds }: { name: string; seconds: number }) => name === 'up' && seconds > when && seconds < when + 1.2)).toBe(true); // prettier-ignore
  expect(stream.streaming).toMatchObject({ frames: 'all', reason: expect.stringContaining('got "peak"') });
  const quiet = await json('run', file, '--false-accepts', '1', '--threshold', '0.99');
  expect(Object.keys(quiet.perHour)).toEqual(['silence', 'white noise', 'pink noise', 'hum', 'clicks']);
  const text = await cli(['run', file, '--audio', long, '--stream', '--threshold', '0.5']);
  expect(text.stdout).toMatch(/^ +\d\.\d s {2}(up|down) {2}[\d.]+ %/);
  const { code, stderr } = await cli(['run', file, '--audio', one, '--invert']);
  expect([code, stderr]).toEqual([2, expect.stringContaining('It is for --image')]);
  for (const where of [
    ['--audio', one],
    ['--data', data],
  ]) {
    const deaf = await cli(['run', file, ...where, '--threshold', '0.5']);
    expect([deaf.code, deaf.stderr]).toEqual([2, expect.stringContaining('--threshold: got 0.5')]);
    expect(deaf.stderr).toContain('--stream and --false-accepts');
  }
  const both = await cli(['run', file, '--audio', one, '--image', one]);
  expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('--image and --audio')]);
});

it(
  'a causal net hears each frame once, with the same answers on every engine',
  { timeout: 240_000 },
  async () => {
    const folder = temporaryFolder();
    for (const [label, up] of [['down', false], ['up', true]] as const)
    for (let n = 0; n < 20; n++) writeFileSync(join(folder, `${label}_ann_${n}.wav`), sweep(up, n + (up ? 100 : 0))); // prettier-ignore
    const [run, file] = [join(folder, 'run'), join(folder, 'm.bitgrad')];
    await json('train', '--data', `audio:${folder}`, '--model', 'kws-1d', '--model-options', '{"width":0.25}', '--epochs', '4', '--batch', '10',
    '--lr', '0.01', '--sound', '{"frames":24,"bands":16,"normalize":"fixed"}', '--backend', 'wasm', '--out', run); // prettier-ignore
    await json('compile', run, '-o', file);
    const all = await Promise.all(
      ['js', 'wasm'].map((engine) =>
        json(
          'run',
          file,
          '--audio',
          join(folder, 'up_ann_3.wav'),
          '--stream',
          '--threshold',
          '0.3',
          '--engine',
          engine,
        ),
      ),
    );
    for (const { streaming, answers, detections } of all) {
      expect(streaming).toEqual({ frames: 'new', reason: null });
      expect(answers).toBeGreaterThan(0);
      expect(detections).toEqual(all[0].detections);
    }
  },
);
