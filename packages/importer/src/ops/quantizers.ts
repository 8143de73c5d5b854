// Quantizers of the formats, each with the rule at its boundaries.
import { option, roundHalfEven } from '@bitgrad/bits';
import { unsupported } from '../fail.js';
import { sizeOf } from '../graph.js';
import { defineSourceOp, isTensor, type SourceOp } from '../op.js';
import { withFunction } from '../pack/elementwise.js';
import { affine, broadcastAll, computed, constantsOf, elementwise, mapped } from './elementwise.js';

/** -1, 0 or 1: ONNX's sign, which is 0 at 0. */
export const sign: SourceOp = elementwise({
  summary: '-1, 0 or 1',
  f: () => (x) => (x > 0 ? 1 : x < 0 ? -1 : 0),
  lowered: () => undefined,
  levels: () => [-1, 0, 1],
});

/** `low` for x < threshold, `high` from there on. */
export const step: SourceOp = elementwise<{ low: number; high: number; threshold: number }>({
  summary: 'one value below a threshold, another from it on',
  attributes: {
    low: option.required(option.number()),
    high: option.required(option.number()),
    threshold: option.required(option.number()),
  },
  f:
    ({ low, high, threshold }) =>
    (x) =>
      x >= threshold ? high : low,
  lowered: () => undefined,
  levels: ({ low, high }) => [low, high],
});

const roundings: Readonly<Record<string, (x: number) => number>> = {
  ROUND: roundHalfEven,
  CEIL: Math.ceil,
  FLOOR: Math.floor,
  ROUND_TO_ZERO: Math.trunc,
};

interface QuantAttributes {
  readonly bits: number;
  readonly signed: boolean;
  readonly narrow: boolean;
  readonly rounding: string;
}

const integerRange = ({ bits, signed, narrow }: QuantAttributes): [number, number] =>
  signed
    ? [-(2 ** (bits - 1)) + (narrow ? 1 : 0), 2 ** (bits - 1) - 1]
    : [0, 2 ** bits - 1 - (narrow ? 1 : 0)];

const most = 12;

/**
 * QONNX's Quant: y = (clip(round(x / scale + zero)) - zero) * scale.
 * @see https://github.com/fastmachinelearning/qonnx, Quant
 */
export const quant: SourceOp = defineSourceOp<QuantAttributes>({
  summary: 'uniform quantization: (clip(round(x / scale + zero)) - zero) * scale',
  inputs: [3, 3],
  attributes: {
    bits: option.required(option.number(1, 32)),
    signed: option.required(option.boolean),
    narrow: option.required(option.boolean),
    rounding: option.required(option.oneOf(...Object.keys(roundings))),
  },
  shape: (inputs, _, node) => broadcastAll(inputs, node),
  evaluate(inputs, a, shape) {
    const round = roundings[a.rounding]!;
    const [low, high] = integerRange(a);
    return mapped(inputs, shape, (x, s, z) => (Math.min(high, Math.max(low, round(x! / s! + z!))) - z!) * s!);
  },
  pack([first, ...rest], a, node, context) {
    const x = computed(first, node);
    if (a.bits > most) unsupported(node, `quantizes to ${a.bits} bits`, `Quantize activations to at most ${most} bits, or remove the node.`); // prettier-ignore
    const [scale, zero] = constantsOf(rest, x, node) as [number[], number[]];
    const round = roundings[a.rounding]!;
    const [low, high] = integerRange(a);
    const levels = Array.from({ length: Math.floor(high - low) + 1 }, (_, i) => low + i);
    const constants = [scale, zero];
    const grid = withFunction(x, node.name, { f: (v, s, z) => v / s! + z!, constants, lowered: ([s, z]) => [affine(s!.map((n) => 1 / n), z!)] }, context); // prettier-ignore
    const steps = withFunction(grid, node.name, { f: (v) => Math.min(high, Math.max(low, round(v))), constants: [], lowered: () => undefined, levels }, context); // prettier-ignore
    return withFunction(steps, node.name, { f: (v, s, z) => (v - z!) * s!, constants, lowered: ([s, z]) => [affine(s!, s!.map((n, i) => -n * z![i]!))] }, context); // prettier-ignore
  },
});

/** FINN's MultiThreshold: scale * (number of a channel's thresholds that are at most x) + offset. */
export const multiThreshold: SourceOp = defineSourceOp<{ scale: number; offset: number; axis: number }>({
  summary: 'the number of thresholds of the channel that are at most x, times a scale, plus an offset',
  inputs: [2, 2],
  attributes: {
    scale: option.required(option.number()),
    offset: option.required(option.number()),
    axis: option.required(option.integer(1, 4)),
  },
  shape([x, t], { axis }, node) {
    const fits = t!.length === 2 && axis < x!.length && (t![0] === x![axis] || t![0] === 1);
    if (!fits)
      unsupported(
        node,
        `has thresholds of shape [${t!.join(', ')}]`,
        'Give each channel a row of thresholds.',
      );
    return x!;
  },
  cost: ([x, t]) => sizeOf(x!) * (t![1] ?? 1),
  evaluate([x, t], { scale, offset, axis }, shape) {
    const inner = sizeOf(shape.slice(axis + 1));
    const [rows, n] = t!.shape as [number, number];
    const data = x!.data.map((v, i) => {
      const row = rows === 1 ? 0 : Math.floor(i / inner) % shape[axis]!;
      let count = 0;
      for (let k = 0; k < n; k++) if (v >= t!.data[row * n + k]!) count++;
      return scale * count + offset;
    });
    return { shape, data };
  },
  pack([first, t], { scale, offset, axis }, node, context) {
    const x = computed(first, node);
    if (!t || !isTensor(t))
      return unsupported(node, 'has computed thresholds', 'Fold the constants of the model.');
    const [rows, n] = t.shape as [number, number];
    const columns = Array.from({ length: n }, (_, k) => {
      const data = Float64Array.from({ length: rows }, (_, row) => t.data[row * n + k]!);
      const shape = x.shape.map((_, i) => (i === axis ? rows : 1));
      return { shape, data };
    });
    const constants = constantsOf(columns, x, node);
    const levels = Array.from({ length: n + 1 }, (_, i) => scale * i + offset).sort((a, b) => a - b);
    const f = (v: number, ...own: number[]): number =>
      scale * own.reduce((s, at) => s + (v >= at ? 1 : 0), 0) + offset;
    return withFunction(x, node.name, { f, constants, lowered: () => undefined, levels }, context);
  },
});

/** One of two constants for each element, by a condition that is not 0. */
export const where: SourceOp = {
  ...elementwise({
    summary: 'the second input where the first is not 0, else the third',
    constants: [2, 2],
    f: () => (condition, yes, no) => (condition !== 0 ? yes! : no!),
    lowered: () => undefined,
  }),
  pack(inputs, _, node, context) {
    const x = computed(inputs[0], node);
    const constants = constantsOf(inputs.slice(1), x, node);
    if (!constants.every((list) => list.length === 1) || !x.levels?.every((v) => v === 0 || v === 1)) unsupported(node, 'chooses between values that differ by channel, or by a value that is no comparison', 'Choose between two numbers by a comparison with a constant.'); // prettier-ignore
    // Between 0 and 1 anything would do; a step is what thresholds are found of.
    const f = (condition: number, yes?: number, no?: number): number => (condition >= 0.5 ? yes! : no!);
    return withFunction(
      x,
      node.name,
      { f, constants, lowered: () => undefined, levels: constants.flat() },
      context,
    );
  },
};
