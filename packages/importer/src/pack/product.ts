// Products in the plan: of bits where the input has two levels, of as many sums of bits as there are steps where it has a
// few, of bytes, or of float32. All but the last are exact integers.
import { uniformAffine, paddedTap, productValue, floatOperand, toBits, uniformToFloat, deployed, isInteger, storeKernel, shapeOf, type DeployedKernel, type KernelLayout, type Operand, type Value, plainValue } from '@bitgrad/compiler/packing'; // prettier-ignore
import { windowExtent } from '@bitgrad/bits';
import type { ConvOp, DepthwiseOp, OpDraft, Window } from '@bitgrad/runtime';
import type { SourceNode } from '../graph.js';
import { asFloat, unfolded, type Packed, type PackContext } from './packed.js';

/** Whether the integers that a kernel is stored as stand for it, to the last bits of float32. */
const faithful = (weights: Float32Array, { levels, unit }: DeployedKernel): boolean =>
  unit !== undefined &&
  weights.every((w, i) => Math.abs(Math.round(levels[i]! / unit) * unit - w) <= 1e-6 * unit);

/**
 * A kernel as levels and one scale for each output channel: integers where the weights are multiples of a step.
 * @param weights in the order of the source
 * @param channelOf output channel of each element
 */
export function kernelOf(
  weights: Float64Array,
  channels: number,
  channelOf: (i: number) => number,
): DeployedKernel {
  const own = Float32Array.from(weights);
  const whole = deployed(own, Float32Array.of(1));
  if (whole.binary) return whole;
  // Each channel in units of its own smallest weight.
  const least = new Float32Array(channels).fill(Infinity);
  own.forEach((w, i) => {
    if (w !== 0) least[channelOf(i)] = Math.min(least[channelOf(i)]!, Math.abs(w));
  });
  const scale = least.map((v) => (v === Infinity ? 1 : v));
  const levels = own.map((w, i) => {
    const level = w / scale[channelOf(i)]!;
    return Math.abs(level - Math.round(level)) < 1e-6 ? Math.round(level) : level;
  });
  const each = deployed(levels, scale);
  if (each.binary) return each;
  if (faithful(own, whole)) return whole;
  return faithful(levels, each) ? each : { levels: own, scale: Float32Array.of(1), binary: false };
}

/** Levels with equal steps between them: from `low` on, `count` times `step`. */
const gridOf = (levels: readonly number[] | undefined) => {
  if (!levels || levels.length < 2) return undefined;
  const [low, count] = [levels[0]!, levels.length - 1];
  const size = (levels.at(-1)! - low) / count;
  const even = levels.every((level, i) => Math.abs(level - (low + i * size)) <= 1e-9 * size);
  return even ? { low, count, step: size } : undefined;
};

/** The bits of a value's steps: one buffer for each level but the lowest, +1 where the value is at least that level. */
const planesOf = (x: Packed, name: string, { builder }: PackContext): number[] =>
  x.levels!.slice(1).map((level, i) => {
    const middle = (level + x.levels![i]!) / 2;
    const codes = (values: ArrayLike<number>) => {
      const signs = new Float32Array(values.length);
      for (let k = 0; k < signs.length; k++) signs[k] = values[k]! > middle ? 1 : -1;
      return signs;
    };
    return toBits(builder, x.value, { codes, perChannel: false }, name);
  });

/** What multiplies a kernel: one buffer, or several of bits with one kernel. */
interface Operands {
  readonly operand: Operand;
  readonly buffers: readonly number[];
}

/** An input as stored numbers. */
function operandsOf(x: Packed, kernel: DeployedKernel, node: SourceNode, context: PackContext): Operands {
  const shape = shapeOf(x.value);
  const grid = gridOf(x.levels);
  const note = (reason: string): void => void context.fallbacks.push({ node: node.name, reason });
  const float = (): Operands => {
    const { buffer } = asFloat(x, context).value;
    return { operand: floatOperand(buffer, shape), buffers: [buffer] };
  };
  if (grid && grid.count <= context.planes && isInteger(kernel)) {
    const buffers = planesOf(x, node.name, context);
    const [unit, offset] = [grid.step / 2, grid.low + (grid.step * grid.count) / 2];
    const operand = { buffer: buffers[0]!, type: 'bits' as const, shape, unit, offset, planes: grid.count };
    return { operand, buffers };
  }
  if (x.levels && isInteger(kernel))
    note(`its input has ${x.levels.length} levels, of which bits would need ${x.levels.length - 1} planes`); // prettier-ignore
  else if (grid && grid.count === 1) note('its kernel is float32');
  if (isInteger(kernel) && !x.levels) {
    const plain = unfolded(x, context);
    const bytes = uniformAffine(plain.value);
    if (bytes) {
      const { buffer } = plain.value;
      const operand: Operand = { buffer, type: 'u8', shape, unit: bytes.scale, offset: bytes.bias };
      return { operand, buffers: [buffer] };
    }
    if (kernel.binary) note('its input is float32');
  }
  return float();
}

interface Taps {
  readonly shift: number;
  readonly padValues: readonly number[];
}

/** What padded taps count for in each operand; undefined where integers cannot say it. */
function tapsOf({ operand, buffers }: Operands, padValue: number): Taps | undefined {
  if (operand.type === 'f32') return padValue === 0 ? { shift: 0, padValues: [0] } : undefined;
  if (operand.type === 'u8') {
    const tap = paddedTap(operand, padValue);
    return tap && { shift: tap.shift, padValues: [tap.padValue] };
  }
  // Each plane's padded taps are +1, 0 or -1, and together the stored value of the padding.
  const stored = Math.round((padValue - operand.offset) / operand.unit);
  if (Math.abs(stored * operand.unit + operand.offset - padValue) > 1e-9 || Math.abs(stored) > buffers.length)
    return undefined;
  return { shift: 0, padValues: buffers.map((_, i) => (i < Math.abs(stored) ? Math.sign(stored) : 0)) };
}

/** Operands and window whose padding the plan can write; else the input in float32, padded by an op of its own. */
function padded(
  given: Operands,
  window: Window | undefined,
  padValue: number,
  node: SourceNode,
  context: PackContext,
): { operands: Operands; window: Window | undefined; taps: Taps } {
  const none = { shift: 0, padValues: given.buffers.map(() => 0) };
  if (!window || window.pads.every((p) => p === 0)) return { operands: given, window, taps: none };
  // A plan's padding is less than its window.
  const extents = [0, 1, 0, 1].map((axis) => windowExtent(window.kernel[axis]!, window.dilations[axis]!));
  const small = window.pads.every((p, i) => p < extents[i]!);
  const taps = small ? tapsOf(given, padValue) : undefined;
  if (taps) return { operands: given, window, taps };
  const { builder, fallbacks } = context;
  const { operand, buffers } = given;
  let [buffer] = buffers as [number];
  if (operand.type !== 'f32') {
    fallbacks.push({
      node: node.name,
      reason: 'its padding has no integer value in the coding of its input, or is as large as its window',
    });
    const floats = buffers.map((bits, i) => uniformToFloat(builder, bits, operand.unit, i === 0 ? operand.offset : 0, node.name)); // prettier-ignore
    buffer = floats.reduce((a, b) => builder.op({ op: 'add', name: node.name, inputs: [a, b] }));
  }
  const [top, left, bottom, right] = window.pads;
  const ends = { before: [top, left, 0], after: [bottom, right, 0] };
  const out = builder.op({ op: 'pad', name: node.name, inputs: [buffer], ...ends, value: padValue });
  const float = floatOperand(out, builder.buffers[out]!.shape);
  return { operands: { operand: float, buffers: [out] }, window: { ...window, pads: [0, 0, 0, 0] }, taps: { shift: 0, padValues: [0] } }; // prettier-ignore
}

/** A product and its place in the plan. */
export interface ProductParts {
  readonly op: 'conv' | 'depthwise' | 'dense';
  readonly kernel: DeployedKernel;
  readonly layout: KernelLayout;
  readonly window?: Window;
  readonly padValue?: number;
  readonly attributes?: Partial<Pick<ConvOp, 'groups'> & Pick<DepthwiseOp, 'multiplier'>>;
  readonly bias?: readonly number[];
}

/** Writes a product: the value of its sums, with scales and bias pending. */
export function productOf(x: Packed, parts: ProductParts, node: SourceNode, context: PackContext): Value {
  const { builder } = context;
  const { op, layout, window: given, padValue = 0, attributes = {}, bias } = parts;
  const found = operandsOf(x, parts.kernel, node, context);
  const { operands, window, taps } = padded(found, given, padValue, node, context);
  const kernel = storeKernel(parts.kernel, layout, operands.operand.type, builder);
  const ends = (buffer: number, i: number) => {
    const tap = op === 'dense' ? {} : { shift: taps.shift, padValue: taps.padValues[i]! };
    return { op, name: node.name, inputs: [buffer], weights: [kernel.weight], ...window, ...attributes, ...tap } as OpDraft; // prettier-ignore
  };
  const sums = operands.buffers.map((buffer, i) => builder.op(ends(buffer, i)));
  const sum = sums.reduce((a, b) => builder.op({ op: 'add', name: node.name, inputs: [a, b] }));
  const spec = builder.buffers[sum]!;
  const value = plainValue(sum, spec.type as Value['type'], spec.shape);
  const tap = { shift: taps.shift, padValue: taps.padValues[0]! };
  return productValue(node.name, value, operands.operand, kernel, tap, bias);
}
