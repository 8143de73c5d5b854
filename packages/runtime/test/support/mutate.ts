// Seeded damage to model files: bytes, words, ranges, lengths and the JSON's structure, with or without repaired
// checksums, so that every check behind the checksums is reached as well.
import { crc32 } from '@bitgrad/bits';
import { entryBytes, magic, tableOffset, tags } from '../../src/format/layout.js';
import type { ElementType } from '../../src/index.js';
import { storageBytes } from '../../src/tensors.js';
import { testRandom, type TestRandom } from './random.js';
import { repairChecksums } from './repair.js';

const words = [0, 1, 2, 7, 63, 64, 65, 255, 256, 65535, 2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
const values: unknown[] = [
  0,
  1,
  2,
  3,
  4,
  5,
  31,
  32,
  33,
  64,
  255,
  1000,
  65535,
  65536,
  2 ** 20,
  2 ** 31,
  2 ** 53,
  -1,
  -0,
  0.5,
  1e308,
  null,
  true,
  false,
  '',
  'bits',
  'f32',
  'i8',
  'conv',
  'constructor',
  '__proto__',
  [],
  {},
  [[]],
  [1, 1],
  [0, 0, 0, 0],
];

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Changes one place of a JSON value, chosen by a random walk. */
function mutateJson(root: Json, { int, pick, next }: TestRandom): void {
  let node = root as Record<string, Json>;
  for (;;) {
    const keys = Object.keys(node);
    if (keys.length === 0) return;
    const key = pick(keys);
    const child = node[key];
    if (typeof child === 'object' && child !== null && next() < 0.85) {
      node = child as Record<string, Json>;
      continue;
    }
    const kind = int(0, 6);
    if (kind <= 1 && typeof child === 'number') node[key] = child + pick([-1, 1, 2, -2]);
    else if (kind === 2) {
      if (Array.isArray(node)) node.splice(Number(key), 1);
      else delete node[key];
    } else if (kind === 3 && Array.isArray(node))
      node.splice(int(0, node.length), 0, structuredClone(pick(node)));
    else if (kind === 4 && Array.isArray(node)) {
      const other = int(0, node.length - 1);
      [node[Number(key)], node[other]] = [node[other]!, node[Number(key)]!];
    } else node[key] = structuredClone(pick(values)) as Json;
    return;
  }
}

/** Replaces one number by another wherever it occurs: changes that leave a plan consistent more often. */
function replaceEverywhere(node: Json, from: number, to: number): void {
  if (typeof node !== 'object' || node === null) return;
  const entries = node as Record<string, Json>;
  for (const [key, child] of Object.entries(entries))
    if (child === from) entries[key] = to;
    else replaceEverywhere(child, from, to);
}

/** Bytes that the weights of a header need, or undefined if the header makes no sense. */
function neededBytes(header: Json): number | undefined {
  try {
    const { weights } = (header as unknown as { plan: { weights: { type: ElementType; shape: number[] }[] } })
      .plan;
    const bytes = weights.reduce(
      (end, { type, shape }) => Math.ceil(end / 16) * 16 + storageBytes(type, shape),
      0,
    );
    return bytes >= 0 && bytes < 2 ** 21 ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** A file with a given header and weights, valid in layout whatever the header says. */
function assemble(header: Uint8Array, weights: Uint8Array): Uint8Array {
  const json = 64;
  const start = Math.ceil((json + header.length) / 64) * 64;
  const file = new Uint8Array(start + weights.length);
  const view = new DataView(file.buffer);
  file.set(magic);
  [1, file.length, 2].forEach((v, i) => view.setUint32(8 + 4 * i, v, true));
  [
    tags.json,
    json,
    header.length,
    crc32(header),
    tags.weights,
    start,
    weights.length,
    crc32(weights),
  ].forEach((v, i) => view.setUint32(tableOffset + 4 * i, v, true));
  file.set(header, json);
  file.set(weights, start);
  view.setUint32(
    20,
    crc32(file.subarray(tableOffset, tableOffset + 2 * entryBytes), crc32(file.subarray(0, 20))),
    true,
  );
  return file;
}

function mutateBytes(file: Uint8Array<ArrayBuffer>, random: TestRandom): Uint8Array<ArrayBuffer> {
  const { int, pick } = random;
  const at = int(0, 1) ? int(0, Math.min(file.length, 64) - 1) : int(0, file.length - 1);
  const length = int(1, Math.min(64, file.length - at));
  switch (int(0, 6)) {
    case 0:
      file[at]! ^= 1 << int(0, 7);
      return file;
    case 1:
      file[at] = int(0, 255);
      return file;
    case 2:
      if (at + 4 <= file.length) new DataView(file.buffer).setUint32(at, pick(words), true);
      return file;
    case 3:
      file.fill(pick([0, 255, 0x20, 0x5b, 0x7b]), at, at + length);
      return file;
    case 4:
      return file.slice(0, int(0, file.length));
    case 5: {
      const longer = new Uint8Array(file.length + length);
      longer.set(file);
      return longer;
    }
    default:
      file.copyWithin(at, int(0, file.length - 1), int(0, file.length));
      return file;
  }
}

/** A damaged copy of a file; `seed` decides how. */
export function mutate(original: Uint8Array, seed: number): Uint8Array {
  const random = testRandom(seed ^ 0x5bd1e995);
  const { int } = random;
  let file = new Uint8Array(original);
  if (int(0, 2) > 0) {
    const view = new DataView(file.buffer);
    const part = (entry: number) => {
      const offset = view.getUint32(entry + 4, true);
      return file.subarray(offset, offset + view.getUint32(entry + 8, true));
    };
    const header = JSON.parse(new TextDecoder().decode(part(tableOffset))) as Json;
    if (int(0, 2) === 0)
      replaceEverywhere(
        (header as { plan: Json }).plan,
        int(1, 8),
        random.pick([1, 2, 3, 5, 32, 100, 300, 5000]),
      );
    else for (let n = int(1, 3); n > 0; n--) mutateJson(header, random);
    const old = part(tableOffset + entryBytes);
    const weights = new Uint8Array(int(0, 3) ? (neededBytes(header) ?? old.length) : old.length);
    weights.set(old.subarray(0, weights.length));
    return assemble(new TextEncoder().encode(JSON.stringify(header)), weights);
  }
  for (let n = int(1, 4); n > 0 && file.length > 0; n--) file = mutateBytes(file, random);
  if (int(0, 3) > 0) repairChecksums(file);
  return file;
}
