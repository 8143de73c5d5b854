// FINN folders: written here from weights and thresholds that are known, and counted match by match.
import { expect, it } from 'vitest';
import { importModel, interpret, type SourceFile } from '../src/index.js';
import { rng, run } from './support.js';

interface Dense {
  readonly inputs: number;
  readonly outputs: number;
  /** Processing elements, and weights in a word. */
  readonly elements: number;
  readonly simd: number;
  readonly bits: readonly (readonly number[])[];
  readonly thresholds: readonly number[];
}

const random = rng(7);

function dense(inputs: number, outputs: number, elements: number, simd: number): Dense {
  const padded = Math.ceil(inputs / simd) * simd;
  const bits = Array.from({ length: outputs }, () => Array.from({ length: padded }, () => random.integer(2)));
  const thresholds = bits.map(() => Math.floor(padded / 2) + random.integer(9) - 4);
  return { inputs, outputs, elements, simd, bits, thresholds };
}

/** The files of a layer, as the overlays read them. */
const filesOf = ({ outputs, elements, simd, bits, thresholds }: Dense, layer: number): SourceFile[] =>
  Array.from({ length: elements }, (_, p) => {
    const rows = Array.from({ length: outputs / elements }, (_, n) => n * elements + p);
    const words = rows.flatMap((o) =>
      Array.from({ length: bits[o]!.length / simd }, (_, w) =>
        bits[o]!.slice(w * simd, (w + 1) * simd).reduce(
          (sum, bit, i) => sum | (BigInt(bit) << BigInt(i)),
          0n,
        ),
      ),
    );
    const bytes = (list: readonly bigint[]) => new Uint8Array(BigUint64Array.from(list).buffer);
    return [
      { name: `${layer}-${p}-weights.bin`, bytes: bytes(words) },
      { name: `${layer}-${p}-thres.bin`, bytes: bytes(rows.map((o) => BigInt(thresholds[o]!))) },
    ];
  }).flat();

/** Matches of each output; padded inputs are 0, the bit of -1. */
const matches = ({ bits }: Dense, x: readonly number[]): number[] =>
  bits.map((row) => row.reduce((count, bit, i) => count + (bit === (x[i] ?? 0) ? 1 : 0), 0));

const layers = [dense(784, 64, 8, 64), dense(64, 32, 4, 16), dense(32, 16, 2, 8)];
const classes = { name: 'classes.txt', bytes: new TextEncoder().encode('a\nb\nc\nd\n') };
const folder = [...layers.flatMap(filesOf), classes];

it('has the bits of the overlay: matches over thresholds, layer by layer', async () => {
  const { graph, model, fallbacks, agreement } = await importModel(folder, { input: 'u8' });
  expect(fallbacks).toEqual([]);
  expect(agreement.maxDifference).toBe(0);
  expect(model.metadata.classes).toEqual(['a', 'b', 'c', 'd']);
  for (let n = 0; n < 5; n++) {
    const picture = Uint8Array.from({ length: 784 }, () => random.integer(256));
    let x: number[] = Array.from(picture, (v) => (v > 127 ? 1 : 0));
    for (const layer of layers.slice(0, -1))
      x = matches(layer, x).map((m, o) => (m > layer.thresholds[o]! ? 1 : 0));
    const last = layers.at(-1)!;
    // An output's bit is the sign of its margin, which is odd: twice the matches beyond the threshold, less 1.
    const want = matches(last, x).slice(0, 4).map((m, o) => 2 * (m - last.thresholds[o]!) - 1); // prettier-ignore
    expect(Array.from(interpret(graph, picture).data)).toEqual(want);
    expect(Array.from(await run(model, picture))).toEqual(want);
  }
});

it.each([
  ['a file that is missing', folder.filter(({ name }) => name !== '1-2-weights.bin'), /files of layer 1/],
  ['a layer that is missing', folder.filter(({ name }) => !name.startsWith('1-')), /files of layer 1/],
  ['a file of another length', folder.map((f) => (f.name === '0-1-thres.bin' ? { ...f, bytes: f.bytes.slice(8) } : f)), /files of layer 0/],
  ['half a word', folder.map((f) => (f.name === '0-1-thres.bin' ? { ...f, bytes: f.bytes.slice(4) } : f)), /bytes of 0-1-thres.bin/],
  ['an architecture of another name', folder, /architecture.*"sfc".*lfc, cnv/],
])('refuses %s', async (_, files, message) => {
  const options = message.source.startsWith('architecture') ? { architecture: 'sfc' } : {};
  await expect(importModel(files, options)).rejects.toThrow(message);
}); // prettier-ignore
