// One rule for each op: given the op's attributes (already of the right JSON type), its inputs and weights, it
// checks what plan.ts demands and returns the type and shape of the output and the cost of one inference.
import type { ErrorCode } from '@bitgrad/bits';
import type { BufferSpec, ElementType, OpName, Shape, WeightSpec } from '../plan.js';
import { channelCount, elementCount } from '../tensors.js';

/** JSON kinds of attributes: pairs and pads are integer lists, `perAxis` has one entry for each axis of input 0. */
export type AttributeKind =
  'pair' | 'pads' | 'perAxis' | 'count' | 'axis' | 'shift' | 'number' | 'bound' | 'boolean' | 'function';

/** What a rule sees. */
export interface RuleArguments {
  /** Sanitized attributes. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each rule knows the attributes its row declares
  a: any;
  x: readonly BufferSpec[];
  w: readonly WeightSpec[];
  /** The declared output: only `slice` and `reshape`, whose result is not decided by the rest, look at it. */
  out: BufferSpec;
  /** Raises `invalid-file` about a field of the op unless `ok`. */
  need: Need;
}

/** See {@link RuleArguments}; `code` is another code than `invalid-file`. */
export type Need = (ok: boolean, field: string, got: unknown, expected: string, code?: ErrorCode) => void;

/** Type and shape of the output, and operations of one inference when more than one for each output element. */
export interface RuleResult {
  type: ElementType;
  shape: Shape;
  cost?: number;
}

interface OpRule {
  inputs: readonly [number, number];
  weights: number;
  attributes: Readonly<Record<string, AttributeKind>>;
  rule: (args: RuleArguments) => RuleResult;
}

const showSpec = ({ type, shape }: { type: ElementType; shape: Shape }): string =>
  `${type} [${shape.join(', ')}]`;

const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((size, i) => size === b[i]);

function needType(need: Need, field: string, { type }: WeightSpec, types: readonly ElementType[]): void {
  need(types.includes(type), `${field}.type`, type, types.join(' or '));
}

/** Demands a type and shape of a buffer or weight. */
export function needSpec(need: Need, field: string, spec: WeightSpec, type: ElementType, shape: Shape): void {
  need(spec.type === type && sameShape(spec.shape, shape), field, showSpec(spec), showSpec({ type, shape }));
}

/** Checks a window against input 0 and returns the output's height and width. */
function windowOutput({ a, x, need }: RuleArguments): [number, number] {
  const { shape } = x[0]!;
  need(shape.length === 3, 'inputs[0].shape', shape, '3 axes: height, width, channels');
  need(a.kernel[0] * a.kernel[1] <= 2 ** 20, 'kernel', a.kernel, 'at most 2^20 taps');
  return [0, 1].map((axis) => {
    const extent = (a.kernel[axis] - 1) * a.dilations[axis] + 1;
    for (const pad of [axis, axis + 2])
      need(a.pads[pad] < extent, `pads[${pad}]`, a.pads[pad], `less than the window, ${extent}`);
    const room = shape[axis]! + a.pads[axis] + a.pads[axis + 2] - extent;
    need(room >= 0, `kernel[${axis}]`, a.kernel[axis], `a window within the padded input, ${room + extent}`);
    return Math.floor(room / a.strides[axis]) + 1;
  }) as [number, number];
}

/** Type of the accumulators, after checking types, padding and the overflow bound of `terms` products. */
function accumulator({ a, x, w, need }: RuleArguments, terms: number): ElementType {
  const [input, weight] = [x[0]!.type, w[0]!.type];
  needType(need, 'inputs[0]', x[0]!, ['bits', 'u8', 'f32']);
  needType(need, 'weights[0]', w[0]!, input === 'f32' ? ['bits', 'i8', 'f32'] : ['bits', 'i8']);
  const { padValue = 0, shift = 0 } = a;
  const maxPad = { bits: 1, u8: 65535, f32: 0 }[input as 'u8'];
  need(input === 'u8' || shift === 0, 'shift', shift, `0 with ${input} input`);
  need(
    Number.isInteger(padValue) && Math.abs(padValue) <= maxPad,
    'padValue',
    padValue,
    `an integer of magnitude at most ${maxPad} with ${input} input`,
  );
  if (input === 'f32') return 'f32';
  const bound =
    terms *
    Math.max(input === 'bits' ? 1 : 255 * 2 ** shift, Math.abs(padValue)) *
    (weight === 'i8' ? 128 : 1);
  need(bound < 2 ** 31, 'accumulator', bound, 'less than 2^31', 'overflow');
  return 'i32';
}

const channelWeights = ({ x, w, need }: RuleArguments, type: ElementType, from = 0): void => {
  const shape = [channelCount(x[0]!.shape)];
  for (let i = from; i < w.length; i++) needSpec(need, `weights[${i}]`, w[i]!, type, shape);
};

/** A rule for elementwise float ops. */
const floats = (args: RuleArguments): RuleResult => {
  needType(args.need, 'inputs[0]', args.x[0]!, ['f32']);
  channelWeights(args, 'f32');
  return args.x[0]!;
};

const sum =
  (types: readonly ElementType[]) =>
  ({ x, need }: RuleArguments): RuleResult => {
    const [a, b] = x as [BufferSpec, BufferSpec];
    needType(need, 'inputs[0]', a, types);
    const row =
      a.shape.length === b.shape.length &&
      elementCount(b.shape) === channelCount(a.shape) &&
      channelCount(b.shape) === channelCount(a.shape);
    need(
      b.type === a.type && (row || sameShape(a.shape, b.shape)),
      'inputs[1]',
      showSpec(b),
      `${showSpec(a)} or one row of it`,
    );
    return a;
  };

const pool = (args: RuleArguments, type: ElementType): RuleResult => {
  const { a, x, need } = args;
  const [h, w] = windowOutput(args);
  need(
    a.dilations.every((d: number) => d === 1),
    'dilations',
    a.dilations,
    '[1, 1]',
  );
  const shape = [h, w, x[0]!.shape[2]!];
  return { type, shape, cost: elementCount(shape) * a.kernel[0] * a.kernel[1] };
};

const windowAttributes = { kernel: 'pair', strides: 'pair', dilations: 'pair', pads: 'pads' } as const;
const padding = { padValue: 'number', shift: 'shift' } as const;
const none = {};
const one = [1, 1] as const;

/** Inputs (least and most), number of weights, attributes and rule of every op. */
export const opRules: Readonly<Record<OpName, OpRule>> = {
  conv: {
    inputs: one,
    weights: 1,
    attributes: { ...windowAttributes, ...padding, groups: 'count' },
    rule: (args) => {
      const { a, x, w, need } = args;
      const [outH, outW] = windowOutput(args);
      const cIn = x[0]!.shape[2]!;
      const cOut = w[0]!.shape[0]!;
      need(
        cIn % a.groups === 0 && cOut % a.groups === 0,
        'groups',
        a.groups,
        `a divisor of ${cIn} and ${cOut}`,
      );
      const shape = [cOut, ...a.kernel, cIn / a.groups];
      const terms = elementCount(shape) / cOut;
      const type = accumulator(args, terms);
      needSpec(need, 'weights[0]', w[0]!, w[0]!.type, shape);
      return { type, shape: [outH, outW, cOut], cost: outH * outW * cOut * terms };
    },
  },
  depthwise: {
    inputs: one,
    weights: 1,
    attributes: { ...windowAttributes, ...padding, multiplier: 'count' },
    rule: (args) => {
      const { a, x, w, need } = args;
      const [outH, outW] = windowOutput(args);
      const c = x[0]!.shape[2]! * a.multiplier;
      const type = accumulator(args, a.kernel[0] * a.kernel[1]);
      needSpec(need, 'weights[0]', w[0]!, w[0]!.type, [...a.kernel, c]);
      return { type, shape: [outH, outW, c], cost: outH * outW * c * a.kernel[0] * a.kernel[1] };
    },
  },
  dense: {
    inputs: one,
    weights: 1,
    attributes: none,
    rule: (args) => {
      const { x, w, need } = args;
      const { shape } = x[0]!;
      const k = channelCount(shape);
      const units = w[0]!.shape[0]!;
      const type = accumulator(args, k);
      needSpec(need, 'weights[0]', w[0]!, w[0]!.type, [units, k]);
      return { type, shape: [...shape.slice(0, -1), units], cost: elementCount(shape) * units };
    },
  },
  matmul: {
    inputs: [2, 2],
    weights: 0,
    attributes: { transposeB: 'boolean' },
    rule: ({ a: { transposeB }, x, need }) => {
      const [a, b] = x as [BufferSpec, BufferSpec];
      needType(need, 'inputs[0]', a, transposeB ? ['f32', 'bits'] : ['f32']);
      const rank = a.shape.length;
      need(rank >= 2, 'inputs[0].shape', a.shape, '2 to 4 axes');
      const k = a.shape[rank - 1]!;
      const n = b.shape[rank - (transposeB ? 2 : 1)] ?? 1;
      const lead = a.shape.slice(0, -2);
      needSpec(need, 'inputs[1]', b, a.type, [...lead, ...(transposeB ? [n, k] : [k, n])]);
      const shape = [...lead, a.shape[rank - 2]!, n];
      return { type: a.type === 'f32' ? 'f32' : 'i32', shape, cost: elementCount(shape) * k };
    },
  },
  threshold: {
    inputs: one,
    weights: 2,
    attributes: none,
    rule: (args) => {
      const { x, w, need } = args;
      channelWeights(args, 'bits', 1);
      needSpec(need, 'weights[0]', w[0]!, x[0]!.type === 'f32' ? 'f32' : 'i32', w[1]!.shape);
      return { type: 'bits', shape: x[0]!.shape };
    },
  },
  affine: {
    inputs: one,
    weights: 2,
    attributes: none,
    rule: (args) => {
      channelWeights(args, 'f32');
      return { type: 'f32', shape: args.x[0]!.shape };
    },
  },
  quantize: {
    inputs: one,
    weights: 2,
    attributes: none,
    rule: ({ x, w, need }) => {
      needType(need, 'inputs[0]', x[0]!, ['f32']);
      const n = elementCount(w[0]!.shape);
      needSpec(need, 'weights[0]', w[0]!, 'f32', [n]);
      needSpec(need, 'weights[1]', w[1]!, 'f32', [n + 1]);
      return { ...x[0]!, cost: elementCount(x[0]!.shape) * Math.ceil(Math.log2(n + 1)) };
    },
  },
  clamp: {
    inputs: one,
    weights: 0,
    attributes: { min: 'bound', max: 'bound' },
    rule: (args) => {
      const { min, max } = args.a;
      args.need(min === null || max === null || min <= max, 'max', max, `at least min, ${min}`);
      return floats(args);
    },
  },
  prelu: { inputs: one, weights: 3, attributes: none, rule: floats },
  unary: {
    inputs: one,
    weights: 0,
    attributes: { function: 'function' },
    rule: (args) => ({ ...floats(args), cost: elementCount(args.x[0]!.shape) * 16 }),
  },
  add: { inputs: [2, 2], weights: 0, attributes: none, rule: sum(['f32', 'i32']) },
  mul: { inputs: [2, 2], weights: 0, attributes: none, rule: sum(['f32']) },
  maxPool: {
    inputs: one,
    weights: 0,
    attributes: windowAttributes,
    rule: (args) => pool(args, args.x[0]!.type),
  },
  avgPool: { inputs: one, weights: 0, attributes: windowAttributes, rule: (args) => pool(args, 'f32') },
  concat: {
    inputs: [2, 64],
    weights: 0,
    attributes: { axis: 'axis' },
    rule: ({ a: { axis }, x, need }) => {
      const shape = [...x[0]!.shape];
      for (const [i, spec] of x.entries()) {
        if (i === 0) continue;
        const size = spec.shape[axis] ?? 1;
        needSpec(
          need,
          `inputs[${i}]`,
          spec,
          x[0]!.type,
          x[0]!.shape.map((s, j) => (j === axis ? size : s)),
        );
        shape[axis]! += size;
      }
      return { type: x[0]!.type, shape };
    },
  },
  pad: {
    inputs: one,
    weights: 0,
    attributes: { before: 'perAxis', after: 'perAxis', value: 'number' },
    rule: ({ a: { before, after, value }, x, need }) => {
      const { type, shape } = x[0]!;
      const ok =
        type === 'f32' ||
        (Number.isInteger(value) &&
          (type === 'u8'
            ? value >= 0 && value <= 255
            : type === 'bits'
              ? Math.abs(value) === 1
              : (value | 0) === value));
      need(ok, 'value', value, `a value of ${type}`);
      return { type, shape: shape.map((size, i) => size + before[i] + after[i]) };
    },
  },
  slice: {
    inputs: one,
    weights: 0,
    attributes: { begin: 'perAxis' },
    rule: ({ a: { begin }, x, out, need }) => {
      const { type, shape } = x[0]!;
      need(
        out.shape.length === shape.length && shape.every((size, i) => begin[i] + out.shape[i]! <= size),
        'output',
        showSpec(out),
        `a part of ${showSpec(x[0]!)} from [${begin}]`,
      );
      return { type, shape: out.shape };
    },
  },
  reshape: {
    inputs: one,
    weights: 0,
    attributes: none,
    rule: ({ x, out, need }) => {
      const { type, shape } = x[0]!;
      need(
        elementCount(out.shape) === elementCount(shape),
        'output',
        showSpec(out),
        `${elementCount(shape)} elements`,
      );
      return { type, shape: out.shape };
    },
  },
  transpose: {
    inputs: one,
    weights: 0,
    attributes: { permutation: 'perAxis' },
    rule: ({ a: { permutation }, x, need }) => {
      const { type, shape } = x[0]!;
      need(
        shape.every((_, i) => permutation.includes(i)),
        'permutation',
        permutation,
        `each of 0 to ${shape.length - 1} once`,
      );
      return { type, shape: permutation.map((axis: number) => shape[axis]!) };
    },
  },
  softmax: {
    inputs: one,
    weights: 0,
    attributes: none,
    rule: (args) => ({ ...floats(args), cost: elementCount(args.x[0]!.shape) * 16 }),
  },
  layerNorm: {
    inputs: one,
    weights: 2,
    attributes: { epsilon: 'number' },
    rule: (args) => {
      const { epsilon } = args.a;
      args.need(Math.fround(epsilon) > 0 && epsilon < 1e30, 'epsilon', epsilon, 'a positive float32');
      return floats(args);
    },
  },
  constant: {
    inputs: [0, 0],
    weights: 1,
    attributes: none,
    rule: ({ w, need }) => {
      needType(need, 'weights[0]', w[0]!, ['bits', 'u8', 'i32', 'f32']);
      return w[0]!;
    },
  },
};
