// Tiny data sets in their real file formats: MNIST (IDX, also gzip), CIFAR-10 batches, and a folder of PNG pictures.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32, deflateSync, gzipSync } from 'node:zlib';

/** A file to be dropped or chosen. */
export interface TestFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

const file = (name: string, buffer: Buffer, mimeType = 'application/octet-stream'): TestFile => ({
  name,
  mimeType,
  buffer,
});

const idx = (dimensions: readonly number[], data: Uint8Array): Buffer => {
  const head = Buffer.alloc(4 + 4 * dimensions.length);
  head[2] = 8;
  head[3] = dimensions.length;
  dimensions.forEach((size, i) => head.writeUInt32BE(size, 4 + 4 * i));
  return Buffer.concat([head, data]);
};

const digitRows = 28;

/** `count` images [28, 28] of ten classes: a bright band whose height on the image is the class. */
function bands(count: number): { images: Uint8Array; labels: Uint8Array } {
  const images = new Uint8Array(count * digitRows * digitRows);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
  labels.forEach((label, i) => {
    const from = (i * digitRows + 4 + 2 * label) * digitRows;
    images.fill(255, from, from + 2 * digitRows);
  });
  return { images, labels };
}

/** The four MNIST files under their usual names. */
export function mnistFiles({ train = 200, test = 60, gzip = false } = {}): TestFile[] {
  const splits = [
    ['train', bands(train)],
    ['t10k', bands(test)],
  ] as const;
  return splits.flatMap(([name, { images, labels }]) => {
    const both = [
      [`${name}-images-idx3-ubyte`, idx([labels.length, digitRows, digitRows], images)],
      [`${name}-labels-idx1-ubyte`, idx([labels.length], labels)],
    ] as const;
    return both.map(([title, bytes]) =>
      gzip ? file(`${title}.gz`, gzipSync(bytes), 'application/gzip') : file(title, bytes),
    );
  });
}

/** Data without noise have batch statistics of two values, which a binary last layer cannot learn from. */
function createNoise(): (range: number) => number {
  let state = 12345;
  return (range) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return range * (state / 2 ** 32 - 0.5);
  };
}
const clamp = (value: number): number => Math.max(0, Math.min(255, Math.round(value)));

/** CIFAR-10 batches: each class has a colour of its own. */
export function cifarFiles({ train = 100, test = 40 } = {}): TestFile[] {
  const noise = createNoise();
  const batch = (count: number): Buffer =>
    Buffer.concat(
      Array.from({ length: count }, (_, i) => {
        const label = i % 10;
        const planes = [label * 25, 255 - label * 25, label % 2 ? 200 : 40];
        const noisy = (value: number): Buffer =>
          Buffer.from(Uint8Array.from({ length: 1024 }, () => clamp(value + noise(100))));
        return Buffer.concat([Buffer.from([label]), ...planes.map(noisy)]);
      }),
    );
  return [
    file('data_batch_1.bin', batch(train / 2)),
    file('data_batch_2.bin', batch(train / 2)),
    file('test_batch.bin', batch(test)),
    file('batches.meta.txt', Buffer.from('airplane\nautomobile\n'), 'text/plain'),
  ];
}

/** A square PNG, 8 bits a channel, RGB. */
function png(side: number, color: (x: number, y: number) => readonly [number, number, number]): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    check.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, check]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(side, 0);
  head.writeUInt32BE(side, 4);
  head.set([8, 2], 8);
  const rows = Array.from({ length: side }, (_, y) =>
    Buffer.from([0, ...Array.from({ length: side }, (_, x) => color(x, y)).flat()]),
  );
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** The two classes of pictures: which half is bright. */
export type Half = 'left' | 'right';

/** A grey PNG with a bright half, and noise. */
export function halfPng(half: Half, side: number, noise = createNoise()): Buffer {
  return png(side, (x) => {
    const value = clamp((x < side / 2 === (half === 'left') ? 160 : 90) + noise(150));
    return [value, value, value];
  });
}

/** Writes a folder of pictures, one subfolder for each of the two classes. */
export function writePictures(folder: string, each = 20): void {
  const noise = createNoise();
  for (const name of ['left', 'right'] as const)
    for (let i = 0; i < each; i++) {
      const path = join(folder, name, `${i}.png`);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, halfPng(name, 16, noise));
    }
}

/** A video of one frame with a bright half, in YUV 4:2:0 (.y4m), as Chromium's fake camera plays it. */
export function halfVideo(half: Half, width = 320, height = 240): Buffer {
  const noise = createNoise();
  const luma = Uint8Array.from({ length: width * height }, (_, i) =>
    clamp((i % width < width / 2 === (half === 'left') ? 160 : 90) + noise(60)),
  );
  const grey = Buffer.alloc((width * height) / 2, 128);
  const head = `YUV4MPEG2 W${width} H${height} F10:1 Ip A1:1 C420mpeg2\nFRAME\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), luma, grey]);
}
