// ONNX files of the float networks, in float32 and in int8 (QLinear operators: uint8 activations, int8 weights, one scale a
// tensor). Weights are random: the time does not depend on them. Field numbers are those of onnx.proto3 (ONNX 1.13).
import protobuf from 'protobufjs';
import { createRng, type Rng } from '@bitgrad/core';
import type { FloatBuilder, FloatNet } from './float.js';

const schema = `
syntax = "proto3";
message Attribute { string name = 1; int64 i = 3; repeated int64 ints = 8; int32 type = 20; }
message Node { repeated string input = 1; repeated string output = 2; string name = 3; string op_type = 4; repeated Attribute attribute = 5; string domain = 7; }
message Tensor { repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9; }
message Dimension { int64 dim_value = 1; }
message Shape { repeated Dimension dim = 1; }
message TensorType { int32 elem_type = 1; Shape shape = 2; }
message Type { TensorType tensor_type = 1; }
message ValueInfo { string name = 1; Type type = 2; }
message Graph { repeated Node node = 1; string name = 2; repeated Tensor initializer = 5; repeated ValueInfo input = 11; repeated ValueInfo output = 12; }
message OperatorSet { string domain = 1; int64 version = 2; }
message Model { int64 ir_version = 1; Graph graph = 7; repeated OperatorSet opset_import = 8; }
`;

const modelType = protobuf.parse(schema, { keepCase: true }).root.lookupType('Model');

/** TensorProto.DataType. */
const dataTypes = { f32: 1, u8: 2, i8: 3, i32: 6 } as const;
type DataType = keyof typeof dataTypes;

/** Scales of the int8 graphs: activations in steps of 1/50, weights of 1/100. */
const [activationStep, weightStep] = [0.02, 0.01];

interface Graph {
  readonly nodes: object[];
  readonly initializers: object[];
  readonly rng: Rng;
  count: number;
}

const constant = (g: Graph, type: DataType, dims: readonly number[], data: ArrayBufferView): string => {
  const name = `c${g.initializers.length}`;
  const raw_data = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  g.initializers.push({ dims, data_type: dataTypes[type], name, raw_data });
  return name;
};
const scale = (g: Graph, value: number): string => constant(g, 'f32', [], Float32Array.of(value));
const zero = (g: Graph, type: 'u8' | 'i8'): string =>
  constant(g, type, [], type === 'u8' ? new Uint8Array(1) : new Int8Array(1));

type Attributes = Readonly<Record<string, number | readonly number[]>>;

const node = (g: Graph, op: string, inputs: readonly string[], attributes: Attributes = {}, domain = '') => {
  const name = `n${g.count++}`;
  const attribute = Object.entries(attributes).map(([key, value]) =>
    typeof value === 'number' ? { name: key, i: value, type: 2 } : { name: key, ints: value, type: 7 },
  );
  g.nodes.push({ op_type: op, input: inputs, output: [name], name, attribute, domain });
  return name;
};

const floats = ({ rng }: Graph, count: number, range: number): Float32Array =>
  Float32Array.from({ length: count }, () => (2 * rng.next() - 1) * range);
const bytes = ({ rng }: Graph, count: number): Int8Array =>
  Int8Array.from({ length: count }, () => rng.integer(255) - 127);

const window = (kernel: number, stride: number, pad: number): Attributes => ({
  kernel_shape: [kernel, kernel],
  strides: [stride, stride],
  pads: [pad, pad, pad, pad],
});

const floatBuilder = (g: Graph): FloatBuilder<string> => {
  const dense = (x: string, from: number, to: number): string =>
    node(g, 'Gemm', [
      node(g, 'Flatten', [x]),
      constant(g, 'f32', [from, to], floats(g, from * to, 1 / Math.sqrt(from))),
      constant(g, 'f32', [to], new Float32Array(to)),
    ]);
  return {
    conv(x, from, to, kernel, stride, relu) {
      const size = from * kernel * kernel;
      const weights = constant(
        g,
        'f32',
        [to, from, kernel, kernel],
        floats(g, to * size, Math.sqrt(6 / size)),
      );
      const bias = constant(g, 'f32', [to], new Float32Array(to));
      const y = node(g, 'Conv', [x, weights, bias], window(kernel, stride, kernel >> 1));
      return relu ? node(g, 'Relu', [y]) : y;
    },
    maxPool: (x, size, stride, pad) => node(g, 'MaxPool', [x], window(size, stride, pad)),
    addRelu: (a, b) => node(g, 'Relu', [node(g, 'Add', [a, b])]),
    meanDense: (x, from, to) => dense(node(g, 'GlobalAveragePool', [x]), from, to),
    flatDense: dense,
  };
};

const microsoft = 'com.microsoft';

const int8Builder = (g: Graph): FloatBuilder<string> => {
  const quantized = (step: number, type: 'u8' | 'i8'): string[] => [scale(g, step), zero(g, type)];
  const activation = (): string[] => quantized(activationStep, 'u8');
  const dense = (x: string, from: number, to: number): string => {
    const weights = [constant(g, 'i8', [from, to], bytes(g, from * to)), ...quantized(weightStep, 'i8')];
    const result = quantized(0.1, 'u8');
    const flat = node(g, 'Flatten', [x]);
    const y = node(g, 'QLinearMatMul', [flat, ...activation(), ...weights, ...result]);
    return node(g, 'DequantizeLinear', [y, ...result]);
  };
  return {
    // A zero point of 0 clamps at 0: ReLU comes for free, as a quantizer would fold it.
    conv(x, from, to, kernel, stride) {
      const size = from * kernel * kernel;
      const weights = constant(g, 'i8', [to, from, kernel, kernel], bytes(g, to * size));
      const bias = constant(g, 'i32', [to], new Int32Array(to));
      const step = Math.sqrt(size) * 0.01;
      const inputs = [
        x,
        ...activation(),
        weights,
        ...quantized(weightStep, 'i8'),
        ...quantized(step, 'u8'),
        bias,
      ];
      return node(g, 'QLinearConv', inputs, window(kernel, stride, kernel >> 1));
    },
    maxPool: (x, size, stride, pad) => node(g, 'MaxPool', [x], window(size, stride, pad)),
    addRelu: (a, b) =>
      node(
        g,
        'QLinearAdd',
        [a, ...activation(), b, ...activation(), ...quantized(0.04, 'u8')],
        {},
        microsoft,
      ),
    meanDense(x, from, to) {
      const mean = node(g, 'QLinearGlobalAveragePool', [x, ...activation(), ...activation()], {}, microsoft);
      return dense(mean, from, to);
    },
    flatDense: dense,
  };
};

const valueInfo = (name: string, dims: readonly number[], type: DataType): object => ({
  name,
  type: {
    tensor_type: { elem_type: dataTypes[type], shape: { dim: dims.map((dim_value) => ({ dim_value })) } },
  },
});

const imageFirst = (shape: readonly number[], batch = 1): number[] =>
  shape.length === 3 ? [batch, shape[2]!, shape[0]!, shape[1]!] : [batch, ...shape];

/** An ONNX file and what it takes. */
export interface OnnxModel {
  readonly bytes: Uint8Array;
  readonly inputType: 'float32' | 'uint8';
  readonly inputShape: readonly number[];
}

/**
 * A network as an ONNX file: input `x`, output `y`. In int8 a single layer takes and gives bytes; whole networks take and
 * give float32, quantized at the ends.
 */
export function onnxModel(net: FloatNet, precision: 'fp32' | 'int8'): OnnxModel {
  const g: Graph = { nodes: [], initializers: [], rng: createRng(1), count: 0 };
  const int8 = precision === 'int8';
  const layer = net.output.length === 3;
  const edge: DataType = int8 && layer ? 'u8' : 'f32';
  const shape = imageFirst(net.input, net.batch);
  const start =
    int8 && !layer ? node(g, 'QuantizeLinear', ['x', scale(g, activationStep), zero(g, 'u8')]) : 'x';
  const end = net.build(int8 ? int8Builder(g) : floatBuilder(g), start);
  g.nodes.push({ op_type: 'Identity', input: [end], output: ['y'], name: 'end', attribute: [], domain: '' });
  const model = {
    ir_version: 8,
    opset_import: [
      { domain: '', version: 13 },
      { domain: microsoft, version: 1 },
    ],
    graph: {
      node: g.nodes,
      name: net.name,
      initializer: g.initializers,
      input: [valueInfo('x', shape, edge)],
      output: [valueInfo('y', imageFirst(net.output, net.batch), edge)],
    },
  };
  return {
    bytes: modelType.encode(modelType.create(model)).finish(),
    inputType: edge === 'u8' ? 'uint8' : 'float32',
    inputShape: shape,
  };
}
