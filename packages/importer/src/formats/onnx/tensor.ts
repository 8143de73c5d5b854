// Tensors of ONNX files as numbers.
import { check } from '../../fail.js';
import { sizeOf, tensorOf, type Tensor } from '../../graph.js';
import type { ImportLimits } from '../../limits.js';
import { intOf, type TensorProto } from './schema.js';

const halfToFloat = (bits: number): number => {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
};

/** TensorProto.DataType: how many bytes an element takes in raw_data, how it is read, and the field it is in otherwise. */
const types: Readonly<
  Record<number, { bytes: number; read(view: DataView, at: number): number; field: keyof TensorProto }>
> = {
  1: { bytes: 4, read: (v, at) => v.getFloat32(at, true), field: 'float_data' },
  2: { bytes: 1, read: (v, at) => v.getUint8(at), field: 'int32_data' },
  3: { bytes: 1, read: (v, at) => v.getInt8(at), field: 'int32_data' },
  4: { bytes: 2, read: (v, at) => v.getUint16(at, true), field: 'int32_data' },
  5: { bytes: 2, read: (v, at) => v.getInt16(at, true), field: 'int32_data' },
  6: { bytes: 4, read: (v, at) => v.getInt32(at, true), field: 'int32_data' },
  7: { bytes: 8, read: (v, at) => Number(v.getBigInt64(at, true)), field: 'int64_data' },
  9: { bytes: 1, read: (v, at) => v.getUint8(at), field: 'int32_data' },
  10: { bytes: 2, read: (v, at) => halfToFloat(v.getUint16(at, true)), field: 'int32_data' },
  11: { bytes: 8, read: (v, at) => v.getFloat64(at, true), field: 'double_data' },
  12: { bytes: 4, read: (v, at) => v.getUint32(at, true), field: 'uint64_data' },
  13: { bytes: 8, read: (v, at) => Number(v.getBigUint64(at, true)), field: 'uint64_data' },
};

/** @throws BitgradError `invalid-file` for sizes that do not fit, and types other than numbers; `limit-exceeded` */
export function readTensor(proto: TensorProto, limits: ImportLimits): Tensor {
  const what = `tensor "${proto.name}"`;
  const shape = proto.dims.map(intOf);
  check(proto.data_location === 0, `${what} is in another file`, proto.data_location, 'its data in the same file', 'unsupported-op'); // prettier-ignore
  check(shape.length <= 8 && shape.every((n) => Number.isSafeInteger(n) && n >= 0), `shape of ${what}`, shape, 'at most 8 sizes'); // prettier-ignore
  const size = sizeOf(shape);
  check(size <= limits.elements, `elements of ${what}`, size, `at most ${limits.elements}`, 'limit-exceeded');
  const type = Object.hasOwn(types, proto.data_type) ? types[proto.data_type] : undefined;
  check(type, `data type of ${what}`, proto.data_type, `one of ${Object.keys(types).join(', ')}`);
  const { raw_data: raw } = proto;
  if (raw.length > 0) {
    check(raw.length === size * type.bytes, `bytes of ${what}`, raw.length, String(size * type.bytes));
    const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    return tensorOf(
      shape,
      Float64Array.from({ length: size }, (_, i) => type.read(view, i * type.bytes)),
    );
  }
  const list = proto[type.field] as (number | { toNumber(): number })[];
  check(list.length === size, `elements of ${what}`, list.length, String(size));
  const numbers = list.map(intOf);
  return tensorOf(shape, proto.data_type === 10 ? numbers.map(halfToFloat) : numbers);
}
