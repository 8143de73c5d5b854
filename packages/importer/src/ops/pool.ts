import { option } from '@bitgrad/bits';
import type { OpDraft } from '@bitgrad/runtime';
import { shapeOf } from '@bitgrad/compiler/packing';
import { failure } from '../fail.js';
import { sizeOf, type Sizes, type SourceNode, type Tensor } from '../graph.js';
import { defineSourceOp, type SourceOp } from '../op.js';
import { arranged, asFloat, spatialAxes, plain, type Packed, type PackContext } from '../pack/packed.js';
import { computed } from './elementwise.js';
import { channelAxis, eachTap, planWindow, positionsOf, shapeWith, spaceOf, windowRules, type WindowAttributes } from './windows.js'; // prettier-ignore

const pooledShape = ([x]: readonly Sizes[], a: WindowAttributes, node: SourceNode): Sizes =>
  shapeWith(positionsOf(x!, a, node), x![channelAxis(x!, a.channels)]!, a.channels);

const cost = (_: readonly Sizes[], output: Sizes, a: WindowAttributes): number =>
  sizeOf(output) * sizeOf(a.kernel) + 16 * sizeOf(spaceOf(output, a.channels)) * sizeOf(a.kernel);

const pooled = (
  x: Tensor,
  a: WindowAttributes,
  output: Sizes,
  start: number,
  join: (sum: number, v: number) => number,
) => {
  // prettier-ignore
  const [space, positions] = [spaceOf(x.shape, a.channels), spaceOf(output, a.channels)];
  const count = x.shape[channelAxis(x.shape, a.channels)]!;
  const [xs, xc] = a.channels === 'first' ? [1, sizeOf(space)] : [count, 1];
  const [ys, yc] = a.channels === 'first' ? [1, sizeOf(positions)] : [count, 1];
  const data = new Float64Array(sizeOf(output)).fill(start);
  const taps = new Float64Array(sizeOf(positions));
  eachTap(space, positions, a, (at, from) => {
    taps[at]! += 1;
    for (let c = 0; c < count; c++) {
      const to = at * ys + c * yc;
      data[to] = join(data[to]!, x.data[from * xs + c * xc]!);
    }
  });
  return { data, taps, position: (i: number) => Math.floor(i / ys) % taps.length };
};

/** An image or a signal, as an image of the plan: height and width, then channels. */
const asImage = (x: Packed, a: WindowAttributes, context: PackContext): Packed => {
  const image = arranged(x, spatialAxes(x.shape.length, a.channels), context);
  return a.kernel.length === 1
    ? { ...image, value: { ...image.value, reshape: [1, ...shapeOf(image.value)] } }
    : image;
};

/** The largest element of each window; padded taps do not count. */
export const maxPool: SourceOp = defineSourceOp<WindowAttributes>({
  summary: 'maximum of each window',
  inputs: [1, 1],
  attributes: windowRules,
  shape: pooledShape,
  cost,
  evaluate: ([x], a, output) => ({ shape: output, data: pooled(x!, a, output, -Infinity, Math.max).data }),
  pack([first], a, node, context) {
    const given = asImage(computed(first, node), a, context);
    // A pool and a reshape that are pending already come first.
    const x =
      given.value.pool || given.value.reshape ? { ...asFloat(given, context), levels: given.levels } : given;
    const shape = pooledShape([computed(first, node).shape], a, node);
    const signal = a.kernel.length === 1;
    const positions = spaceOf(shape, a.channels);
    const plan = [...(signal ? [1] : []), ...positions, x.value.shape.at(-1)!];
    const { dilations, ...window } = planWindow(a);
    if (dilations.some((d) => d !== 1)) throw unsupportedDilation(node);
    const pool = { name: node.name, window: { ...window, dilations }, shape: plan };
    const value = { ...x.value, pool, ...(signal ? { reshape: plan.slice(1) } : {}) };
    return {
      value,
      shape,
      axes: spatialAxes(shape.length, a.channels),
      ...(x.levels && { levels: x.levels }),
    };
  },
});

/** The mean of each window: of its real taps, or of all of them with padding as zeros. */
export const avgPool: SourceOp = defineSourceOp<WindowAttributes & { countPadding: boolean }>({
  summary: 'mean of each window',
  inputs: [1, 1],
  attributes: { ...windowRules, countPadding: option.required(option.boolean) },
  shape: pooledShape,
  cost,
  evaluate([x], a, output) {
    const { data, taps, position } = pooled(x!, a, output, 0, (s, v) => s + v);
    const all = sizeOf(a.kernel);
    return { shape: output, data: data.map((v, i) => v / (a.countPadding ? all : taps[position(i)]!)) };
  },
  pack([first], a, node, context) {
    const source = computed(first, node);
    const x = asFloat(asImage(source, a, context), context);
    const shape = pooledShape([source.shape], a, node);
    const { dilations, pads, ...window } = planWindow(a);
    if (dilations.some((d) => d !== 1)) throw unsupportedDilation(node);
    let { buffer } = x.value;
    const zeros = a.countPadding && pads.some((p) => p > 0);
    const [top, left, bottom, right] = pads;
    if (zeros) buffer = context.builder.op({ op: 'pad', name: node.name, inputs: [buffer], before: [top, left, 0], after: [bottom, right, 0], value: 0 }); // prettier-ignore
    const draft: OpDraft = { op: 'avgPool', name: node.name, inputs: [buffer], ...window, dilations, pads: zeros ? [0, 0, 0, 0] : pads }; // prettier-ignore
    const result = plain(context, context.builder.op(draft), shape, spatialAxes(shape.length, a.channels));
    if (a.kernel.length === 2) return result;
    return { ...result, value: { ...result.value, reshape: result.value.shape.slice(1) } };
  },
});

const unsupportedDilation = (node: SourceNode) =>
  failure('unsupported-op', { what: `node "${node.name}" (${node.op}) has a dilated window`, next: 'Pool without dilation.' }); // prettier-ignore
