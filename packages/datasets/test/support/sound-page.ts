// What the test of sound runs in a page and in Node: recordings from a seed, as a model takes them.
import { createRng, crc32, soundSettings } from '@bitgrad/core';
import { soundInput, soundStream } from '@bitgrad/runtime';

const settings = [
  soundSettings(),
  soundSettings({ sampleRate: 16_000, bands: 40 }),
  soundSettings({ normalize: 'fixed', frames: 20, frame: 512, hop: 300 }),
];

/** A tone that glides, with noise; half a second to two. */
function recording(seed: number, rate: number): Float32Array {
  const rng = createRng(seed);
  const [gain, from, to, noise] = [
    rng.next(),
    100 + 3000 * rng.next(),
    100 + 3000 * rng.next(),
    0.1 * rng.next(),
  ];
  const length = Math.floor(rate * (0.5 + 1.5 * rng.next()));
  let phase = 0;
  return Float32Array.from({ length }, (_, i) => {
    phase += (2 * Math.PI * (from + ((to - from) * i) / length)) / rate;
    // A multiple of 2^-12, so that the sine of no engine makes a difference here.
    return Math.round(4096 * (gain * Math.sin(phase) + noise * (2 * rng.next() - 1))) / 4096;
  });
}

/** Checksums of the inputs of `count` recordings, whole and as they come in. */
export function hear(count: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const sound = settings[i % settings.length]!;
    const target = {
      input: { type: 'u8', shape: [sound.frames, sound.bands, 1] },
      metadata: { sound },
    } as const;
    const rate = [8000, 11_025, 44_100, 48_000][i % 4]!;
    const whole = soundInput(recording(i, rate), rate, target) as Uint8Array;
    const streamed = soundStream(sound.sampleRate, target).push(recording(i + 1e6, sound.sampleRate)) as
      Uint8Array | undefined;
    return crc32(Uint8Array.from([...whole, ...(streamed ?? [])]));
  });
}
