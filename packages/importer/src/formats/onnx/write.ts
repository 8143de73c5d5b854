// ONNX files from plain nodes and tensors.
import { checkOptions, option, type OptionRules } from '@bitgrad/bits';
import { modelType } from './schema.js';

/** What an attribute may be: integers, floats marked as such, texts, and lists of integers. */
export type AttributeValue = number | string | readonly number[] | { readonly float: number };

/** A node to write. */
export interface NodeDraft {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly name?: string;
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

/** A constant to write, in the type of its array. */
export interface TensorDraft {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array | Int32Array | Int8Array | Uint8Array;
}

/** What goes in or comes out; an axis without a fixed size has a name. */
export interface ValueDraft {
  readonly name: string;
  readonly shape: readonly (number | string)[];
  /** Default `f32`. */
  readonly type?: 'f32' | 'u8';
}

/** A file to write. */
export interface ModelDraft {
  readonly name: string;
  readonly nodes: readonly NodeDraft[];
  readonly tensors: readonly TensorDraft[];
  readonly input: ValueDraft;
  readonly output: ValueDraft;
  /** Version of ONNX's operators; default 13. */
  readonly version?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** TensorProto.DataType and AttributeProto.AttributeType. */
const dataTypes = { f32: 1, u8: 2, i8: 3, i32: 6, i64: 7 } as const;
const attributeTypes = { float: 1, int: 2, text: 3, ints: 7 } as const;

const attribute = (name: string, value: AttributeValue): object => {
  if (typeof value === 'number') return { name, i: value, type: attributeTypes.int };
  if (typeof value === 'string')
    return { name, s: new TextEncoder().encode(value), type: attributeTypes.text };
  if ('float' in value) return { name, f: value.float, type: attributeTypes.float };
  return { name, ints: value, type: attributeTypes.ints };
};

const typeOf = (data: TensorDraft['data']): number =>
  data instanceof Float32Array
    ? dataTypes.f32
    : data instanceof BigInt64Array
      ? dataTypes.i64
      : data instanceof Int32Array
        ? dataTypes.i32
        : data instanceof Int8Array
          ? dataTypes.i8
          : dataTypes.u8;

const valueInfo = ({ name, shape, type = 'f32' }: ValueDraft): object => ({
  name,
  type: {
    tensor_type: {
      elem_type: dataTypes[type],
      shape: { dim: shape.map((d) => (typeof d === 'number' ? { dim_value: d } : { dim_param: d })) },
    },
  },
});

const value = option.required(
  option.inside({
    name: option.required(option.string),
    shape: option.required(option.list(option.either(option.integer(), option.string))),
    type: option.oneOf('f32', 'u8'),
  }),
);
const objects = option.required(option.list(option.object));
const rules: OptionRules<ModelDraft> = {
  name: option.required(option.string),
  nodes: objects,
  tensors: objects,
  input: value,
  output: value,
  version: option.integer(1),
  metadata: option.object,
};

/**
 * The bytes of an ONNX file; the same draft gives the same bytes. What operators mean is not looked at.
 * @throws BitgradError `invalid-option`
 */
export function writeOnnx(draft: ModelDraft): Uint8Array<ArrayBuffer> {
  const {
    name,
    nodes,
    tensors,
    input,
    output,
    version = 13,
    metadata = {},
  } = checkOptions('importer', 'writeOnnx', draft, rules);
  const foreign = [...new Set(nodes.flatMap(({ domain }) => domain ?? []))];
  const message = {
    ir_version: 8,
    producer_name: 'bitgrad',
    graph: {
      name,
      node: nodes.map((n) => ({
        op_type: n.op,
        name: n.name ?? n.output,
        input: n.inputs,
        output: [n.output],
        domain: n.domain ?? '',
        attribute: Object.entries(n.attributes ?? {}).map(([key, value]) => attribute(key, value)),
      })),
      initializer: tensors.map(({ name: own, shape, data }) => ({
        name: own,
        dims: shape,
        data_type: typeOf(data),
        raw_data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      })),
      input: [valueInfo(input)],
      output: [valueInfo(output)],
    },
    opset_import: [{ domain: '', version }, ...foreign.map((domain) => ({ domain, version: 1 }))],
    metadata_props: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  };
  const type = modelType();
  return new Uint8Array(type.encode(type.fromObject(message)).finish());
}
