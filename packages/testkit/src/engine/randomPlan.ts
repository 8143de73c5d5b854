// Random valid plans for tests of engines and of the format. Float values are multiples of a power of two, and
// `quantum` and `max` of every buffer are followed, so that all float32 sums of the plans are exact: any order
// of evaluation and the double-precision oracle give the same numbers. Buffers behind a rounding op are marked
// and go only to ops whose result does not depend on an order.
import type { PackedModel } from '@bitgrad/runtime';
import { count, last, PlanBuilder } from './planBuilder.js';
import { testRandom } from './random.js';

/** A random model with an input. */
export interface RandomPlan extends PackedModel {
  input: Uint8Array | Float32Array;
  /** Whether the output is exact (equal bit for bit to the oracle). */
  exact: boolean;
}

const exactFloat = (max: number, quantum: number): boolean => quantum > 0 && max / quantum < 2 ** 24;

/** Appends one op that reads buffer `i`, if the chosen kind fits; returns whether it did. */
function grow(b: PlanBuilder, i: number): boolean {
  const x = b.buffers[i]!;
  const { random } = b;
  const { int, pick } = random;
  const c = last(x.shape);
  const image = x.shape.length === 3;
  const small = count(x.shape) <= 600;
  const floats = x.type === 'f32';
  const kinds = x.approximate
    ? ['reshape', 'transpose', 'slice']
    : [
        'conv',
        'conv',
        'depthwise',
        'dense',
        'threshold',
        'threshold',
        'affine',
        'maxPool',
        'avgPool',
        'concat',
        'pad',
        'slice',
        'reshape',
        'transpose',
        'quantize',
        'clamp',
        'prelu',
        'add',
        'mul',
        'matmul',
        'constant',
        'smooth',
      ];
  const kind = pick(kinds);
  const inputs = [i];
  const keep = { max: x.max, quantum: x.quantum, approximate: x.approximate };
  const value = { padValue: 0, shift: 0 };
  const accumulate = (terms: number, weightType: string) => {
    const weightMax = { bits: 1, i8: 128, f32: 2 }[weightType as 'bits'];
    const max =
      (terms + 1) * x.max * weightMax * 2 ** value.shift + terms * weightMax * Math.abs(value.padValue);
    const quantum = x.quantum * (weightType === 'f32' ? 0.25 : 1);
    if (floats ? !exactFloat(max, quantum) : max >= 2 ** 31) return undefined;
    return { type: floats ? ('f32' as const) : ('i32' as const), max, quantum: floats ? quantum : 1 };
  };
  if (x.type === 'i32' && ['conv', 'depthwise', 'dense'].includes(kind)) return false;
  switch (kind) {
    case 'conv':
    case 'depthwise': {
      if (!image) return false;
      const window = b.window(x.shape, false);
      if (!window) return false;
      const { out, ...attributes } = window;
      if (x.type === 'u8') Object.assign(value, { shift: int(0, 3), padValue: int(-300, 300) });
      if (x.type === 'bits') value.padValue = int(-1, 1);
      const type = pick(floats ? (['bits', 'i8', 'f32'] as const) : (['bits', 'bits', 'i8'] as const));
      const taps = attributes.kernel[0]! * attributes.kernel[1]!;
      if (kind === 'depthwise') {
        const multiplier = int(1, 2);
        const spec = accumulate(taps, type);
        if (!spec) return false;
        const weights = [b.random_(type, [...attributes.kernel, c * multiplier])];
        b.push(
          { op: kind, inputs, weights, ...attributes, ...value, multiplier },
          { ...spec, shape: [...out, c * multiplier] },
        );
        return true;
      }
      const groups = pick([1, 1, 2, 3, c].filter((g) => c % g === 0));
      const spec = accumulate((taps * c) / groups, type);
      const cOut = groups * int(1, small ? Math.max(1, Math.ceil(40 / groups)) : 2);
      if (!spec || cOut > 200) return false;
      const weights = [b.random_(type, [cOut, ...attributes.kernel, c / groups])];
      b.push(
        { op: kind, inputs, weights, ...attributes, ...value, groups },
        { ...spec, shape: [...out, cOut] },
      );
      return true;
    }
    case 'dense': {
      const type = pick(floats ? (['bits', 'i8', 'f32'] as const) : (['bits', 'i8'] as const));
      const spec = accumulate(c, type);
      if (!spec) return false;
      const units = int(1, 40);
      b.push(
        { op: kind, inputs, weights: [b.random_(type, [units, c])] },
        { ...spec, shape: [...x.shape.slice(0, -1), units] },
      );
      return true;
    }
    case 'threshold': {
      const spread = Math.max(1, Math.min(x.max, 40));
      const t = b.weight(floats ? 'f32' : 'i32', [c], () =>
        int(0, 9) === 0 ? (floats ? pick([-Infinity, Infinity]) : -(2 ** 31)) : int(-spread, spread),
      );
      b.push(
        { op: kind, inputs, weights: [t, b.random_('bits', [c])] },
        { type: 'bits', shape: x.shape, max: 1, quantum: 1 },
      );
      return true;
    }
    case 'affine': {
      const weights = [b.random_('f32', [c]), b.random_('f32', [c])];
      const [max, quantum] = [x.max * 2 + 2, Math.min(x.quantum, 1) * 0.25];
      b.push(
        { op: kind, inputs, weights },
        { type: 'f32', shape: x.shape, max, quantum: exactFloat(max, quantum) ? quantum : 0 },
      );
      return true;
    }
    case 'maxPool':
    case 'avgPool': {
      if (!image) return false;
      const window = b.window(x.shape, true);
      if (!window) return false;
      const { out, ...attributes } = window;
      const taps = attributes.kernel[0]! * attributes.kernel[1]!;
      if (kind === 'avgPool' && !exactFloat(x.max * taps, x.quantum)) return false;
      const average = kind === 'avgPool';
      b.push(
        { op: kind, inputs, ...attributes },
        { ...keep, ...(average && { quantum: 0 }), type: average ? 'f32' : x.type, shape: [...out, c] },
      );
      return true;
    }
    case 'concat': {
      const axis = int(0, x.shape.length - 1);
      const others = b.buffers.flatMap((y, j) =>
        y.type === x.type &&
        !y.approximate &&
        y.shape.length === x.shape.length &&
        y.shape.every((s, k) => k === axis || s === x.shape[k])
          ? [j]
          : [],
      );
      const joined = [i, ...Array.from({ length: int(1, 2) }, () => pick(others))];
      const specs = joined.map((j) => b.buffers[j]!);
      const shape = x.shape.map((s, k) => (k === axis ? specs.reduce((sum, y) => sum + y.shape[k]!, 0) : s));
      if (count(shape) > 3000) return false;
      b.push(
        { op: kind, inputs: joined, axis },
        {
          type: x.type,
          shape,
          max: Math.max(...specs.map((y) => y.max)),
          quantum: Math.min(...specs.map((y) => y.quantum)),
        },
      );
      return true;
    }
    case 'pad': {
      const [before, after] = [0, 1].map(() => x.shape.map(() => int(0, 2))) as [number[], number[]];
      const shape = x.shape.map((s, k) => s + before[k]! + after[k]!);
      if (count(shape) > 3000) return false;
      const fill = x.type === 'bits' ? pick([1, -1]) : x.type === 'f32' ? pick([0, 0.5, -1]) : int(0, 9);
      b.push(
        { op: kind, inputs, before, after, value: fill },
        { ...keep, type: x.type, shape, max: Math.max(x.max, 9), quantum: Math.min(x.quantum, 0.5) },
      );
      return true;
    }
    case 'slice': {
      const begin = x.shape.map((s) => int(0, s - 1));
      b.push(
        { op: kind, inputs, begin },
        { ...keep, type: x.type, shape: x.shape.map((s, k) => int(1, s - begin[k]!)) },
      );
      return true;
    }
    case 'reshape': {
      const n = count(x.shape);
      const divisors = Array.from({ length: n }, (_, d) => d + 1).filter((d) => n % d === 0);
      const d = pick(divisors);
      const rest = divisors.filter((e) => (n / d) % e === 0);
      const e = pick(rest);
      b.push(
        { op: kind, inputs },
        { ...keep, type: x.type, shape: pick([[n], [n / d, d], [n / d / e, e, d]]) },
      );
      return true;
    }
    case 'transpose': {
      const permutation = x.shape.map((_, k) => k).sort(() => random.next() - 0.5);
      b.push(
        { op: kind, inputs, permutation },
        { ...keep, type: x.type, shape: permutation.map((k) => x.shape[k]!) },
      );
      return true;
    }
    case 'quantize': {
      if (!floats) return false;
      const n = int(1, 9);
      const sorted = Array.from({ length: n }, () => int(-8, 8) / 4).sort((p, q) => p - q);
      const weights = [b.weight('f32', [n], (k) => sorted[k]!), b.random_('f32', [n + 1])];
      b.push({ op: kind, inputs, weights }, { type: 'f32', shape: x.shape, max: 2, quantum: 0.25 });
      return true;
    }
    case 'clamp': {
      if (!floats) return false;
      const [min, max] = pick([
        [0, null],
        [-1, 1],
        [null, 2],
        [0, 6],
      ] as const);
      b.push(
        { op: kind, inputs, min, max },
        { ...keep, type: 'f32', shape: x.shape, max: Math.max(x.max, 6) },
      );
      return true;
    }
    case 'prelu': {
      if (!floats) return false;
      const weights = [0, 1, 2].map(() => b.random_('f32', [c]));
      const [max, quantum] = [2 * x.max + 6, x.quantum / 4];
      b.push(
        { op: kind, inputs, weights },
        {
          type: 'f32',
          shape: x.shape,
          max,
          quantum: exactFloat(max, quantum) ? Math.min(quantum, 1 / 16) : 0,
        },
      );
      return true;
    }
    case 'add':
    case 'mul': {
      if (!(floats || (x.type === 'i32' && kind === 'add'))) return false;
      const others = b.buffers.flatMap((y, j) => {
        const row = last(y.shape) === c && y.shape.length === x.shape.length && count(y.shape) === c;
        return y.type === x.type && !y.approximate && (row || y.shape.join() === x.shape.join()) ? [j] : [];
      });
      const j = pick(others);
      const y = b.buffers[j]!;
      const [max, quantum] =
        kind === 'add'
          ? [x.max + y.max, Math.min(x.quantum, y.quantum)]
          : [x.max * y.max, x.quantum * y.quantum];
      if (x.type === 'i32' && max >= 2 ** 31) return false;
      b.push(
        { op: kind, inputs: [i, j] },
        {
          type: x.type,
          shape: x.shape,
          max,
          quantum: x.type === 'i32' || exactFloat(max, quantum) ? quantum : 0,
        },
      );
      return true;
    }
    case 'matmul': {
      if (x.shape.length < 2 || (x.type !== 'bits' && !floats)) return false;
      const transposeB = x.type === 'bits' || int(0, 1) === 1;
      const k = x.shape.length;
      const [n, depth] = transposeB ? [k - 2, k - 1] : [k - 1, k - 2];
      const others = b.buffers.flatMap((y, j) =>
        y.type === x.type &&
        !y.approximate &&
        y.shape.length === k &&
        y.shape[depth] === c &&
        y.shape.slice(0, -2).join() === x.shape.slice(0, -2).join()
          ? [j]
          : [],
      );
      if (others.length === 0) return false;
      const j = pick(others);
      const y = b.buffers[j]!;
      const [max, quantum] = [c * x.max * y.max, x.quantum * y.quantum];
      if (floats && !exactFloat(max, quantum)) return false;
      const shape = [...x.shape.slice(0, -1), y.shape[n]!];
      b.push({ op: kind, inputs: [i, j], transposeB }, { type: floats ? 'f32' : 'i32', shape, max, quantum });
      return true;
    }
    case 'constant': {
      const type = pick(['bits', 'u8', 'i32', 'f32'] as const);
      const w = b.random_(type, x.shape);
      const max = { bits: 1, u8: 255, i32: 1000, f32: 2 }[type];
      b.push(
        { op: kind, inputs: [], weights: [w] },
        { type, shape: x.shape, max, quantum: type === 'f32' ? 0.25 : 1 },
      );
      return true;
    }
    case 'smooth': {
      if (!floats || x.max > 60) return false;
      const out = { type: 'f32' as const, shape: x.shape, max: 100, quantum: 0, approximate: true };
      const which = pick(['sigmoid', 'tanh', 'gelu', 'softmax', 'layerNorm']);
      if (which === 'softmax') b.push({ op: which, inputs }, out);
      else if (which === 'layerNorm')
        b.push(
          { op: which, inputs, weights: [b.random_('f32', [c]), b.random_('f32', [c])], epsilon: 1e-3 },
          out,
        );
      else b.push({ op: 'unary', inputs, function: which }, out);
      return true;
    }
  }
  return false;
}

/**
 * A random plan with its weights and one random input.
 * @param seed decides everything
 * @param opCount ops wanted, besides a final conversion to float
 */
export function randomPlan(seed: number, opCount = 6): RandomPlan {
  const random = testRandom(seed);
  const { int, pick } = random;
  const b = new PlanBuilder(random);
  const type = pick(['u8', 'f32'] as const);
  const shape = pick([
    () => [int(1, 7), int(1, 7), pick([1, 2, 3, 31, 32, 33, 64])],
    () => [int(2, 8), pick([3, 8, 33])],
    () => [pick([1, 31, 32, 33, 127])],
  ])();
  b.buffers.push(
    type === 'u8' ? { type, shape, max: 255, quantum: 1 } : { type, shape, max: 4, quantum: 0.25 },
  );
  for (let attempts = 0; b.ops.length < opCount && attempts < 400; attempts++)
    grow(b, int(0, 2) === 0 ? int(0, b.buffers.length - 1) : b.buffers.length - 1);
  const end = b.buffers[b.buffers.length - 1]!;
  if ((end.type !== 'f32' && end.type !== 'i32') || b.ops.length === 0)
    b.push(
      {
        op: 'affine',
        inputs: [b.buffers.length - 1],
        weights: [0, 1].map(() => b.random_('f32', [last(end.shape)])),
      },
      { type: 'f32', shape: end.shape, max: 1, quantum: 0 },
    );
  const buffers = b.buffers.map(({ type: t, shape: s }) => ({ type: t, shape: s }));
  const n = count(shape);
  return {
    plan: { version: 1, input: 0, output: buffers.length - 1, buffers, weights: b.weights, ops: b.ops },
    weights: b.data,
    metadata: { name: `random ${seed}` },
    input:
      type === 'u8'
        ? Uint8Array.from({ length: n }, () => int(0, 255))
        : Float32Array.from({ length: n }, () => int(-16, 16) / 4),
    exact: !b.buffers[b.buffers.length - 1]!.approximate,
  };
}
