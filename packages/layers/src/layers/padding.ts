// Values around a tensor: a border of an image, as pooling in PyTorch sees it, or channels, as ResNet's option A adds them.
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { BitgradError, option } from '@bitgrad/core';
import { layerOptions, type LayerRules } from '../layer-options.js';
import { called, singleShape, type LayerArgs, type Shape } from '../keras.js';

type Sides = readonly [before: number, after: number];

/** Options of {@link Padding}; a number is for both sides. */
export interface PaddingArgs extends LayerArgs {
  /** Above and below; default 0. */
  rows?: number | Sides;
  /** Left and right; default 0. */
  columns?: number | Sides;
  /** Before the first and after the last channel; default 0. */
  channels?: number | Sides;
  /** What is put there; default 0. */
  value?: number;
}

const sides = option.either(
  option.integer(0),
  option.of(
    'two of them',
    (v) => Array.isArray(v) && v.length === 2 && v.every((n) => option.integer(0).allows(n)),
  ),
);
const rules: LayerRules<PaddingArgs> = {
  rows: sides,
  columns: sides,
  channels: sides,
  value: option.number(),
};

/** Pads x [n, h, w, c] with a constant on every side of height, width and channels. */
export class Padding extends tfl.layers.Layer {
  static className = 'BitgradPadding';
  /** Of height, width and channels. */
  readonly sides: readonly [Sides, Sides, Sides];
  readonly value: number;

  /** @throws BitgradError `invalid-option` */
  constructor(args: PaddingArgs = {}) {
    super(layerOptions('Padding', args, rules));
    const both = (given: number | Sides = 0): Sides =>
      typeof given === 'number' ? [given, given] : [given[0], given[1]];
    this.sides = [both(args.rows), both(args.columns), both(args.channels)];
    this.value = args.value ?? 0;
  }

  override build(inputShape: Shape | Shape[]): void {
    const shape = singleShape(inputShape);
    if (shape.length !== 4)
      throw new BitgradError({
        code: 'shape-mismatch',
        source: 'layers',
        what: `input of layer "${this.name}"`,
        got: shape,
        expected: '[n, height, width, channels]',
      });
    this.built = true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [n, ...sizes] = singleShape(inputShape);
    return [
      n!,
      ...sizes.map((size, i) =>
        typeof size === 'number' ? size + this.sides[i]![0] + this.sides[i]![1] : size,
      ),
    ] as Shape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Record<string, unknown>): tf.Tensor {
    return called(this, inputs, kwargs, (x) => {
      const pads = this.sides.map(([before, after]): [number, number] => [before, after]);
      return tf.pad(x, [[0, 0], ...pads], this.value);
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    const [rows, columns, channels] = this.sides.map((side) => [...side]);
    return { ...super.getConfig(), rows: rows!, columns: columns!, channels: channels!, value: this.value };
  }
}
tf.serialization.registerClass(Padding);

/** A {@link Padding} layer. */
export const padding = (args: PaddingArgs = {}): Padding => new Padding(args);
