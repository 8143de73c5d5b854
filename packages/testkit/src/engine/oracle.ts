// An independent evaluation of plans for tests: every buffer is a list of doubles (packed levels as +1 and -1),
// every op is written from its definition by index arithmetic, with no packing and no tricks. Sums of products
// are taken in double precision: compare only plans whose sums are exact in float32, or with a tolerance. With
// `float32` it rounds each step in the order that plan.ts states: then every engine must agree bit for bit.
import { evaluateExpression, type Expression, float32 as float32Arithmetic } from '@bitgrad/bits';
import {
  boxesOf,
  isElementwise,
  isRowwise,
  opDefinitions,
  rowOf,
  valueOf,
  type Op,
  type PackedModel as Model,
  type RowwiseOp,
  type Shape,
  type TensorData,
  type WeightSpec,
} from '@bitgrad/runtime';

type Values = number[];
interface Value {
  type: string;
  shape: Shape;
  v: Values;
}

const size = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);

/** All index tuples of a shape in row-major order. */
function* indices(shape: Shape): Generator<number[]> {
  const at = shape.map(() => 0);
  for (let n = size(shape); n > 0; n--) {
    yield [...at];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++at[axis]! < shape[axis]!) break;
      at[axis] = 0;
    }
  }
}

const flat = (shape: Shape, at: readonly number[]): number =>
  at.reduce((sum, i, axis) => sum * shape[axis]! + i, 0);

/** Elements of a stored tensor as numbers. */
function unpack({ type, shape }: WeightSpec, data: TensorData): Values {
  if (type !== 'bits') return Array.from(data as Float32Array);
  const c = shape[shape.length - 1]!;
  const words = Math.ceil(c / 32);
  return Array.from({ length: size(shape) }, (_, i) => {
    const [row, k] = [Math.floor(i / c), i % c];
    return Math.floor(data[row * words + Math.floor(k / 32)]! / 2 ** (k % 32)) % 2 === 1 ? -1 : 1;
  });
}

const f = Math.fround;

/** Real taps of a window as [tap, y, x]; and the number of taps. */
function windowTaps(op: Extract<Op, { op: 'conv' | 'maxPool' }>, [h, w]: Shape, oy: number, ox: number) {
  const real: [number, number, number][] = [];
  const padded: number[] = [];
  for (let i = 0; i < op.kernel[0]; i++)
    for (let j = 0; j < op.kernel[1]; j++) {
      const y = oy * op.strides[0] - op.pads[0] + i * op.dilations[0];
      const x = ox * op.strides[1] - op.pads[1] + j * op.dilations[1];
      if (y >= 0 && y < h! && x >= 0 && x < w!) real.push([i * op.kernel[1] + j, y, x]);
      else padded.push(i * op.kernel[1] + j);
    }
  return { real, padded };
}

/** A row of an op that is steps over rows. */
function evaluateRow(op: RowwiseOp, row: Values, weights: Record<string, Values>, float32: boolean): Values {
  const arithmetic = float32 ? float32Arithmetic : undefined;
  const { steps, value } = rowOf(op, row.length);
  const scope: Record<string, Values> = { x: row, ...weights };
  const each = (of: Expression): Values =>
    row.map((_, i) => {
      const here = Object.entries(scope).map(([name, values]) => [name, values[i]!] as const);
      return evaluateExpression(of, Object.fromEntries(here), arithmetic);
    });
  for (const { name, of, over, then } of steps) {
    const values = each(of);
    const sum = (a: number, v: number): number => (float32 ? f(a + v) : a + v);
    const total = over === 'max' ? values.reduce((m, v) => (v > m ? v : m)) : values.reduce(sum, 0);
    const number = then ? evaluateExpression(then, { total }, arithmetic) : total;
    scope[name] = over ? row.map(() => number) : values;
  }
  return each(value);
}

function evaluate(op: Op, x: Value[], w: Value[], out: Shape, float32: boolean): Values {
  const result: Values = [];
  const round = float32 && x[0]?.type === 'f32' ? f : (v: number) => v;
  const total = (values: Values): number => values.reduce((s, v) => round(s + v), 0);
  const [a, b] = x as [Value, Value];
  const c = out[out.length - 1]!;
  if (isRowwise(op)) {
    const names = opDefinitions[op.op].weights ?? [];
    const weights = Object.fromEntries(names.map((name, i) => [name, w[i]!.v]));
    const starts = Array.from({ length: size(out) / c }, (_, row) => row * c);
    return starts.flatMap((at) => evaluateRow(op, a.v.slice(at, at + c), weights, float32));
  }
  for (const at of indices(out)) {
    const channel = at[at.length - 1]!;
    const same = op.op === 'constant' ? 0 : a.v[flat(out, at)]!;
    // Sums of integers wrap; every other op of single elements is what its definition says.
    if (op.op === 'add' && a.type === 'i32') {
      result.push((same + b.v[b.v.length === a.v.length ? flat(out, at) : channel]!) | 0);
      continue;
    }
    if (isElementwise(op)) {
      const names = opDefinitions[op.op].weights ?? [];
      const inputs: Record<string, number> = { x: f(same) };
      if (b) inputs.y = b.v[b.v.length === a.v.length ? flat(out, at) : channel]!;
      names.forEach((name, i) => (inputs[name] = w[i]!.v[channel]!));
      // Smooth functions in double precision, unless asked for float32: the plan says where they are compared to a tolerance.
      const exact = float32 || op.op !== 'unary';
      result.push(evaluateExpression(valueOf(op), inputs, exact ? float32Arithmetic : undefined));
      continue;
    }
    switch (op.op) {
      case 'conv': {
        const [oy, ox, o] = at as [number, number, number];
        const { real, padded } = windowTaps(op as never, a.shape, oy, ox);
        const n = w[0]!.shape[3]!;
        const taps = op.kernel[0] * op.kernel[1];
        const group = Math.floor(o / (c / op.groups));
        let sum = 0;
        for (const [tap, y, px] of real)
          for (let k = 0; k < n; k++)
            sum = round(
              sum + round(a.v[flat(a.shape, [y, px, group * n + k])]! * w[0]!.v[(o * taps + tap) * n + k]!),
            );
        sum *= 2 ** op.shift;
        for (const tap of padded)
          for (let k = 0; k < n; k++) sum += op.padValue * w[0]!.v[(o * taps + tap) * n + k]!;
        result.push(sum);
        break;
      }
      case 'depthwise': {
        const [oy, ox, q] = at as [number, number, number];
        const { real, padded } = windowTaps(op as never, a.shape, oy, ox);
        let sum = 0;
        for (const [tap, y, px] of real)
          sum = round(
            sum + round(a.v[flat(a.shape, [y, px, Math.floor(q / op.multiplier)])]! * w[0]!.v[tap * c + q]!),
          );
        sum *= 2 ** op.shift;
        for (const tap of padded) sum += op.padValue * w[0]!.v[tap * c + q]!;
        result.push(sum);
        break;
      }
      case 'dense': {
        const n = w[0]!.shape[1]!;
        const row = flat(out, at) - channel;
        let sum = 0;
        for (let k = 0; k < n; k++)
          sum = round(sum + round(a.v[(row / c) * n + k]! * w[0]!.v[channel * n + k]!));
        result.push(sum);
        break;
      }
      case 'matmul': {
        const n = a.shape[a.shape.length - 1]!;
        const lead = at.slice(0, -2);
        const i = at[at.length - 2]!;
        let sum = 0;
        for (let k = 0; k < n; k++)
          sum = round(
            sum +
              round(
                a.v[flat(a.shape, [...lead, i, k])]! *
                  b.v[flat(b.shape, [...lead, ...(op.transposeB ? [channel, k] : [k, channel])])]!,
              ),
          );
        result.push(sum);
        break;
      }
      case 'threshold':
        result.push(same < w[0]!.v[channel]! !== w[1]!.v[channel]! < 0 ? -1 : 1);
        break;
      case 'quantize':
        result.push(w[1]!.v[w[0]!.v.filter((t) => t <= same).length]!);
        break;
      case 'maxPool':
      case 'avgPool': {
        const [oy, ox] = at as [number, number];
        const values = windowTaps(op as never, a.shape, oy, ox).real.map(
          ([, y, px]) => a.v[flat(a.shape, [y, px, channel])]!,
        );
        const sum = a.type === 'f32' ? total(values) : total(values) | 0;
        const max = values.reduce((m, v) => (v > m ? v : m));
        result.push(op.op === 'maxPool' ? max : f(f(sum) / values.length));
        break;
      }
      case 'concat':
      case 'pad':
      case 'slice': {
        const { boxes, fill = 0 } = boxesOf(op, x.map(({ shape }) => shape), out); // prettier-ignore
        const box = boxes.find(({ to, size: n }) => at.every((i, axis) => i >= to[axis]! && i < to[axis]! + n[axis]!)); // prettier-ignore
        const from = box && x[box.input]!;
        if (from)
          result.push(from.v[flat(from.shape, at.map((i, axis) => i - box.to[axis]! + box.from[axis]!))]!); // prettier-ignore
        else result.push(a.type === 'f32' ? f(fill) : fill);
        break;
      }
      case 'reshape':
        result.push(same);
        break;
      case 'transpose': {
        const from = a.shape.map((_, axis) => at[op.permutation.indexOf(axis)]!);
        result.push(a.v[flat(a.shape, from)]!);
        break;
      }
      case 'constant':
        result.push(w[0]!.v[flat(out, at)]!);
        break;
    }
  }
  return result;
}

/** All buffers of one example, by number. */
export function oracle(
  { plan, weights }: Model,
  input: ArrayLike<number>,
  { float32 = false }: { float32?: boolean } = {},
): Values[] {
  const values: Values[] = [];
  values[plan.input] = Array.from(input);
  const w = plan.weights.map((spec, i): Value => ({ ...spec, v: unpack(spec, weights[i]!) }));
  for (const op of plan.ops)
    values[op.output] = evaluate(
      op,
      op.inputs.map((i) => ({ ...plan.buffers[i]!, v: values[i]! })),
      (op.weights ?? []).map((i) => w[i]!),
      plan.buffers[op.output]!.shape,
      float32,
    );
  return values;
}
