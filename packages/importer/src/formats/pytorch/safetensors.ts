// Safetensors files: the length of a header, the header in JSON, and numbers in little-endian order.
// See https://github.com/huggingface/safetensors#format
import { check, failure } from '../../fail.js';
import { sizeOf, tensorOf, type Tensor } from '../../graph.js';
import type { ImportLimits } from '../../limits.js';

type Read = (view: DataView, at: number) => number;

const half: Read = (view, at) => {
  const bits = view.getUint16(at, true);
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const size = exponent === 0 ? fraction * 2 ** -24 : exponent === 31 ? (fraction ? NaN : Infinity) : (1 + fraction / 1024) * 2 ** (exponent - 15); // prettier-ignore
  return bits & 0x8000 ? -size : size;
};

const word = new DataView(new ArrayBuffer(4));
const brain: Read = (view, at) => {
  word.setUint32(0, view.getUint16(at, true) << 16);
  return word.getFloat32(0);
};

/** Bytes of a number, and how one is read. */
const types: Readonly<Record<string, readonly [bytes: number, read: Read]>> = {
  F64: [8, (view, at) => view.getFloat64(at, true)],
  F32: [4, (view, at) => view.getFloat32(at, true)],
  F16: [2, half],
  BF16: [2, brain],
  I64: [8, (view, at) => Number(view.getBigInt64(at, true))],
  I32: [4, (view, at) => view.getInt32(at, true)],
  I16: [2, (view, at) => view.getInt16(at, true)],
  I8: [1, (view, at) => view.getInt8(at)],
  U8: [1, (view, at) => view.getUint8(at)],
  BOOL: [1, (view, at) => view.getUint8(at)],
};

/** A state dict: tensors by name, read when they are asked for. */
export interface StateDict {
  readonly names: readonly string[];
  /** @throws BitgradError `invalid-file` for a tensor that is not there, or is not what its header says */
  tensor(name: string): Tensor;
}

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

const whole = (v: unknown): v is number => Number.isSafeInteger(v) && (v as number) >= 0;

function entryOf(name: string, value: unknown, bytes: number, limits: ImportLimits): Entry {
  const { dtype, shape, data_offsets: ends } = (value ?? {}) as Partial<Entry>;
  check(typeof dtype === 'string' && Object.hasOwn(types, dtype), `type of tensor "${name}"`, dtype, Object.keys(types).join(', ')); // prettier-ignore
  check(Array.isArray(shape) && shape.length <= 8 && shape.every(whole), `shape of tensor "${name}"`, shape, 'at most 8 sizes'); // prettier-ignore
  check(sizeOf(shape) <= limits.elements, `elements of tensor "${name}"`, sizeOf(shape), `at most ${limits.elements}`, 'limit-exceeded'); // prettier-ignore
  check(Array.isArray(ends) && ends.length === 2 && ends.every(whole), `place of tensor "${name}"`, ends, 'two offsets'); // prettier-ignore
  const [from, to] = ends as [number, number];
  check(to <= bytes && to - from === sizeOf(shape) * types[dtype]![0], `place of tensor "${name}"`, ends, `${sizeOf(shape) * types[dtype]![0]} bytes of ${bytes}`); // prettier-ignore
  return { dtype, shape, data_offsets: [from, to] };
}

/** @throws BitgradError `invalid-file`, `limit-exceeded` */
export function readSafetensors(bytes: Uint8Array, limits: ImportLimits): StateDict {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.length >= 8 ? Number(view.getBigUint64(0, true)) : -1;
  check(length > 0 && length <= bytes.length - 8, 'length of the header', length, `1 to ${bytes.length - 8}`);
  let header: Record<string, unknown>;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + length))) as Record<string, unknown>; // prettier-ignore
  } catch (cause) {
    throw failure('invalid-file', { what: 'header of the safetensors file', got: cause instanceof Error ? cause.message : cause, expected: 'JSON', cause }); // prettier-ignore
  }
  check(typeof header === 'object' && header !== null, 'header of the safetensors file', header, 'an object');
  const start = 8 + length;
  const found = Object.entries(header).filter(([name]) => name !== '__metadata__');
  check(found.length <= limits.nodes, 'tensors', found.length, `at most ${limits.nodes}`, 'limit-exceeded');
  const entries = new Map(found.map(([name, value]) => [name, entryOf(name, value, bytes.length - start, limits)])); // prettier-ignore
  return {
    names: [...entries.keys()],
    tensor(name) {
      const entry = entries.get(name);
      check(entry, `tensor "${name}"`, 'nothing', `a tensor of the architecture; the file has ${[...entries.keys()].slice(0, 8).join(', ')}`); // prettier-ignore
      const [size, read] = types[entry.dtype]!;
      const data = new Float64Array(sizeOf(entry.shape));
      for (let i = 0; i < data.length; i++) data[i] = read(view, start + entry.data_offsets[0] + i * size);
      check(data.every(Number.isFinite), `numbers of tensor "${name}"`, 'infinity or NaN', 'finite ones');
      return tensorOf(entry.shape, data);
    },
  };
}
