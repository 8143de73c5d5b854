// Convolutions, matrix products and pools.
import { windowExtent } from '@bitgrad/bits';
import { sizeOf } from '../../../graph.js';
import { padsFor } from '../../../ops/windows.js';
import { wholeWindow } from '../../../ops/conv.js';
import type { OnnxNode, Translation } from '../node.js';

/** The window of a node over the space of its first input. */
function windowOf(n: OnnxNode, kernel: readonly number[]) {
  const space = n.shape(0).slice(2);
  const ones = space.map(() => 1);
  const strides = n.ints('strides') ?? ones;
  const dilations = n.ints('dilations') ?? ones;
  const auto = n.text('auto_pad', 'NOTSET');
  let pads = [...(n.ints('pads') ?? [...ones, ...ones].map(() => 0))];
  if (auto !== 'NOTSET' && auto !== '') {
    if (!['VALID', 'SAME_UPPER', 'SAME_LOWER'].includes(auto))
      n.fail(`has auto_pad ${auto}`, 'Use explicit pads.');
    pads = padsFor(space, kernel, strides, dilations, auto === 'VALID' ? 'valid' : 'same');
    // Of an odd sum TensorFlow and SAME_UPPER have the larger part after, SAME_LOWER before.
    if (auto === 'SAME_LOWER') pads = [...pads.slice(space.length), ...pads.slice(0, space.length)];
  }
  if (n.int('ceil_mode', 0) === 1)
    space.forEach((size, i) => {
      const whole = size + pads[i]! + pads[space.length + i]!;
      const beyond = (whole - windowExtent(kernel[i]!, dilations[i]!)) % strides[i]!;
      // A window that starts in the padding after is left out.
      const starts = whole - beyond + strides[i]! - windowExtent(kernel[i]!, dilations[i]!);
      if (beyond > 0 && starts < size + pads[i]!) pads[space.length + i]! += strides[i]! - beyond;
    });
  return { kernel, strides, dilations, pads, channels: 'first' as const };
}

const kernelShape = (n: OnnxNode): readonly number[] =>
  n.ints('kernel_shape') ?? n.fail('has no kernel_shape', 'Mend the file.');

const global =
  (op: string): Translation =>
  (n) =>
    void n.emit(op, [n.inputs[0]!], { ...wholeWindow(n.shape(0), 'first'), ...(op === 'avgPool' ? { countPadding: false } : {}) }); // prettier-ignore

/** Products and pools of ONNX. */
export const products: Readonly<Record<string, Translation>> = {
  Conv(n) {
    const shape = n.shape(1);
    const kernel = n.ints('kernel_shape') ?? shape.slice(2);
    const permutation = [0, ...shape.slice(2).map((_, i) => i + 2), 1];
    const w = n.emit('transpose', [n.inputs[1]!], { permutation }, 'kernel');
    const border = n.borders.get(n.inputs[0]!);
    const window = windowOf(n, kernel);
    const own = window.pads.every((p) => p === 0) && border;
    const inputs = [own ? own.input : n.inputs[0]!, w, ...(n.inputs[2] ? [n.inputs[2]] : [])];
    const padding = own ? { pads: own.pads, padValue: own.value } : { padValue: 0 };
    n.emit('conv', inputs, { ...window, groups: n.int('group', 1), ...padding });
  },
  /** alpha * A * B + beta * C */
  Gemm(n) {
    if (n.int('transA', 0) !== 0) n.fail('transposes its first input', 'Export it with transA 0.');
    const [alpha, beta] = [n.float('alpha', 1), n.float('beta', 1)];
    let [x = '', w = '', bias] = n.inputs;
    if (n.int('transB', 0) !== 0) w = n.emit('transpose', [w], { permutation: [1, 0] }, 'kernel');
    if (alpha !== 1) w = n.emit('mul', [w, n.number(alpha, 'alpha')], {}, 'scaled');
    if (x && n.shape(0).length !== 2) x = n.emit('reshape', [x], { shape: [1, sizeOf(n.shape(0))] }, 'flat');
    if (!bias) return void n.emit('matmul', [x, w]);
    if (beta !== 1) bias = n.emit('mul', [bias, n.number(beta, 'beta')], {}, 'bias');
    n.emit('add', [n.emit('matmul', [x, w], {}, 'product'), bias]);
  },
  MatMul: (n) => void n.emit('matmul', n.inputs.slice(0, 2)),
  MaxPool: (n) => void n.emit('maxPool', [n.inputs[0]!], windowOf(n, kernelShape(n))),
  AveragePool(n) {
    const countPadding = n.int('count_include_pad', 0) === 1;
    if (countPadding && n.int('ceil_mode', 0) === 1)
      n.fail('counts padding under ceil_mode', 'Use one of them.');
    n.emit('avgPool', [n.inputs[0]!], { ...windowOf(n, kernelShape(n)), countPadding });
  },
  GlobalAveragePool: global('avgPool'),
  GlobalMaxPool: global('maxPool'),
  /** The mean over height and width. */
  ReduceMean(n) {
    const given = n.ints('axes') ?? (n.inputs[1] ? Array.from(n.constant(1)!.data) : []);
    const shape = n.shape(0);
    const axes = given.map((axis) => (axis + shape.length) % shape.length).sort((a, b) => a - b);
    const space = shape.map((_, i) => i).slice(2);
    if (axes.join() !== space.join() || space.length === 0) n.fail(`is over the axes ${given.join(', ')}`, 'Take means over height and width only.'); // prettier-ignore
    const keep = n.int('keepdims', 1) === 1;
    const window = { ...wholeWindow(shape, 'first'), countPadding: false };
    const mean = n.emit('avgPool', [n.inputs[0]!], window, keep ? '' : 'mean');
    if (!keep) n.emit('reshape', [mean], { shape: shape.slice(0, 2) });
  },
};
