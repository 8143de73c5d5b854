// What architectures of PyTorch are written with: layers of a state dict as nodes of a source graph, channels last.
import type { GraphBuilder } from '../../builder.js';
import { check } from '../../fail.js';
import { sizeOf, tensorOf, type Sizes, type SourceGraph, type SourceNode, type Tensor } from '../../graph.js';
import type { StateDict } from './safetensors.js';

/** A network whose weights a state dict has. */
export interface Architecture {
  readonly description: string;
  /** The image that it was made for: height, width and channels. */
  readonly input: readonly [number, number, number];
  readonly normalization?: SourceGraph['normalization'];
  /** Writes it; `x` is the input. @returns the logits */
  build(network: Network, x: string): string;
}

/** A network under construction. Names of layers are those of the state dict. */
export interface Network {
  /** A tensor of the file. */
  tensor(name: string): Tensor;
  has(name: string): boolean;
  shape(x: string): Sizes;
  /** A node that bears the name of its layer. */
  emit(name: string, op: string, inputs: readonly string[], attributes?: SourceNode['attributes']): string;
  constant(name: string, value: number | Tensor): string;
  /** A convolution by a kernel [outputs, inputs, height, width], as PyTorch has it. */
  conv(name: string, x: string, kernel: Tensor, options?: ConvOptions): string;
  batchNorm(name: string, x: string): string;
  /** A fully connected layer. */
  linear(name: string, x: string): string;
  add(name: string, a: string, b: string): string;
  /** A mean over all of space, flattened. */
  average(x: string): string;
  /** A window's maximum or mean. */
  pool(name: string, op: 'maxPool' | 'avgPool', x: string, size: number, stride: number, padding?: number): string;
} // prettier-ignore

interface ConvOptions {
  readonly stride?: number;
  readonly padding?: number;
  readonly padValue?: number;
  readonly bias?: readonly number[];
}

/** Every tensor of a network must be used, but for counters of training. */
const counters = /num_batches_tracked$/;

/** Runs a builder over a state dict. @throws BitgradError for tensors that are missing, or are left over */
export function buildNetwork(b: GraphBuilder, state: StateDict, { build }: Architecture, x: string): string {
  // DataParallel puts "module." in front of every name.
  const prefix = state.names.length > 0 && state.names.every((name) => name.startsWith('module.')) ? 'module.' : ''; // prettier-ignore
  const used = new Set<string>();
  let count = 0;
  const network: Network = {
    tensor(name) {
      used.add(prefix + name);
      return state.tensor(prefix + name);
    },
    has: (name) => state.names.includes(prefix + name),
    shape: (value) => b.shapeOf(value),
    emit(name, op, inputs, attributes = {}) {
      const output = `${name}/${count++}`;
      b.node({ name, op, inputs, output, attributes });
      return output;
    },
    constant(name, value) {
      const output = `${name}/${count++}`;
      b.constant(output, typeof value === 'number' ? tensorOf([], [value]) : value);
      return output;
    },
    conv(name, from, kernel, { stride = 1, padding = 0, padValue = 0, bias } = {}) {
      check(kernel.shape.length === 4, `shape of the kernel of "${name}"`, kernel.shape, 'four axes');
      const size = kernel.shape.slice(2);
      const w = network.emit(name, 'transpose', [network.constant(name, kernel)], { permutation: [0, 2, 3, 1] }); // prettier-ignore
      const rest = bias ? [network.constant(name, tensorOf([bias.length], bias))] : [];
      const window = { ...windowOf(size, stride, padding), groups: 1, padValue };
      return network.emit(name, 'conv', [from, w, ...rest], window);
    },
    batchNorm(name, from) {
      const axis = b.shapeOf(from).length - 1;
      const parts = ['weight', 'bias', 'running_mean', 'running_var'].map((part) => network.constant(name, network.tensor(`${name}.${part}`))); // prettier-ignore
      return network.emit(name, 'batchNorm', [from, ...parts], { epsilon: 1e-5, axis });
    },
    linear(name, from) {
      const [w, bias] = ['weight', 'bias'].map((part) => network.constant(name, network.tensor(`${name}.${part}`))) as [string, string]; // prettier-ignore
      const turned = network.emit(name, 'transpose', [w], { permutation: [1, 0] });
      return network.emit(name, 'matmul', [from, turned, bias]);
    },
    add: (name, a, c) => network.emit(name, 'add', [a, c]),
    average(from) {
      const shape = b.shapeOf(from);
      const window = { ...windowOf(shape.slice(1, 3), 1, 0), countPadding: false };
      const mean = network.emit('average', 'avgPool', [from], window);
      return network.emit('average', 'reshape', [mean], { shape: [1, shape.at(-1)!] });
    },
    pool(name, op, from, size, stride, padding = 0) {
      const window = windowOf([size, size], stride, padding);
      return network.emit(name, op, [from], op === 'avgPool' ? { ...window, countPadding: true } : window);
    },
  };
  const output = build(network, x);
  const left = state.names.filter((name) => !used.has(name) && !counters.test(name));
  check(left.length === 0, 'tensors that the architecture does not have', left.slice(0, 5), 'the state dict of this architecture'); // prettier-ignore
  return output;
}

const windowOf = (kernel: readonly number[], stride: number, padding: number) => ({
  kernel,
  strides: kernel.map(() => stride),
  dilations: kernel.map(() => 1),
  pads: [padding, padding, padding, padding],
  channels: 'last' as const,
});

/** Values of each output channel of a kernel. */
const rowsOf = ({ shape, data }: Tensor): Float64Array[] => {
  const size = sizeOf(shape.slice(1));
  return Array.from({ length: shape[0]! }, (_, o) => data.subarray(o * size, (o + 1) * size));
};

/** A kernel whose output channels are made one by one. */
export const mapRows = (w: Tensor, f: (row: Float64Array) => ArrayLike<number>): Tensor => {
  const data = new Float64Array(w.data.length);
  rowsOf(w).forEach((row, o) => data.set(f(row), o * row.length));
  return tensorOf(w.shape, data);
};

/** Mean of some numbers. */
export const meanOf = (row: Float64Array): number => row.reduce((sum, v) => sum + v, 0) / row.length;

/** -1 or 1 for each number; 0 at 0, as torch.sign has it. */
export const signsOf = (row: Float64Array): Float64Array => row.map(Math.sign);

/** Signs of activations: +1 from the threshold on. */
export const binarized = (network: Network, name: string, x: string, threshold = 0): string =>
  network.emit(name, 'step', [x], { low: -1, high: 1, threshold });

/** ResNet's option A: every second pixel, and channels of zeros on both sides. */
export function optionA(network: Network, name: string, x: string, channels: number): string {
  const halved = network.pool(name, 'avgPool', x, 1, 2);
  const missing = channels - network.shape(x).at(-1)!;
  const before = Math.floor(missing / 2);
  return network.emit(name, 'pad', [halved], { before: [0, 0, 0, before], after: [0, 0, 0, missing - before], value: 0 }); // prettier-ignore
}
