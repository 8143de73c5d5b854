// The float networks that peers run, written once: tfjs and ONNX builders turn them into their own graphs.

/** What a peer's builder offers; T is a value of its graph, images are [1, height, width, channels] in spirit. */
export interface FloatBuilder<T> {
  /** Convolution with 'same'-like padding of floor(kernel / 2), bias, and ReLU when asked for. */
  conv(x: T, from: number, to: number, kernel: number, stride: number, relu: boolean): T;
  maxPool(x: T, size: number, stride: number, pad: number): T;
  /** ReLU of a sum. */
  addRelu(a: T, b: T): T;
  /** Mean over height and width, then a dense layer. */
  meanDense(x: T, from: number, to: number): T;
  /** All elements, then a dense layer. */
  flatDense(x: T, from: number, to: number): T;
}

/** A network that is compared. */
export interface FloatNet {
  /** Of the model in @bitgrad/models too, where it is none of a single layer. */
  readonly name: string;
  /** Height, width and channels of its input. */
  readonly input: readonly [number, number, number];
  /** Shape of its result: an image, or a vector. */
  readonly output: readonly number[];
  /** Multiply-accumulates of one example. */
  readonly macs: number;
  /** Factor on the channels; 1 when absent. */
  readonly width?: number;
  /** Examples of one call; 1 when absent. */
  readonly batch?: number;
  build<T>(b: FloatBuilder<T>, x: T): T;
}

/** VGG-small: 128-128-M-256-256-M-512-512-M-10, on images of side `size`, a multiple of 8, with `width` times the channels. */
export function vggSmallAt(size: number, width = 1): FloatNet {
  const widths = [3, ...[128, 128, 256, 256, 512, 512].map((count) => Math.round(count * width))];
  const flat = (size / 8) ** 2 * widths[6]!;
  const side = (i: number): number => size >> ((i - 1) >> 1);
  const macs = widths
    .slice(1)
    .reduce((sum, to, i) => sum + 9 * side(i + 1) ** 2 * widths[i]! * to, flat * 10);
  return {
    name: 'vgg-small',
    input: [size, size, 3],
    output: [10],
    macs,
    width,
    build(b, x) {
      for (let i = 1; i < widths.length; i++) {
        x = b.conv(x, widths[i - 1]!, widths[i]!, 3, 1, true);
        if (i % 2 === 0) x = b.maxPool(x, 2, 2, 0);
      }
      return b.flatDense(x, flat, 10);
    },
  };
}

/** VGG-small on 32 x 32. */
export const vggSmall: FloatNet = vggSmallAt(32);

const stages = [
  [64, 64, 1],
  [64, 64, 1],
  [64, 128, 2],
  [128, 128, 1],
  [128, 256, 2],
  [256, 256, 1],
  [256, 512, 2],
  [512, 512, 1],
] as const;

const resnetMacs = (): number => {
  let [size, macs] = [56, 112 * 112 * 49 * 3 * 64 + 512 * 1000];
  for (const [from, to, stride] of stages) {
    size /= stride;
    macs += size * size * 9 * (from * to + to * to) + (stride > 1 ? size * size * from * to : 0);
  }
  return macs;
};

/** ResNet-18 on 224 x 224 (arXiv 1512.03385), the float shape of the Bi-Real net. */
export const resnet18: FloatNet = {
  name: 'birealnet18',
  input: [224, 224, 3],
  output: [1000],
  macs: resnetMacs(),
  build(b, x) {
    x = b.maxPool(b.conv(x, 3, 64, 7, 2, true), 3, 2, 1);
    for (const [from, to, stride] of stages) {
      const y = b.conv(b.conv(x, from, to, 3, stride, true), to, to, 3, 1, false);
      x = b.addRelu(y, stride > 1 ? b.conv(x, from, to, 1, stride, false) : x);
    }
    return b.meanDense(x, 512, 1000);
  },
};

/** One 3x3 convolution. */
export const convLayer = (size: number, channels: number): FloatNet => ({
  name: `conv-${size}-${channels}`,
  input: [size, size, channels],
  output: [size, size, channels],
  macs: size * size * 9 * channels * channels,
  build: (b, x) => b.conv(x, channels, channels, 3, 1, false),
});

/** Everything that is compared, in order. */
export const floatNets: readonly FloatNet[] = [
  vggSmall,
  resnet18,
  convLayer(56, 64),
  convLayer(28, 128),
  convLayer(14, 256),
  convLayer(7, 512),
];
