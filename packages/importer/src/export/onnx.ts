// Packed models as ONNX and QONNX files. Bits are +1 and -1 in float32, integers are float32 that hold them exactly, images
// have their channels first as ONNX's convolutions want them.
import { checkOptions, checkValue, exactFloat32, option, unpackRows } from '@bitgrad/bits';
import {
  channelCount,
  elementCount,
  validateModel,
  type Op,
  type PackedModel,
  type Shape,
} from '@bitgrad/runtime';
import { failure } from '../fail.js';
import { transposed, tensorOf } from '../graph.js';
import { writeOnnx, type AttributeValue, type NodeDraft, type TensorDraft } from '../formats/onnx/write.js';

/** How a model is written. */
export interface ExportOptions {
  /**
   * `onnx`: standard operators (version 20), runs in onnxruntime; `qonnx`: signs and binary kernels as BipolarQuant, for the
   * flows of FINN and hls4ml.
   */
  readonly format?: 'onnx' | 'qonnx';
}

type Layout = 'first' | 'last';

/** A buffer of the plan in the file. */
interface Exported {
  readonly name: string;
  /** Where a value of three axes has its channels. */
  readonly layout: Layout;
}

const qonnx = 'qonnx.custom_op.general';
const toFirst = [0, 3, 1, 2];
const toLast = [0, 2, 3, 1];

/** The file under construction. */
interface Writer {
  readonly packed: PackedModel;
  readonly quantized: boolean;
  node(op: string, inputs: readonly string[], attributes?: Readonly<Record<string, AttributeValue>>, domain?: string): string; // prettier-ignore
  floats(shape: Shape, data: ArrayLike<number>): string;
  ints(values: readonly number[]): string;
  /** A constant of a number a channel, to be joined with a buffer in its layout. */
  perChannel(data: ArrayLike<number>, like: Exported, rank: number): string;
  /** The elements of a weight of the plan, as numbers. */
  weight(index: number): Float32Array;
  /** A kernel, in an order of axes: one byte a weight, or the quantizer that gives it. */
  kernel(index: number, order: readonly number[], shape?: Shape): string;
  /** A buffer in a layout; transposed once. */
  buffer(index: number, layout?: Layout): Exported;
  rank(index: number): number;
}

type Export<O extends Op['op']> = (op: Extract<Op, { op: O }>, w: Writer) => Exported;

const named = (name: string, layout: Layout = 'last'): Exported => ({ name, layout });

/** A function of each element, in whatever layout its input has. */
const kept =
  <O extends Op['op']>(f: (op: Extract<Op, { op: O }>, x: Exported, w: Writer) => string): Export<O> =>
  (op, w) => {
    const x = w.buffer(op.inputs[0]!);
    return { name: f(op, x, w), layout: x.layout };
  };

/** @throws BitgradError `overflow` where float32 does not hold the sums of an integer product */
function checkSums(op: Extract<Op, { op: 'conv' | 'depthwise' | 'dense' }>, w: Writer): void {
  const { plan } = w.packed;
  const { type } = plan.buffers[op.inputs[0]!]!;
  if (type === 'f32') return;
  const shift = 'shift' in op ? (op.shift ?? 0) : 0;
  const most = Math.max(
    type === 'u8' ? 255 * 2 ** shift : 1,
    Math.abs('padValue' in op ? (op.padValue ?? 0) : 0),
  );
  const kernel = w.weight(op.weights[0]);
  const outputs = channelCount(plan.buffers[op.output]!.shape);
  const totals = new Float64Array(outputs);
  const row = kernel.length / outputs;
  kernel.forEach(
    (v, i) => (totals[op.op === 'depthwise' ? i % outputs : Math.floor(i / row)]! += Math.abs(v)),
  );
  const largest = totals.reduce((a, b) => Math.max(a, b)) * most;
  if (largest > exactFloat32)
    throw failure('overflow', {
      what: `sums of op "${op.name ?? op.op}"`,
      got: largest,
      expected: `at most ${exactFloat32}, which float32 holds exactly`,
      next: 'Compile the model with a float32 input.',
    });
}

/** A convolution's input with padding that is not 0, which ONNX writes as an op of its own. */
function windowed(op: Extract<Op, { op: 'conv' | 'depthwise' }>, w: Writer) {
  checkSums(op, w);
  let { name } = w.buffer(op.inputs[0]!, 'first');
  const { padValue = 0, shift = 0, pads: around = [0, 0, 0, 0] } = op;
  if (shift > 0) name = w.node('Mul', [name, w.floats([], [2 ** shift])]);
  const [top, left, bottom, right] = around;
  const apart = padValue !== 0 && around.some((p) => p > 0);
  if (apart)
    name = w.node('Pad', [name, w.ints([0, 0, top, left, 0, 0, bottom, right]), w.floats([], [padValue])]);
  const attributes = {
    kernel_shape: op.kernel,
    strides: op.strides ?? [1, 1],
    dilations: op.dilations ?? [1, 1],
    pads: apart ? [0, 0, 0, 0] : around,
  };
  return { name, attributes };
}

const pool =
  (name: string): Export<'maxPool'> =>
  (op, w) => {
    const attributes = {
      kernel_shape: op.kernel,
      strides: op.strides ?? [1, 1],
      pads: op.pads ?? [0, 0, 0, 0],
    };
    return named(w.node(name, [w.buffer(op.inputs[0]!, 'first').name], attributes), 'first');
  };

const joint =
  (name: string): Export<'add'> =>
  (op, w) => {
    const x = w.buffer(op.inputs[0]!);
    return { name: w.node(name, [x.name, w.buffer(op.inputs[1]!, x.layout).name]), layout: x.layout };
  };

const functions = { sigmoid: 'Sigmoid', tanh: 'Tanh', gelu: 'Gelu' } as const;

/** +1 from the threshold on, -1 below; turned around in channels with a flip. */
const threshold = kept<'threshold'>((op, x, w) => {
  const rank = w.rank(op.inputs[0]!);
  const t = w.perChannel(w.weight(op.weights[0]), x, rank);
  const flips = w.weight(op.weights[1]); // a bit as its level: -1 flips
  const sign = w.quantized
    ? w.node('BipolarQuant', [w.node('Sub', [x.name, t]), w.floats([], [1])], {}, qonnx)
    : w.node('Where', [w.node('GreaterOrEqual', [x.name, t]), w.floats([], [1]), w.floats([], [-1])]);
  return flips.every((f) => f === 1) ? sign : w.node('Mul', [sign, w.perChannel(flips, x, rank)]);
});

/** Each step chooses a level or what the steps below have chosen, so that no rounding comes in. */
const quantize = kept<'quantize'>((op, x, w) => {
  const [t, levels] = [w.weight(op.weights[0]), w.weight(op.weights[1])];
  return t.reduce<string>(
    (below, at, i) => w.node('Where', [w.node('GreaterOrEqual', [x.name, w.floats([], [at])]), w.floats([], [levels[i + 1]!]), below]), // prettier-ignore
    w.floats([], [levels[0]!]),
  );
});

const exporters: { readonly [O in Op['op']]: Export<O> } = {
  conv(op, w) {
    const { name, attributes } = windowed(op, w);
    const kernel = w.kernel(op.weights[0], [0, 3, 1, 2]);
    return named(w.node('Conv', [name, kernel], { ...attributes, group: op.groups ?? 1 }), 'first');
  },
  depthwise(op, w) {
    const { name, attributes } = windowed(op, w);
    const [h, width] = op.kernel;
    const c = channelCount(w.packed.plan.buffers[op.output]!.shape);
    const kernel = w.kernel(op.weights[0], [3, 0, 1, 2], [1, h, width, c]);
    return named(w.node('Conv', [name, kernel], { ...attributes, group: c / op.multiplier }), 'first');
  },
  dense(op, w) {
    checkSums(op, w);
    return named(w.node('MatMul', [w.buffer(op.inputs[0]!, 'last').name, w.kernel(op.weights[0], [1, 0])]));
  },
  matmul(op, w) {
    const [a, b] = op.inputs.map((i) => w.buffer(i, 'last').name) as [string, string];
    const rank = w.rank(op.inputs[1]!) + 1;
    const perm = Array.from({ length: rank }, (_, i) =>
      i === rank - 1 ? rank - 2 : i === rank - 2 ? rank - 1 : i,
    );
    return named(w.node('MatMul', [a, op.transposeB ? w.node('Transpose', [b], { perm }) : b]));
  },
  threshold,
  quantize,
  affine: kept((op, x, w) => {
    const rank = w.rank(op.inputs[0]!);
    const [scale, bias] = op.weights.map((i) => w.perChannel(w.weight(i), x, rank)) as [string, string];
    return w.node('Add', [w.node('Mul', [x.name, scale]), bias]);
  }),
  clamp: kept((op, x, w) => {
    const bound = (v: number | null): string => (v === null ? '' : w.floats([], [v]));
    return w.node('Clip', [x.name, bound(op.min), ...(op.max === null ? [] : [bound(op.max)])]);
  }),
  prelu: kept((op, x, w) => {
    const rank = w.rank(op.inputs[0]!);
    const [before, slope, after] = op.weights.map((i) => w.perChannel(w.weight(i), x, rank)) as [string, string, string]; // prettier-ignore
    return w.node('Add', [w.node('PRelu', [w.node('Add', [x.name, before]), slope]), after]);
  }),
  unary: kept((op, x, w) => w.node(functions[op.function], [x.name])),
  softmax: (op, w) => named(w.node('Softmax', [w.buffer(op.inputs[0]!, 'last').name], { axis: -1 })),
  layerNorm(op, w) {
    const c = channelCount(w.packed.plan.buffers[op.output]!.shape);
    const parameters = op.weights.map((i) => w.floats([c], w.weight(i)));
    const inputs = [w.buffer(op.inputs[0]!, 'last').name, ...parameters];
    return named(w.node('LayerNormalization', inputs, { axis: -1, epsilon: { float: op.epsilon } }));
  },
  add: joint('Add'),
  mul: joint('Mul') as unknown as Export<'mul'>,
  maxPool: pool('MaxPool'),
  avgPool: pool('AveragePool') as unknown as Export<'avgPool'>,
  constant(op, w) {
    const { shape } = w.packed.plan.buffers[op.output]!;
    return named(w.floats([1, ...shape], w.weight(op.weights[0])));
  },
  reshape(op, w) {
    const { shape } = w.packed.plan.buffers[op.output]!;
    return named(w.node('Reshape', [w.buffer(op.inputs[0]!, 'last').name, w.ints([-1, ...shape])]));
  },
  transpose: (op, w) =>
    named(w.node('Transpose', [w.buffer(op.inputs[0]!, 'last').name], { perm: [0, ...op.permutation.map((i) => i + 1)] })), // prettier-ignore
  slice(op, w) {
    const { shape } = w.packed.plan.buffers[op.output]!;
    const ends = op.begin.map((from, i) => from + shape[i]!);
    const inputs = [w.buffer(op.inputs[0]!, 'last').name, w.ints(op.begin), w.ints(ends), w.ints(op.begin.map((_, i) => i + 1))]; // prettier-ignore
    return named(w.node('Slice', inputs));
  },
  concat: (op, w) => named(w.node('Concat', op.inputs.map((i) => w.buffer(i, 'last').name), { axis: op.axis + 1 })), // prettier-ignore
  pad(op, w) {
    const amounts = w.ints([0, ...op.before, 0, ...op.after]);
    return named(w.node('Pad', [w.buffer(op.inputs[0]!, 'last').name, amounts, w.floats([], [op.value])]));
  },
};

/** The numbers of a weight: bits as their levels. */
const numbersOf = ({ plan, weights }: PackedModel, index: number): Float32Array => {
  const { type, shape } = plan.weights[index]!;
  const data = weights[index]!;
  if (type !== 'bits') return Float32Array.from(data);
  const c = channelCount(shape);
  return unpackRows(data as Uint32Array, elementCount(shape) / c, c);
};

/** A buffer in a layout: one of three axes is transposed once for each. */
function inLayout(
  found: Exported,
  rank: number,
  layout: Layout = found.layout,
  turned: Map<string, string>,
  w: Writer,
): Exported {
  if (layout === found.layout || rank !== 3) return { ...found, layout };
  const key = `${found.name}:${layout}`;
  const other =
    turned.get(key) ?? w.node('Transpose', [found.name], { perm: layout === 'first' ? toFirst : toLast });
  turned.set(key, other);
  return { name: other, layout };
}

function createWriter(packed: PackedModel, quantized: boolean) {
  const nodes: NodeDraft[] = [];
  const tensors: TensorDraft[] = [];
  const values = new Map<number, Exported>();
  const turned = new Map<string, string>();
  const known = new Map<string, string>();
  let name = '';
  const tensor = (shape: Shape, data: TensorDraft['data']): string => {
    const key = `${data.constructor.name}:${shape.join('x')}:${data.length > 4096 ? tensors.length : data.join(',')}`;
    const found = known.get(key) ?? `c${tensors.length}`;
    if (!known.has(key)) tensors.push({ name: found, shape, data });
    known.set(key, found);
    return found;
  };
  const writer: Writer = {
    packed,
    quantized,
    node(op, inputs, attributes = {}, domain) {
      const output = `v${nodes.length}`;
      nodes.push({
        op,
        inputs,
        output,
        name: `${name || op}_${nodes.length}`,
        attributes,
        ...(domain && { domain }),
      });
      return output;
    },
    floats: (shape, data) => tensor(shape, Float32Array.from(data)),
    ints: (list) => tensor([list.length], BigInt64Array.from(list.map(BigInt))),
    perChannel: (data, { layout }, rank) => writer.floats(layout === 'first' && rank === 3 ? [data.length, 1, 1] : [data.length], data), // prettier-ignore
    weight: (index) => numbersOf(packed, index),
    kernel(index, order, shape = packed.plan.weights[index]!.shape) {
      const { type } = packed.plan.weights[index]!;
      const t = transposed(tensorOf(shape, writer.weight(index)), order);
      if (type === 'f32') return writer.floats(t.shape, t.data);
      if (!quantized) return writer.node('Cast', [tensor(t.shape, Int8Array.from(t.data))], { to: 1 });
      const stored = writer.floats(t.shape, t.data);
      const one = writer.floats([], [1]);
      if (type === 'bits') return writer.node('BipolarQuant', [stored, one], {}, qonnx);
      const more = [writer.floats([], [0]), writer.floats([], [8])];
      return writer.node(
        'Quant',
        [stored, one, ...more],
        { signed: 1, narrow: 0, rounding_mode: 'ROUND' },
        qonnx,
      );
    },
    buffer: (index, layout) => inLayout(values.get(index)!, writer.rank(index), layout, turned, writer),
    rank: (index) => packed.plan.buffers[index]!.shape.length,
  };
  const begin = (of: string | undefined): void => void (name = of ?? '');
  return { writer, nodes, tensors, values, begin };
}

/**
 * Writes a packed model as an ONNX file, or a QONNX one. Its input and output are those of the packed model, with the batch
 * in front and images with their channels first.
 * @throws BitgradError `unsupported-op` for an op of a plugin; `overflow` for integer sums that float32 does not hold
 */
export function exportOnnx(model: PackedModel, options: ExportOptions = {}): Uint8Array<ArrayBuffer> {
  const { format = 'onnx' } = checkOptions<ExportOptions>('importer', 'exportOnnx', options, { format: option.oneOf('onnx', 'qonnx') }); // prettier-ignore
  checkValue('importer', 'model', model, option.required(option.object));
  const packed = validateModel(model);
  const { plan, metadata } = packed;
  const { writer, nodes, tensors, values, begin } = createWriter(packed, format === 'qonnx');
  const { type, shape } = plan.buffers[plan.input]!;
  const image = shape.length === 3;
  // What is constant has a batch of one.
  const batch = plan.ops.some(({ op }) => op === 'constant') ? 1 : 'N';
  const dims = image ? [batch, shape[2]!, shape[0]!, shape[1]!] : [batch, ...shape];
  const x = type === 'u8' ? writer.node('Cast', ['input'], { to: 1 }) : 'input';
  values.set(plan.input, { name: x, layout: image ? 'first' : 'last' });
  for (const op of plan.ops) {
    begin(op.name);
    const write = Object.hasOwn(exporters, op.op) ? (exporters[op.op] as Export<Op['op']>) : undefined;
    if (!write) throw failure('unsupported-op', { what: `op "${op.name ?? op.op}" (${op.op}) has no ONNX form`, next: 'Export a model without ops of plugins.' }); // prettier-ignore
    values.set(op.output, write(op as never, writer));
  }
  begin('output');
  const end = writer.node('Identity', [writer.buffer(plan.output, 'last').name]);
  const { classes, output, normalization } = metadata;
  return writeOnnx({
    name: metadata.name ?? 'bitgrad',
    nodes,
    tensors,
    input: { name: 'input', shape: dims, type: type === 'u8' ? 'u8' : 'f32' },
    output: { name: end, shape: [batch, ...plan.buffers[plan.output]!.shape] },
    version: 20,
    metadata: { bitgrad: JSON.stringify({ classes, output, normalization }) },
  });
}
