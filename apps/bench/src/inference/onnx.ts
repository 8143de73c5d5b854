// ONNX files of the float networks, in float32 and in int8 (QLinear operators: uint8 activations, int8 weights, one scale a
// tensor). Weights are random: the time does not depend on them.
import { createRng, type Rng } from '@bitgrad/core';
import { writeOnnx, type OnnxAttribute, type OnnxNode, type OnnxTensor } from '@bitgrad/importer';
import type { FloatBuilder, FloatNet } from './float.js';

/** Scales of the int8 graphs: activations in steps of 1/50, weights of 1/100. */
const [activationStep, weightStep] = [0.02, 0.01];

interface Graph {
  readonly nodes: OnnxNode[];
  readonly tensors: OnnxTensor[];
  readonly rng: Rng;
}

const constant = (g: Graph, shape: readonly number[], data: OnnxTensor['data']): string => {
  const name = `c${g.tensors.length}`;
  g.tensors.push({ name, shape, data });
  return name;
};
const scale = (g: Graph, value: number): string => constant(g, [], Float32Array.of(value));
const zero = (g: Graph, type: 'u8' | 'i8'): string =>
  constant(g, [], type === 'u8' ? new Uint8Array(1) : new Int8Array(1));

type Attributes = Readonly<Record<string, OnnxAttribute>>;

const node = (g: Graph, op: string, inputs: readonly string[], attributes: Attributes = {}, domain = '') => {
  const output = `n${g.nodes.length}`;
  g.nodes.push({ op, inputs, output, attributes, ...(domain && { domain }) });
  return output;
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
      constant(g, [from, to], floats(g, from * to, 1 / Math.sqrt(from))),
      constant(g, [to], new Float32Array(to)),
    ]);
  return {
    conv(x, from, to, kernel, stride, relu) {
      const size = from * kernel * kernel;
      const weights = constant(g, [to, from, kernel, kernel], floats(g, to * size, Math.sqrt(6 / size)));
      const bias = constant(g, [to], new Float32Array(to));
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
    const weights = [constant(g, [from, to], bytes(g, from * to)), ...quantized(weightStep, 'i8')];
    const result = quantized(0.1, 'u8');
    const flat = node(g, 'Flatten', [x]);
    const y = node(g, 'QLinearMatMul', [flat, ...activation(), ...weights, ...result]);
    return node(g, 'DequantizeLinear', [y, ...result]);
  };
  return {
    // A zero point of 0 clamps at 0: ReLU comes for free, as a quantizer would fold it.
    conv(x, from, to, kernel, stride) {
      const size = from * kernel * kernel;
      const weights = constant(g, [to, from, kernel, kernel], bytes(g, to * size));
      const bias = constant(g, [to], new Int32Array(to));
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

const imageFirst = (shape: readonly number[], batch: number): number[] =>
  shape.length === 3 ? [batch, shape[2]!, shape[0]!, shape[1]!] : [batch, ...shape];

/** An ONNX file and what it takes. */
export interface OnnxModel {
  readonly bytes: Uint8Array;
  readonly inputType: 'float32' | 'uint8';
  readonly inputShape: readonly number[];
}

/**
 * A network as an ONNX file for the net's batch: input `x`, output `y`. In int8 a single layer takes and gives bytes; whole networks take and
 * give float32, quantized at the ends.
 */
export function onnxModel(net: FloatNet, precision: 'fp32' | 'int8'): OnnxModel {
  const g: Graph = { nodes: [], tensors: [], rng: createRng(1) };
  const int8 = precision === 'int8';
  const layer = net.output.length === 3;
  const edge = int8 && layer ? 'u8' : 'f32';
  const { batch = 1 } = net;
  const shape = imageFirst(net.input, batch);
  const start =
    int8 && !layer ? node(g, 'QuantizeLinear', ['x', scale(g, activationStep), zero(g, 'u8')]) : 'x';
  const end = net.build(int8 ? int8Builder(g) : floatBuilder(g), start);
  g.nodes.push({ op: 'Identity', inputs: [end], output: 'y', name: 'end' });
  const bytes = writeOnnx({
    name: net.name,
    nodes: g.nodes,
    tensors: g.tensors,
    input: { name: 'x', shape, type: edge },
    output: { name: 'y', shape: imageFirst(net.output, batch), type: edge },
  });
  return { bytes, inputType: edge === 'u8' ? 'uint8' : 'float32', inputShape: shape };
}
