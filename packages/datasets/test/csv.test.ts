import { describe, expect, it } from 'vitest';
import { batches, createExamples, datasetFromCsv, mapLabels, type TableOptions } from '../src/index.js';

const text = `a,b,kind,price
1,x,cat,10
2,y,dog,20
3,"x",cat,30
4,y,"dog",40
5,x,cat,50
`;
const of = (options: TableOptions, from = text) => datasetFromCsv('t.csv', from, options);
const all = (set: ReturnType<typeof of>) => [...set.train.images, ...set.test.images];

describe('datasetFromCsv', () => {
  it('regression: numbers as they are, texts one input each', () => {
    const set = of({ target: 'price' });
    expect([set.shape, set.classes, set.train.kind]).toEqual([[1, 1, 5], ['price'], 'values']);
    expect([set.train.size, set.test.size]).toEqual([4, 1]);
    const rows = [set.train, set.test].flatMap(({ images, labels, size }) =>
      Array.from({ length: size }, (_, i) => [...images.slice(5 * i, 5 * i + 5), labels[i]!]),
    );
    expect(rows.sort((p, q) => p[0]! - q[0]!)).toEqual([
      [1, 1, 0, 1, 0, 10],
      [2, 0, 1, 0, 1, 20],
      [3, 1, 0, 1, 0, 30],
      [4, 0, 1, 0, 1, 40],
      [5, 1, 0, 1, 0, 50],
    ]);
    expect(of({ target: 'price' })).toEqual(set);
    expect(set.notes!.join()).toMatch(/price: values.*inputs: a, b=x, b=y, kind=cat, kind=dog.*1 of 5/);
  });

  it('classes: texts in their order, numbers by their size', () => {
    const set = of({ target: 'kind' });
    expect([set.classes, set.train.kind, [...set.train.labels, ...set.test.labels].length]).toEqual([
      ['cat', 'dog'],
      'class',
      5,
    ]);
    const numbers = of({ target: 'n', targetKind: 'class' }, 'x,n\n1,10\n2,9\n3,10\n4,9');
    expect(numbers.classes).toEqual(['9', '10']);
    expect(mapLabels(numbers, ['10', '9']).classes).toEqual(['10', '9']);
  });

  it('windows: consecutive rows, the labels of the last, the last ones for testing', () => {
    const rows = Array.from({ length: 11 }, (_, i) => `${i},${10 * i},${i % 2},${i > 5 ? 1 : 0}`);
    const from = `x,y,odd,late\n${rows.join('\n')}`;
    const set = of({ target: 'odd,late', targetKind: 'labels', window: 3, windowStep: 2 }, from);
    expect([set.shape, set.train.size, set.test.size]).toEqual([[1, 3, 2], 4, 1]);
    expect([...set.train.images.slice(0, 12)]).toEqual([0, 0, 1, 10, 2, 20, 2, 20, 3, 30, 4, 40]);
    expect([...set.train.labels]).toEqual([0, 0, 0, 0, 0, 1, 0, 1]);
    expect([...set.test.images]).toEqual([8, 80, 9, 90, 10, 100]);
    expect(of({ target: 'late', window: 3 }, from).train.size).toBe(2);
  });

  it('weights are no inputs', () => {
    const set = of({ target: 'price', weight: 'a' });
    expect(set.shape).toEqual([1, 1, 4]);
    expect([...set.train.weights!, ...set.test.weights!].sort()).toEqual([1, 2, 3, 4, 5]);
    const [batch] = batches(set.train, { batchSize: 4, shuffle: false });
    expect([...batch!.weights!]).toEqual([...set.train.weights!]);
  });

  it('semicolons, tabs, quotes with separators and lines, a byte order mark', () => {
    const tricky = '\ufeff"a;1";b\r\n1;"two ""words""; and\na line"\r\n2;z\r\n3;z\r\n';
    expect(of({ target: 'b' }, tricky).classes).toEqual(['two "words"; and\na line', 'z']);
    expect(all(of({ target: 'q' }, 'p\tq\n1\t2\n3\t4')).sort()).toEqual([1, 3]);
  });

  it.each([
    ['', { target: 'a' }, /names of the columns/],
    ['a,a\n1,2', { target: 'a' }, /names of the columns.*got "a"/],
    ['a,b\n1,2\n3', { target: 'a' }, /line 3: got "1 cells"/],
    ['a,b\n1,2\n3,', { target: 'a' }, /line 3, column "b": got "an empty cell"/],
    ['a,b\n1,"2\n3,4', { target: 'a' }, /line 2: got "a quote that does not end"/],
    ['a,b\n1,2\n3,4', {}, /no target.*one or several of a, b/],
    ['a,b\n1,2\n3,4', { target: 'a,c' }, /got "c"/],
    ['a,b\n1,2\n3,4', { target: 'a,b' }, /a column beside the target/],
    ['a,b\n1,2\n3,4', { target: 'a', window: 2 }, /at least 2 of 2 rows/],
    ['a,b\n1,2\n3,4', { target: 'a', targetKind: 'labels' }, /as labels: got "3"/],
    ['a,b\nx,2\ny,4', { target: 'a', targetKind: 'values' }, /as values: got "texts"/],
    ['a,b\nx,2\nx,4', { target: 'a' }, /1 classes/],
  ])('refuses %j with %j', (from, options, message) => {
    expect(() => of(options as TableOptions, from)).toThrow(message);
  });

  it('refuses a column of too many texts', () => {
    const rows = Array.from({ length: 70 }, (_, i) => `name${i},${i}`).join('\n');
    expect(() => of({ target: 'n' }, `who,n\n${rows}`)).toThrow(/column "who": got "70 different texts/);
  });
});

describe('createExamples', () => {
  const parts = { inputs: Float32Array.of(1, 2, 3, 4), shape: [2], labels: Uint8Array.of(0, 1) };

  it.each([
    [{ inputs: [1, 2] }, /Float32Array|bytes/],
    [{ inputs: Float32Array.of(1, NaN, 3, 4) }, /number 1 of example 0.*NaN/],
    [{ labels: Uint8Array.of(0, 1, 2) }, /got 4, expected 6/],
    [{ kind: 'values', labelShape: [1] }, /kind values.*Float32Array/],
    [{ kind: 'labels', labelShape: [1], labels: Uint8Array.of(0, 2) }, /0 and 1/],
    [{ kind: 'colours' }, /"kind"/],
    [{ weights: Float32Array.of(1) }, /weights.*got 1, expected 2/],
    [{ weights: Float32Array.of(1, -1) }, /weight 1.*0 or more/],
    [{ more: [{ values: Float32Array.of(1), shape: [1] }] }, /further input.*got 1, expected 2/],
    [{ shape: [0] }, /sizes/],
  ])('refuses %j', (wrong, message) => {
    expect(() => createExamples({ ...parts, ...wrong } as never)).toThrow(message);
  });

  it('makes batches of every part', () => {
    const split = createExamples({ ...parts, kind: 'values', labelShape: [1], labels: Float32Array.of(0.5, 7), more: [{ values: Float32Array.of(8, 9), shape: [1] }] }); // prettier-ignore
    const [first] = batches(split, { batchSize: 1, seed: 1 });
    const i = first!.indices[0]!;
    expect([...first!.images, first!.labels[0], first!.more![0]!.values[0]]).toEqual(i ? [3, 4, 7, 9] : [1, 2, 0.5, 8]); // prettier-ignore
    expect(() => batches(split, { batchSize: 1, augment: { flip: true } })).toThrow(/no images/);
  });
});
