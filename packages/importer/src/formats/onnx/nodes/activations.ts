// Activations, normalization, and what does nothing in inference.
import { axisOf, type Translation } from '../node.js';

const same: Translation = (n) => void n.emit('identity', [n.inputs[0]!]);
const named =
  (op: string): Translation =>
  (n) =>
    void n.emit(op, [n.inputs[0]!]);

/** Types that a value keeps its number in: floats, and bool and integers of what is whole. */
const floats = [1, 10, 11, 16];

/** Activations of ONNX. */
export const activations: Readonly<Record<string, Translation>> = {
  Identity: same,
  Dropout: same,
  Relu: (n) => void n.emit('clip', [n.inputs[0]!], { min: 0, max: null }),
  LeakyRelu: (n) => void n.emit('prelu', [n.inputs[0]!, n.number(n.float('alpha', 0.01), 'slope')]),
  PRelu: (n) => void n.emit('prelu', n.inputs.slice(0, 2)),
  Sigmoid: named('sigmoid'),
  Tanh: named('tanh'),
  Gelu(n) {
    if (n.text('approximate', 'none') !== 'none') n.fail('is an approximation', 'Use approximate "none".');
    n.emit('gelu', [n.inputs[0]!]);
  },
  LayerNormalization(n) {
    const rank = n.shape(0).length;
    if (axisOf(n, n.int('axis', -1), rank) !== rank - 1)
      n.fail('is over several axes', 'Normalize the last axis.');
    const beta = n.inputs[2] ? n.inputs[2] : n.number(0, 'beta');
    const gamma = n.inputs[1]!;
    const zeros = n.inputs[2] ? beta : n.emit('mul', [gamma, beta], {}, 'zeros');
    n.emit('layerNorm', [n.inputs[0]!, gamma, zeros], { epsilon: n.float('epsilon', 1e-5) });
  },
  HardSigmoid: (n) =>
    void n.emit('hardSigmoid', [n.inputs[0]!], {
      slope: n.float('alpha', 0.2),
      offset: n.float('beta', 0.5),
    }),
  Softmax(n) {
    const rank = n.shape(0).length;
    const axis = axisOf(n, n.int('axis', n.version < 13 ? 1 : -1), rank);
    if (n.version < 13 && axis !== rank - 1)
      n.fail('is over several axes', 'Export with operator set 13 or later.');
    n.emit('softmax', [n.inputs[0]!], { axis });
  },
  BatchNormalization(n) {
    if (n.inputs.length !== 5) n.fail(`has ${n.inputs.length} inputs`, 'Export the model in inference mode.');
    n.emit('batchNorm', n.inputs, { epsilon: n.float('epsilon', 1e-5), axis: 1 });
  },
  /** Whole numbers and comparisons keep their value in every type; a fraction would be cut off. */
  Cast(n) {
    if (!floats.includes(n.int('to', 1)) && n.constant(0)!.data.some((v) => !Number.isInteger(v)))
      n.fail('cuts off fractions', 'Cast to a float type.');
    same(n);
  },
};
