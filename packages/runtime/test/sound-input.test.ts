// A model's input from samples: the bytes of training, floats where it takes them, and sound as it comes in.
import { createRng, resample, soundBytes, soundLength, soundSettings } from '@bitgrad/bits';
import { describe, expect, it } from 'vitest';
import {
  decodeModel,
  encodeModel,
  normalizeBytes,
  imageInput,
  soundFrames,
  soundInput,
  soundStream,
  type ModelMetadata,
} from '../src/index.js';
import { affineModel } from './support/models.js';
import { thrown } from './support/thrown.js';

const sound = soundSettings({ frames: 12, bands: 8 });
const target = (type: 'u8' | 'f32' = 'u8') =>
  ({ input: { type, shape: [12, 8, 1] }, metadata: { sound } }) as const;
const noise = (length: number): Int16Array => {
  const rng = createRng(3);
  return Int16Array.from({ length }, () => rng.integer(20_000) - 10_000);
};

describe('soundInput', () => {
  it('gives the bytes of training, or its floats', () => {
    const samples = noise(6000);
    expect(soundInput(samples, 8000, target())).toEqual(soundBytes(samples, sound));
    expect(soundInput(samples, 16_000, target())).toEqual(soundBytes(resample(samples, 16_000, 8000), sound));
    expect(soundInput(samples, 8000, target('f32'))).toEqual(normalizeBytes(soundBytes(samples, sound), 1));
  });

  it('refuses models of something else, and settings that are not the input', () => {
    const { input } = target();
    expect(thrown(() => soundInput(noise(10), 8000, { input, metadata: {} })).message).toMatch(
      /metadata\.sound/,
    );
    const odd = { ...target(), metadata: { sound: { ...sound, frame: 200 } } };
    expect(thrown(() => soundInput(noise(10), 8000, odd)).message).toMatch(/"frame" of the sound: got 200/);
    const picture = { data: new Uint8Array(4), width: 2, height: 2 };
    expect(thrown(() => imageInput(picture, target()))).toMatchObject({ code: 'incompatible', message: expect.stringContaining('soundInput') }); // prettier-ignore
    const other = { input: { type: 'u8', shape: [12, 9, 1] }, metadata: { sound } } as const;
    expect(thrown(() => soundInput(noise(10), 8000, other)).code).toBe('shape-mismatch');
    expect(thrown(() => soundStream(16_000, target())).message).toMatch(
      /8000, that of the model.*AudioContext/s,
    );
  });
});

it('soundStream gives the input of what was heard last', () => {
  const samples = noise(soundLength(sound) + 4 * sound.hop);
  const stream = soundStream(8000, target());
  expect(stream.push(samples.subarray(0, 500))).toBeUndefined();
  expect(stream.push(samples.subarray(500))).toEqual(soundBytes(samples.slice(4 * sound.hop), sound));
  stream.reset();
  expect(stream.push(samples.subarray(0, 500))).toBeUndefined();
});

it('soundFrames gives each new frame once, and only where it depends on nothing after it', () => {
  const fixed = { ...target(), metadata: { sound: { ...sound, normalize: 'fixed' } } } as const;
  const samples = noise(soundLength(sound));
  const [frames, rng] = [soundFrames(8000, fixed), createRng(4)];
  const rows: number[] = [];
  for (let at = 0; at < samples.length;) {
    const size = 1 + rng.integer(400);
    rows.push(...(frames.push(samples.subarray(at, at + size)) ?? []));
    at += size;
  }
  expect(rows).toEqual([...soundInput(samples, 8000, fixed)]);
  expect(frames.push(noise(10))).toBeUndefined();
  expect(thrown(() => soundFrames(8000, target())).message).toMatch(
    /normalize .* computed once: got "?peak"?, expected fixed/,
  );
});

it('a file keeps the settings, and one with wrong ones is refused', () => {
  const { plan, weights, metadata } = affineModel();
  const encode = (given: unknown): Uint8Array =>
    encodeModel(plan, weights, { ...metadata, sound: given } as ModelMetadata);
  expect(decodeModel(encode(sound)).metadata.sound).toEqual(sound);
  for (const [wrong, message] of [
    [{ ...sound, frame: 0.5 }, /metadata\.sound\.frame/],
    [{ ...sound, bands: 0 }, /metadata\.sound\.bands/],
    [{ ...sound, loud: 1 }, /metadata\.sound has no option "loud"/],
    [{ sampleRate: 8000 }, /metadata\.sound\.frame/],
  ] as const)
    expect(thrown(() => encode(wrong)).message).toMatch(message);
});
