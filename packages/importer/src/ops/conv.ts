import { option } from '@bitgrad/bits';
import { failure, unsupported } from '../fail.js';
import { sizeOf, type Sizes } from '../graph.js';
import { defineSourceOp, isTensor, type SourceOp } from '../op.js';
import { arranged, spatialAxes, type Packed } from '../pack/packed.js';
import { kernelOf, productOf } from '../pack/product.js';
import { shapeOf } from '@bitgrad/compiler/packing';
import { channelAxis, eachTap, planWindow, positionsOf, shapeWith, spaceOf, windowRules, type WindowAttributes } from './windows.js'; // prettier-ignore
import { computed } from './elementwise.js';

interface ConvAttributes extends WindowAttributes {
  readonly groups: number;
  /** Value of padded taps. */
  readonly padValue: number;
}

/** Elements between neighbours of space and of channels. */
const steps = (space: number, count: number, channels: 'first' | 'last'): [number, number] =>
  channels === 'first' ? [1, space] : [count, 1];

/**
 * Convolution (cross-correlation) over one or two axes of space. inputs: x; kernel [outputs, ...kernel, inputs / groups];
 * bias [outputs], optional. Output channel o is of group floor(o / (outputs / groups)).
 */
export const conv: SourceOp = defineSourceOp<ConvAttributes>({
  summary: 'convolution over one or two axes of space, grouped or depthwise too',
  inputs: [2, 3],
  attributes: {
    ...windowRules,
    groups: option.required(option.integer(1)),
    padValue: option.required(option.number()),
  },
  shape([x, w, bias], a, node) {
    const count = positionsOf(x!, a, node);
    const cin = x![channelAxis(x!, a.channels)]!;
    const wanted = [w![0]!, ...a.kernel, cin / a.groups];
    const fits =
      w!.length === wanted.length && w!.every((n, i) => n === wanted[i]) && w![0]! % a.groups === 0;
    if (!fits || (bias && sizeOf(bias) !== w![0]))
      throw failure('shape-mismatch', { what: `kernel of node "${node.name}" (conv)`, got: [w, bias], expected: `[outputs, ${wanted.slice(1).join(', ')}] for ${cin} channels in ${a.groups} groups, and a bias for each output` }); // prettier-ignore
    return shapeWith(count, w![0]!, a.channels);
  },
  cost: ([, w], output, { channels }) =>
    (sizeOf(w!) / w![0]!) * sizeOf(output) + 16 * sizeOf(spaceOf(output, channels)) * sizeOf(w!.slice(1, -1)),
  evaluate([x, w, bias], a, output) {
    const [space, positions] = [spaceOf(x!.shape, a.channels), spaceOf(output, a.channels)];
    const [cin, cout] = [x!.shape[channelAxis(x!.shape, a.channels)]!, w!.shape[0]!];
    const [own, per] = [cin / a.groups, cout / a.groups];
    const [xs, xc] = steps(sizeOf(space), cin, a.channels);
    const [ys, yc] = steps(sizeOf(positions), cout, a.channels);
    const taps = sizeOf(a.kernel);
    const data = new Float64Array(sizeOf(output));
    for (let o = 0; o < cout; o++) {
      const first = Math.floor(o / per) * own;
      const row = o * taps * own;
      const add = (at: number, tap: number, value: (c: number) => number): void => {
        let sum = 0;
        for (let c = 0; c < own; c++) sum += w!.data[row + tap * own + c]! * value(c);
        data[at * ys + o * yc]! += sum;
      };
      const padded =
        a.padValue === 0 ? undefined : (at: number, tap: number) => add(at, tap, () => a.padValue);
      eachTap(space, positions, a, (at, from, tap) => add(at, tap, (c) => x!.data[from * xs + (first + c) * xc]!), padded); // prettier-ignore
      if (bias) for (let at = 0; at < sizeOf(positions); at++) data[at * ys + o * yc]! += bias.data[bias.data.length === 1 ? 0 : o]!; // prettier-ignore
    }
    return { shape: output, data };
  },
  pack([first, w, bias], a, node, context) {
    const x = computed(first, node);
    if (!w || !isTensor(w) || (bias && !isTensor(bias))) return unsupported(node, 'has a computed kernel', 'Fold the constants of the model.'); // prettier-ignore
    const signal = a.kernel.length === 1;
    const image = arranged(x, spatialAxes(x.shape.length, a.channels), context);
    const plan = shapeOf(image.value);
    const flat: Packed = signal ? { ...image, value: { ...image.value, reshape: [1, ...plan] } } : image;
    const [cin, cout] = [plan.at(-1)!, w.shape[0]!];
    const window = planWindow(a);
    const perRow = w.data.length / cout;
    const depthwise = a.groups > 1 && a.groups === cin;
    const kernel = kernelOf(w.data, cout, (i) => Math.floor(i / perRow));
    const layout = depthwise
      ? { shape: [...window.kernel, cout], channels: cout, channelOf: (i: number) => i % cout, order: (i: number) => (i % cout) * perRow + Math.floor(i / cout) } // prettier-ignore
      : { shape: [cout, ...window.kernel, cin / a.groups], channels: cout, channelOf: (i: number) => Math.floor(i / perRow), order: (i: number) => i }; // prettier-ignore
    const value = productOf(
      flat,
      {
        op: depthwise ? 'depthwise' : 'conv',
        kernel,
        layout,
        window,
        padValue: a.padValue,
        attributes: depthwise ? { multiplier: cout / cin } : { groups: a.groups },
        ...(bias && {
          bias: Array.from({ length: cout }, (_, o) => bias.data[bias.data.length === 1 ? 0 : o]!),
        }),
      },
      node,
      context,
    );
    const positions = shapeOf(value).slice(signal ? 1 : 0, -1);
    const shape = shapeWith(positions, cout, a.channels);
    return {
      value: signal ? { ...value, reshape: [...positions, cout] } : value,
      shape,
      axes: spatialAxes(shape.length, a.channels),
    };
  },
});

/** Space as a whole: the shape of a value by its axes, for pools over all of it. */
export const wholeWindow = (shape: Sizes, channels: 'first' | 'last'): WindowAttributes => {
  const space = spaceOf(shape, channels);
  const ones = space.map(() => 1);
  return { kernel: space, strides: ones, dilations: ones, pads: [...space, ...space].map(() => 0), channels };
};
