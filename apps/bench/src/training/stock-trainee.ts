// The baseline: what a tfjs user would write without bitgrad, on the stock wasm backend, with the shortest patch that
// lets it train at all. The patch computes the filter gradient by stock convolutions of transposed operands; it lives
// here and nowhere else. (The stock MaxPoolGrad is wrong where a maximum is not positive; that costs no time.)
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { CLASSES, type Net } from './nets.js';
import type { Trainee } from './stepper.js';

interface FilterGradAttributes {
  strides: [number, number];
  pad: 'same' | 'valid';
  filterShape: [number, number, number, number];
}

/** Registers Conv2DBackpropFilter as a convolution of the transposed image with the transposed, dilated gradient. */
export function patchFilterGradient(): void {
  tf.registerKernel({
    kernelName: 'Conv2DBackpropFilter',
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs }) => {
      const { x, dy } = inputs as { x: tf.Tensor4D; dy: tf.Tensor4D };
      const { strides, pad, filterShape } = attrs as unknown as FilterGradAttributes;
      const [kh, kw] = filterShape;
      const { top, bottom, left, right } = tf.backend_util.computeConv2DInfo(
        x.shape,
        filterShape,
        strides,
        1,
        pad,
      ).padInfo;
      return tf.tidy(() => {
        const padded = tf.pad(x, [
          [0, 0],
          [top, bottom],
          [left, right],
          [0, 0],
        ]);
        const image = tf.transpose(padded, [3, 1, 2, 0]) as tf.Tensor4D;
        const kernel = tf.transpose(dy, [1, 2, 0, 3]) as tf.Tensor4D;
        const sums = tf.conv2d(image, kernel, 1, 'valid', 'NHWC', strides);
        return tf.slice(tf.transpose(sums, [1, 2, 0, 3]), [0, 0, 0, 0], [kh, kw, -1, -1]);
      });
    },
  });
}

/** sign(x) forward, the gradient where |x| <= 1. */
const sign = tf.customGrad((x, save) => {
  (save as unknown as (tensors: tf.Tensor[]) => void)([x as tf.Tensor]);
  return {
    value: tf.sub(tf.mul(tf.cast(tf.greaterEqual(x as tf.Tensor, 0), 'float32'), 2), 1),
    gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
      tf.mul(dy, tf.cast(tf.lessEqual(tf.abs(saved[0]!), 1), 'float32')),
  };
});

/** A convolution with binary weights and, but for the first layer, a binary input. */
class BinaryConv extends tfl.layers.Layer {
  static className = 'BenchBinaryConv';
  private kernel!: ReturnType<tfl.layers.Layer['addWeight']>;
  constructor(private readonly options: { filters: number; strides?: number; binaryInput?: boolean }) {
    super({});
  }
  override build(shape: tfl.Shape | tfl.Shape[]): void {
    const c = (shape as tfl.Shape).at(-1)!;
    const initializer = tfl.initializers.glorotUniform({ seed: 1 });
    this.kernel = this.addWeight('kernel', [3, 3, c, this.options.filters], 'float32', initializer);
    this.built = true;
  }
  override computeOutputShape(shape: tfl.Shape | tfl.Shape[]): tfl.Shape {
    const [n, h, w] = shape as tfl.Shape;
    const { strides = 1, filters } = this.options;
    return [n!, Math.ceil(h! / strides), Math.ceil(w! / strides), filters];
  }
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = Array.isArray(inputs) ? inputs[0]! : inputs;
      const { strides = 1, binaryInput = true } = this.options;
      return tf.conv2d(
        (binaryInput ? sign(x) : x) as tf.Tensor4D,
        sign(this.kernel.read()) as tf.Tensor4D,
        strides,
        'same',
      );
    });
  }
}

type Node = tfl.SymbolicTensor;
const then = (layer: tfl.layers.Layer, x: Node | Node[]): Node => layer.apply(x) as Node;
const norm = (x: Node): Node => then(tfl.layers.batchNormalization(), x);
const pool = (x: Node): Node => then(tfl.layers.maxPooling2d({ poolSize: 2 }), x);
const conv = (x: Node, filters: number, strides = 1): Node => then(new BinaryConv({ filters, strides }), x);
const floatConv = (x: Node, filters: number, kernelSize: number): Node =>
  then(tfl.layers.conv2d({ filters, kernelSize, padding: 'same', useBias: false }), x);

const graphs: Readonly<Record<string, (x: Node) => Node>> = {
  cnn(input) {
    let x = norm(pool(then(new BinaryConv({ filters: 32, binaryInput: false }), input)));
    x = norm(pool(conv(x, 64)));
    return then(tfl.layers.flatten(), norm(conv(x, 64)));
  },
  'vgg-small'(input) {
    let x = norm(floatConv(input, 128, 3));
    [128, 256, 256, 512, 512].forEach((filters, i) => {
      const y = conv(x, filters);
      x = norm(i % 2 === 0 ? pool(y) : y);
    });
    return then(tfl.layers.flatten(), x);
  },
  resnet20(input) {
    let x = norm(floatConv(input, 16, 3));
    [16, 32, 64].forEach((filters, stage) => {
      for (let i = 0; i < 6; i++) {
        const halves = stage > 0 && i === 0;
        const y = norm(conv(x, filters, halves ? 2 : 1));
        const average = (): Node => then(tfl.layers.averagePooling2d({ poolSize: 2 }), x);
        const shortcut = halves ? norm(floatConv(average(), filters, 1)) : x;
        x = then(tfl.layers.add(), [shortcut, y]);
      }
    });
    return then(tfl.layers.globalAveragePooling2d({}), x);
  },
};

/** The same net in plain tfjs-layers, with tfjs's Adam. */
export function stockTrainee(net: Net): Trainee {
  const input = tfl.input({ shape: [...net.shape] });
  const logits = then(tfl.layers.dense({ units: CLASSES }), graphs[net.name]!(input));
  return {
    model: tfl.model({ inputs: input, outputs: logits }),
    optimizer: tf.train.adam(1e-3),
    loss: (x, labels) => tf.losses.softmaxCrossEntropy(labels, x),
  };
}
