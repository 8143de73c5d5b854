// Small data of one's own, as the site's pages name it: two kinds of fruit, two words, a table of plants.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { wavOf } from '../wav.mjs';

/** Two folders of 20 pictures of 16 x 16: red and green, each a little different. */
export function writePictures(folder: string): void {
  for (const [name, channel] of [
    ['apples', 0],
    ['pears', 1],
  ] as const) {
    mkdirSync(join(folder, name), { recursive: true });
    for (let i = 0; i < 20; i++) {
      const png = new PNG({ width: 16, height: 16 });
      png.data.fill(255);
      for (let at = 0; at < png.data.length; at += 4)
        for (let c = 0; c < 3; c++)
          png.data[at + c] = c === channel ? 200 + ((at + i) % 50) : (at * 7 + i * 13) % 90;
      writeFileSync(join(folder, name, `${i}.png`), PNG.sync.write(png));
    }
  }
}

/** 20 recordings of two tones, as {label}_{speaker}_{index}.wav: half a second of 16 bits at 8 kHz. */
export function writeRecordings(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const [rate, length] = [8000, 4000];
  for (const [label, frequency] of [
    ['yes', 400],
    ['no', 1500],
  ] as const)
    for (let i = 0; i < 10; i++) {
      const samples = Int16Array.from({ length }, (_, t) =>
        Math.round(9000 * Math.sin((2 * Math.PI * (frequency + 9 * i) * t) / rate)),
      );
      writeFileSync(join(folder, `${label}_ann_${i}.wav`), wavOf(samples, rate));
    }
}

/** 60 plants, of which the wide ones are short. */
export function writeTable(file: string): void {
  const rows = Array.from({ length: 60 }, (_, i) => {
    const short = i % 2 === 0;
    return `${(short ? 1 : 0.3) + (i % 7) / 20},${(short ? 3 : 9) + (i % 5) / 10},${short ? 'short' : 'long'}`;
  });
  writeFileSync(file, ['width,length,kind', ...rows, ''].join('\n'));
}
