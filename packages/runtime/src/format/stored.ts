// Encodings that make weights smaller in the file than in memory: a last axis of one channel would take a whole word an
// element, and most thresholds need no 32 bits. The other weights are used in place.
import { wordsPerRow } from '@bitgrad/bits';
import { limited, valid } from '../fail.js';
import type { TensorData, WeightSpec } from '../plan.js';
import { channelCount, elementCount, storageBytes, storageLength } from '../tensors.js';
import { integer, record, text } from '../validate/fields.js';

/** `dense`: bits of all rows without gaps; `i8`, `i16`: narrower i32, their least value standing for -2^31. */
export type Encoding = 'dense' | 'i8' | 'i16';

/** Encodings by index of the weight. */
export type Encodings = ReadonlyMap<number, Encoding>;

const least32 = -(2 ** 31);
const narrow = { i8: Int8Array, i16: Int16Array } as const;
/** What an encoding has to save: less is not worth a copy when the file is read. */
const worthwhile = 64;

const typeOf = (encoding: Encoding): 'bits' | 'i32' => (encoding === 'dense' ? 'bits' : 'i32');

/** Bytes that a weight takes in the file. */
export function storedBytes({ type, shape }: WeightSpec, encoding?: Encoding): number {
  if (!encoding) return storageBytes(type, shape);
  const count = elementCount(shape);
  return encoding === 'dense' ? Math.ceil(count / 8) : count * narrow[encoding].BYTES_PER_ELEMENT;
}

const fits = (data: Int32Array, most: number): boolean =>
  data.every((x) => x === least32 || (x >= -most && x <= most));

/** The encoding that a weight is written with, if any. */
export function encodingFor(spec: WeightSpec, data: TensorData): Encoding | undefined {
  const candidates: Encoding[] = [];
  if (spec.type === 'bits') candidates.push('dense');
  if (data instanceof Int32Array) {
    if (fits(data, 127)) candidates.push('i8');
    else if (fits(data, 32767)) candidates.push('i16');
  }
  return candidates.find((encoding) => storedBytes(spec) - storedBytes(spec, encoding) >= worthwhile);
}

/** A weight as it is written. */
export function store({ shape }: WeightSpec, data: TensorData, encoding?: Encoding): Uint8Array {
  if (!encoding) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (encoding !== 'dense') {
    const Narrow = narrow[encoding];
    const least = -(2 ** (8 * Narrow.BYTES_PER_ELEMENT - 1));
    const values = Array.from(data, (x) => (x === least32 ? least : x));
    return new Uint8Array(new Narrow(values).buffer);
  }
  const bytes = new Uint8Array(Math.ceil(elementCount(shape) / 8));
  const [c, stride] = [channelCount(shape), wordsPerRow(channelCount(shape))];
  for (let row = 0, to = 0; to < elementCount(shape); row++)
    for (let i = 0; i < c; i++, to++)
      if ((data[row * stride + (i >> 5)]! >>> (i & 31)) & 1) bytes[to >> 3]! |= 1 << (to & 7);
  return bytes;
}

/** A weight as it is used, from what {@link store} wrote; unused high bits are not looked at. */
export function restore({ type, shape }: WeightSpec, bytes: Uint8Array, encoding: Encoding): TensorData {
  if (encoding !== 'dense') {
    const Narrow = narrow[encoding];
    const least = -(2 ** (8 * Narrow.BYTES_PER_ELEMENT - 1));
    return Int32Array.from(new Narrow(bytes.slice().buffer), (x) => (x === least ? least32 : x));
  }
  const words = new Uint32Array(storageLength(type, shape));
  const [c, stride] = [channelCount(shape), wordsPerRow(channelCount(shape))];
  for (let row = 0, from = 0; from < elementCount(shape); row++)
    for (let i = 0; i < c; i++, from++)
      if ((bytes[from >> 3]! >> (from & 7)) & 1) words[row * stride + (i >> 5)]! |= 1 << (i & 31);
  return words;
}

/**
 * Checks the header's `stored`: an object from the index of a weight to its encoding.
 * @param memoryBytes most bytes that the restored weights may take
 * @throws BitgradError `invalid-file`, `limit-exceeded`
 */
export function validateEncodings(
  value: unknown,
  weights: readonly WeightSpec[],
  memoryBytes: number,
): Encodings {
  const encodings = new Map<number, Encoding>();
  let restored = 0;
  for (const [key, entry] of Object.entries(record(value ?? {}, 'stored'))) {
    const at = `stored.${key.slice(0, 16)}`;
    // Decimal only: Number takes "", "00" and "0x0" for 0 as well.
    const index = integer(String(+key) === key ? +key : key, at, 0, weights.length - 1);
    const spec = weights[index]!;
    const encoding = text(entry, at) as Encoding;
    valid(
      ['dense', 'i8', 'i16'].includes(encoding) && typeOf(encoding) === spec.type,
      at,
      encoding,
      spec.type === 'bits' ? 'dense' : spec.type === 'i32' ? 'i8 or i16' : `no encoding of ${spec.type}`,
    );
    encodings.set(index, encoding);
    restored += storageBytes(spec.type, spec.shape);
  }
  limited('bytes of stored weights', restored, memoryBytes);
  return encodings;
}
