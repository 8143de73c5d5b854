import { describe, expect, it } from 'vitest';
import { arrangePictures, createSplit, mapLabels, type ArrangeOptions, type Dataset } from '../src/index.js';
import { caught } from './helpers.js';

/** Paths of `count` pictures in each folder. */
const pictures = (folders: Record<string, number>, extension = 'png'): string[] =>
  Object.entries(folders).flatMap(([folder, count]) =>
    Array.from({ length: count }, (_, i) => `${folder}/${i}.${extension}`),
  );
const arrange = (paths: string[], options?: ArrangeOptions) => arrangePictures('pics', paths, options);
const paths = (items: readonly { path: string }[]): string[] => items.map(({ path }) => path);

describe('arrangePictures', () => {
  it.each([
    ['test', 'test'],
    ['validation', 'validation'],
    ['valid', 'valid'],
    ['val', 'val'],
    ['Test', 'Test'],
    ['testing', 'testing'],
  ])('takes train/ and %s/', (_, name) => {
    const found = arrange(pictures({ 'train/cat': 3, 'train/dog': 2, [`${name}/dog`]: 2 }));
    expect(found.classes).toEqual(['cat', 'dog']);
    expect(found.train.map(({ label }) => label)).toEqual([0, 0, 0, 1, 1]);
    expect(found.test).toEqual([0, 1].map((i) => ({ path: `${name}/dog/${i}.png`, label: 1 })));
  });

  it('takes Training/ and Test/, and prefers test/ to val/, saying so', () => {
    expect(arrange(pictures({ 'Training/a': 1, 'Training/b': 1, 'Testing/a': 1 })).test).toHaveLength(1);
    const found = arrange(pictures({ 'train/a': 2, 'train/b': 2, 'val/a': 5, 'test/a': 1 }));
    expect(paths(found.test)).toEqual(['test/a/0.png']);
    expect(paths(found.validation!)).toEqual([0, 1, 2, 3, 4].map((i) => `val/a/${i}.png`));
    expect(found.notes).toEqual(['no pictures for testing of b', 'val/ is used for validation']);
    expect(arrange(pictures({ 'train/a': 2, 'train/b': 2, 'valid/a': 1, 'valid/b': 1 })).notes).toEqual([
      'valid/ is used for testing',
    ]);
  });

  it('holds out a seeded part of train/ alone, and says so', () => {
    const all = pictures({ 'train/a': 10, 'train/b': 5 });
    const found = arrange(all, { seed: 3 });
    expect([found.classes, found.train.length, found.test.length]).toEqual([['a', 'b'], 12, 3]);
    expect(found.notes).toEqual([
      'no test folder: 3 of 15 pictures are held out for testing, chosen by seed 3',
    ]);
    expect(paths([...found.train, ...found.test]).sort()).toEqual([...all].sort());
    expect(arrange(all, { seed: 3 })).toEqual(found);
    expect(paths(arrange(all, { seed: 4 }).test)).not.toEqual(paths(found.test));
  });

  it('takes pictures at any depth below the folder of their class', () => {
    const found = arrange(pictures({ 'a/x': 3, 'a/y/z': 3, 'b/z': 3, b: 1 }));
    expect(found.classes).toEqual(['a', 'b']);
    expect(found.train.length + found.test.length).toBe(10);
  });

  it('does not take a class named train for a split', () => {
    expect(arrange(pictures({ bus: 2, car: 2, train: 2 })).classes).toEqual(['bus', 'car', 'train']);
    expect(arrange(pictures({ bus: 2, test: 2, train: 2 })).classes).toEqual(['bus', 'test', 'train']);
  });

  it('does not count hidden files and litter', () => {
    const found = arrange([
      ...pictures({ a: 2, b: 2 }),
      ...pictures({ '__MACOSX/a': 2, '.ipynb_checkpoints/c': 2, 'a/.thumbs': 1 }),
      ...['.DS_Store', 'a/.DS_Store', 'a/._0.png', 'b/Thumbs.db', 'b/desktop.ini'],
    ]);
    expect([found.classes, found.train.length + found.test.length]).toEqual([['a', 'b'], 4]);
    expect(found.notes).toHaveLength(1);
  });

  it('counts what it leaves out', () => {
    const found = arrange([
      ...pictures({ a: 2, b: 2 }),
      ...pictures({ a: 3 }, 'txt'),
      'b/labels.CSV',
      'README',
      'x.jpg',
    ]);
    expect(found.notes.slice(0, 2)).toEqual([
      '5 files left out, no pictures by their names: 3 .txt, 1 .csv, 1 without an extension',
      'no test folder: 2 of 4 pictures are held out for testing, chosen by seed 0',
    ]);
    expect(found.notes[2]).toBe('1 picture not used: in no folder');
  });

  it('takes every format that is read, and stops at others with their number', () => {
    const kinds = ['png', 'JPG', 'jpeg', 'webp', 'gif', 'bmp'];
    const all = kinds.flatMap((kind) => [`a/x.${kind}`, `b/x.${kind}`]);
    expect(arrange(all).train.length + arrange(all).test.length).toBe(12);
    caught(
      () => arrange([...all, 'a/1.tif', 'a/2.TIFF', 'b/3.heic']),
      'invalid-file',
      /3 pictures in formats that are not read/,
      /1 \.tif, 1 \.tiff, 1 \.heic/,
      /the first is a\/1\.tif/,
    );
  });

  it.each<[string, string[], RegExp, ArrangeOptions?]>([
    [
      'archives',
      ['test.tar.gz', 'train.tar.gz'],
      /class folders: got 0.* Unpack test.tar.gz, train.tar.gz first/,
    ],
    ['one class', pictures({ a: 9 }), /number of class folders: got 1/],
    ['a folder around', pictures({ 'data/a': 2, 'data/b': 2 }), /Are they in pics\/data \(a, b\)\?/],
    ['no classes', ['1.png', '2.png'], /Put the pictures of each class into a folder/],
    ['nothing', [], /got 0/],
    [
      'a class without pictures',
      pictures({ a: 2, b: 2 }),
      /pics\/c: no pictures/,
      { folders: ['a', 'b', 'c'] },
    ],
    [
      'a class without pictures in train',
      pictures({ 'train/a': 2, 'train/b': 2 }),
      /pics\/train\/c: no pictures/,
      { folders: ['train', 'train/c'] },
    ],
    ['one picture of a class', pictures({ a: 3, b: 1 }), /pics\/b\/0\.png: the only picture/],
    [
      'a strange class for testing',
      pictures({ 'train/a': 1, 'train/b': 1, 'test/c': 1 }),
      /got "c", expected some of a, b/,
    ],
    ['no folder for training', pictures({ 'test/a': 2, 'test/b': 2, 'val/a': 2 }), /no folder for training/],
    [
      'folders beside train',
      pictures({ 'train/a': 2, 'train/b': 2, unlabelled: 3 }),
      /in other folders beside it/,
    ],
  ])('refuses %s', (_, all, message, options) => {
    caught(() => arrange(all, options), 'invalid-file', message);
  });

  it('reads many files, and class names of any kind', () => {
    const many = pictures({ 'chien 犬 🐶': 30_000, été: 30_000, __proto__: 0 });
    const found = arrange([...many, '__proto__/1.png', '__proto__/2.png']);
    expect(found.classes).toEqual(['__proto__', 'chien 犬 🐶', 'été']);
    expect(found.train.length + found.test.length).toBe(60_002);
  });
});

describe('mapLabels', () => {
  const set = (classes: string[], train: number[], test: number[] = []): Dataset => {
    const split = (labels: number[]) =>
      createSplit(new Uint8Array(labels.length), Uint8Array.from(labels), [1, 1, 1]);
    return { name: 'mine', classes, shape: [1, 1, 1], train: split(train), test: split(test) };
  };

  it('leaves equal lists as they are', () => {
    const dataset = set(['a', 'b'], [0, 1]);
    expect(mapLabels(dataset, ['a', 'b'])).toBe(dataset);
  });
  it('maps another order and a part of the classes by name', () => {
    const mapped = mapLabels(set(['cat', 'ant'], [0, 1, 1], [1]), ['ant', 'bee', 'cat']);
    expect([mapped.classes, [...mapped.train.labels], [...mapped.test.labels]]).toEqual([
      ['ant', 'bee', 'cat'],
      [2, 0, 0],
      [0],
    ]);
    const names = Array.from({ length: 300 }, (_, i) => `c${i}`);
    const wide = mapLabels(set(['c299', 'c1'], [0, 1]), names).train.labels;
    expect(wide).toEqual(Uint16Array.of(299, 1));
  });
  it('refuses what the model does not know, by name', () => {
    caught(
      () => mapLabels(set(['a-red', 'z-blue'], [0]), ['blue', 'red']),
      'incompatible',
      /a-red, z-blue/,
      /some of blue, red/,
    );
    caught(() => mapLabels(set(['a', 'b', 'c'], [0]), ['a', 'b']), 'incompatible', /got "c"/);
    caught(() => mapLabels(set(['a', 'b'], [0]), ['b', 'a', 'b']), 'incompatible', /class "b" stands twice/);
  });
});
