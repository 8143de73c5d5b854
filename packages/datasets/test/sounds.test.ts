// WAV files of every encoding, damaged ones, folders of recordings, and variations by seed.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BitgradError, createRng, resample, soundBytes, soundSettings } from '@bitgrad/core';
import { afterEach, describe, expect, it } from 'vitest';
import { createNoise, datasetFromSounds, noiseKinds, readWav } from '../src/index.js';
import { loadDataset, loadSounds, readRecording } from '../src/node.js';
import { varySound } from '../src/sound/vary.js';
import { caught, rejected, wav } from './helpers.js';

const levels = [0, 0.5, -0.5, 0.25, -1, 0.125];
const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));

/** A folder of recordings, each a tone of its label with some noise. */
function folderOf(paths: readonly string[], rate = 8000): string {
  const folder = mkdtempSync(join(tmpdir(), 'bitgrad-sounds-'));
  folders.push(folder);
  paths.forEach((path, i) => {
    const rng = createRng(i);
    const samples = Array.from(
      { length: rate / 2 },
      (_, t) => 0.4 * Math.sin((t * (1 + (path.charCodeAt(0) % 7))) / 9) + 0.05 * rng.normal(),
    );
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), wav({ samples, rate }));
  });
  return folder;
}

describe('readWav', () => {
  it.each([
    [1, 8],
    [1, 16],
    [1, 24],
    [1, 32],
    [3, 32],
    [3, 64],
  ])('reads code %d of %d bits', (code, bits) => {
    for (const extensible of [false, true]) {
      const { samples, sampleRate } = readWav(wav({ samples: levels, code, bits, extensible, rate: 11_025 }));
      expect(sampleRate).toBe(11_025);
      expect([...samples]).toEqual([0, 16_384, -16_384, 8192, -32_768, 4096]);
    }
  });

  it('mixes channels, and passes over other chunks', () => {
    const before = [...'LIST'].map((c) => c.charCodeAt(0)).concat(3, 0, 0, 0, 1, 2, 3, 0);
    const { samples } = readWav(wav({ samples: [0.5, 0.25, -1, 0], channels: 2, before }));
    expect([...samples]).toEqual([12_288, -16_384]);
  });

  it('clips floats beyond 1, and refuses those that are no numbers', () => {
    expect([...readWav(wav({ samples: [2, -2], code: 3, bits: 32 })).samples]).toEqual([32_767, -32_768]);
    caught(() => readWav(wav({ samples: [0, NaN], code: 3, bits: 32 })), 'not-finite', /sample 1/);
  });

  it('names the file, the place and what would do', () => {
    const bytes = wav({ samples: levels });
    caught(
      () => readWav({ name: 'a.wav', bytes: bytes.slice(0, -2) }),
      'truncated-file',
      /a\.wav, byte 54.*10.*12 bytes/s,
    );
    caught(
      () => readWav({ name: 'a.mp3', bytes: Uint8Array.of(73, 68, 51, 4, 0, 0, 0, 0, 0, 0, 0, 0) }),
      'invalid-file',
      /a\.mp3.*no WAV file/,
    );
    caught(
      () => readWav(wav({ samples: levels, code: 6, bits: 8 })),
      'invalid-file',
      /code 6, 8 bits/,
      /ffmpeg/,
    );
    caught(() => readWav(wav({ samples: [] })), 'invalid-file', /no samples/);
    caught(() => readWav(wav({ samples: levels, rate: 10 })), 'invalid-file', /sample rate: got 10/);
    caught(() => readWav(wav({ samples: levels }), { maxBytes: 20 }), 'limit-exceeded');
  });

  it('gives a recording or a typed error, whatever the bytes', () => {
    const file = wav({
      samples: levels,
      before: [...'fact'].map((c) => c.charCodeAt(0)).concat(4, 0, 0, 0, 1, 2, 3, 4),
    });
    const rng = createRng(11);
    for (let round = 0; round < 3000; round++) {
      const bytes = file.slice(0, rng.integer(3) === 0 ? rng.integer(file.length + 1) : file.length);
      for (let i = rng.integer(4); i >= 0 && bytes.length > 0; i--)
        bytes[rng.integer(bytes.length)] = rng.integer(256);
      try {
        expect(readWav(bytes).samples).toBeInstanceOf(Int16Array);
      } catch (error) {
        if (!(error instanceof BitgradError)) throw error;
      }
    }
  });
});

describe('loadSounds', () => {
  it('takes labels, speakers and numbers from names', async () => {
    const paths = ['no', 'yes'].flatMap((label) =>
      ['ann', 'bo_b'].flatMap((who) => [0, 4, 5, 12].map((n) => `${label}_${who}_${n}.wav`)),
    );
    const folder = folderOf(paths);
    const { classes, train, test, shape, sound, notes } = await loadSounds(folder);
    expect([classes, train.size, test.size, shape]).toEqual([['no', 'yes'], 8, 8, [48, 32, 1]]);
    expect(sound).toEqual(soundSettings());
    expect(notes).toEqual(['8 of 16 recordings are for testing: those numbered below 5']);
    const { samples, sampleRate } = await readRecording(join(folder, 'no_ann_0.wav'));
    expect(test.images.subarray(0, 48 * 32)).toEqual(soundBytes(resample(samples, sampleRate, 8000), sound!));
    const apart = await loadSounds(folder, { testSpeaker: 'bo_b' });
    expect([apart.train.size, apart.test.size, apart.notes]).toEqual([
      8,
      8,
      ['8 of 16 recordings are for testing: all of bo_b'],
    ]);
    await rejected(
      loadSounds(folder, { testSpeaker: 'bob' }),
      'invalid-option',
      /testSpeaker: got "bob", expected ann, bo_b/,
    );
  });

  it('takes classes from folders, with the layouts of pictures', async () => {
    const folder = folderOf(['train/a/1.wav', 'train/b/1.wav', 'test/a/2.wav', 'test/b/2.wav'], 16_000);
    const set = await loadDataset(`audio:${folder}`, { sound: { frames: 20, bands: 16 } });
    expect([set.classes, set.train.size, set.test.size, set.shape]).toEqual([['a', 'b'], 2, 2, [20, 16, 1]]);
    await rejected(
      loadSounds(folder, { testSpeaker: 'ann' }),
      'invalid-option',
      /names do not say who speaks/,
    );
    writeFileSync(join(folder, 'train/a/3.mp3'), 'x');
    await rejected(loadSounds(folder), 'invalid-file', /1 recording in formats that are not read/, /WAV/);
  });

  it('varies copies by seed, and never what is for testing', async () => {
    const folder = folderOf(['a_x_0.wav', 'a_x_7.wav', 'b_x_0.wav', 'b_x_7.wav']);
    const [plain, one, again, other] = [
      await loadSounds(folder),
      await loadSounds(folder, { copies: 3, seed: 1 }),
      await loadSounds(folder, { copies: 3, seed: 1 }),
      await loadSounds(folder, { copies: 3, seed: 2 }),
    ];
    expect(one.train.size).toBe(6);
    expect([...one.train.labels]).toEqual([0, 0, 0, 1, 1, 1]);
    expect(one.train).toEqual(again.train);
    expect(one.train.images).not.toEqual(other.train.images);
    expect(one.test).toEqual(plain.test);
    const row = (images: Uint8Array, i: number): Uint8Array => images.subarray(i * 1536, (i + 1) * 1536);
    expect(row(one.train.images, 0)).toEqual(row(plain.train.images, 0));
    expect(row(one.train.images, 1)).not.toEqual(row(one.train.images, 0));
    // A limit keeps whole recordings, as they were.
    const limited = await loadSounds(folder, { copies: 3, seed: 1, limit: 3 });
    expect(limited.train.size).toBe(3);
  });

  it('adds a class in which nobody speaks', async () => {
    const folder = folderOf(['a_x_0.wav', 'a_x_7.wav', 'b_x_0.wav', 'b_x_7.wav']);
    const [plain, set, other] = [
      await loadSounds(folder),
      await loadSounds(folder, { noises: 12, seed: 1 }),
      await loadSounds(folder, { noises: 12, seed: 2 }),
    ];
    expect(set.classes).toEqual(['a', 'b', '_background_']);
    expect([...set.train.labels]).toEqual([0, 1, ...new Array<number>(12).fill(2)]);
    expect([...set.test.labels]).toEqual([0, 1, 2, 2]);
    expect(set.train.images.subarray(0, 2 * 1536)).toEqual(plain.train.images);
    expect(set.train.images.subarray(2 * 1536)).not.toEqual(other.train.images.subarray(2 * 1536));
    // None is another, and none of training is for testing.
    const rows = [set.train, set.test].flatMap(({ images, labels }) => [...labels].flatMap((label, i) => (label === 2 ? [images.subarray(i * 1536, (i + 1) * 1536).join()] : []))); // prettier-ignore
    expect(new Set(rows).size).toBe(14);
  });

  it('is refused where it would not fit', async () => {
    const folder = folderOf(['a_x_0.wav', 'a_x_7.wav', 'b_x_0.wav', 'b_x_7.wav']);
    await rejected(
      loadSounds(folder, { copies: 1000, maxBytes: 2_000_000 }),
      'limit-exceeded',
      /2000 examples/,
    );
    await rejected(loadSounds(folder, { sound: { hops: 3 } as never }), 'invalid-option', /"sound.hops"/);
    await rejected(loadSounds(join(folder, 'none')), 'io', /no such file or folder/);
  });
});

it.each(noiseKinds)('%s is of its seed, and within 16 bits', (kind) => {
  const [a, b, c] = [1, 1, 2].map((seed) => createNoise(kind, 8000, 8000, seed));
  expect(a).toEqual(b);
  expect(a).not.toEqual(c);
  expect(a!.some((v) => v !== 0)).toBe(true);
  expect(Math.abs(a!.reduce((sum, v) => sum + v, 0) / 8000)).toBeLessThan(2000);
});

it('a variation is of the speed, the gain and the noise that its seed says', () => {
  const samples = Int16Array.from({ length: 8000 }, (_, i) => Math.round(3000 * Math.sin(i / 5)));
  for (let seed = 0; seed < 20; seed++) {
    const { samples: got, offset } = varySound(samples, 8000, createRng(seed));
    expect(Math.abs(offset)).toBeLessThanOrEqual(800);
    expect((got.length - 8000) / 8000).toBeGreaterThan(0.85);
    expect((got.length - 8000) / 8000).toBeLessThan(1.2);
    const level = Math.sqrt(got.reduce((sum, v) => sum + v * v, 0) / got.length);
    expect(level).toBeGreaterThan(300);
    expect(level).toBeLessThan(5000);
  }
});

it('recordings in memory become the examples that their files do', async () => {
  const paths = ['a_x_0.wav', 'a_x_7.wav', 'b_x_0.wav', 'b_x_8.wav'];
  const folder = folderOf(paths, 11_025);
  const read = async (path: string, label: number) => ({
    ...(await readRecording(join(folder, path))),
    label,
  });
  const items = {
    train: [await read('a_x_7.wav', 0), await read('b_x_8.wav', 1)],
    test: [await read('a_x_0.wav', 0), await read('b_x_0.wav', 1)],
  };
  const sound = { frames: 20, bands: 16 };
  const [files, memory] = [
    await loadSounds(folder, { sound, noises: 12, seed: 3 }),
    datasetFromSounds('audio', ['a', 'b'], items, { sound, noises: 12, seed: 3 }),
  ];
  expect({ ...memory, notes: files.notes }).toEqual(files);
  // Variations are of the name of a file there, of the place in the list here: each is another, and the first none.
  const varied = datasetFromSounds('audio', ['a', 'b'], items, { sound, copies: 3, seed: 3 }).train;
  const rows = Array.from({ length: 6 }, (_, i) => varied.images.subarray(i * 320, (i + 1) * 320).join());
  expect(new Set(rows).size).toBe(6);
  expect([...varied.labels]).toEqual([0, 0, 0, 1, 1, 1]);
  expect([rows[0], rows[3]]).toEqual(
    [0, 1].map((i) => files.train.images.subarray(i * 320, (i + 1) * 320).join()),
  );
});

it('noises join a class of background that is there', async () => {
  const folder = folderOf(['_background_/1.wav', '_background_/2.wav', 'a/1.wav', 'a/2.wav']);
  const { classes, train, test } = await loadSounds(folder, { noises: 5 });
  expect(classes).toEqual(['_background_', 'a']);
  expect([...train.labels]).toEqual([0, 1, 0, 0, 0, 0, 0]);
  expect([...test.labels]).toEqual([0, 1, 0]);
});

it('recordings in memory are checked', () => {
  const good = { samples: new Int16Array(800), sampleRate: 8000, label: 0 };
  const make = (train: unknown, classes: unknown = ['a', 'b']) => datasetFromSounds('x', classes as string[], { train: train as [], test: [] }); // prettier-ignore
  expect(make([good]).train.size).toBe(1);
  caught(() => make([{ ...good, label: 2 }]), 'invalid-option', /label of recording 0: got 2/);
  caught(
    () => make([good, { ...good, samples: [1, 2] }]),
    'invalid-option',
    /samples of recording 1.*Int16Array/s,
  );
  caught(() => make([{ ...good, sampleRate: 0.5 }]), 'invalid-option', /sample rate/);
  caught(() => make(undefined), 'invalid-option', /recordings for train/);
  caught(() => make([good], 'ab'), 'invalid-option', /classes/);
});
