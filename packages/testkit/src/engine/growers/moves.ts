// Ops that only move elements.
import { count, sources, type Grower } from './plan.js';

/** Larger results take too long in the oracle. */
const most = 3000;

const concat: Grower = (plan, x) => {
  const { int, pick } = plan.random;
  const axis = int(0, x.shape.length - 1);
  const others = sources(
    plan,
    ({ type, shape }) =>
      type === x.type &&
      shape.length === x.shape.length &&
      shape.every((size, k) => k === axis || size === x.shape[k]),
  );
  const joined = [x, ...Array.from({ length: int(1, 2) }, () => pick(others))];
  if (joined.reduce((sum, { shape }) => sum + count(shape), 0) > most) return false;
  plan.op(
    { op: 'concat', inputs: joined.map(({ index }) => index), axis },
    {
      max: Math.max(...joined.map(({ max }) => max)),
      quantum: Math.min(...joined.map(({ quantum }) => quantum)),
    },
  );
  return true;
};

const pad: Grower = (plan, x) => {
  const { int, pick } = plan.random;
  const [before, after] = [0, 1].map(() => x.shape.map(() => int(0, 2))) as [number[], number[]];
  if (count(x.shape.map((size, k) => size + before[k]! + after[k]!)) > most) return false;
  const value = x.type === 'bits' ? pick([1, -1]) : x.type === 'f32' ? pick([0, 0.5, -1]) : int(0, 9);
  plan.op(
    { op: 'pad', inputs: [x.index], before, after, value },
    { ...x, max: Math.max(x.max, 9), quantum: Math.min(x.quantum, 0.5) },
  );
  return true;
};

const slice: Grower = (plan, x) => {
  const { int } = plan.random;
  const begin = x.shape.map((size) => int(0, size - 1));
  const shape = x.shape.map((size, k) => int(1, size - begin[k]!));
  plan.op({ op: 'slice', inputs: [x.index], begin }, x, shape);
  return true;
};

const reshape: Grower = (plan, x) => {
  const { pick } = plan.random;
  const n = count(x.shape);
  const divisors = Array.from({ length: n }, (_, d) => d + 1).filter((d) => n % d === 0);
  const d = pick(divisors);
  const e = pick(divisors.filter((divisor) => (n / d) % divisor === 0));
  plan.op({ op: 'reshape', inputs: [x.index] }, x, pick([[n], [n / d, d], [n / d / e, e, d]]));
  return true;
};

const transpose: Grower = (plan, x) => {
  const permutation = x.shape.map((_, k) => k).sort(() => plan.random.next() - 0.5);
  plan.op({ op: 'transpose', inputs: [x.index], permutation }, x);
  return true;
};

const constant: Grower = (plan, x) => {
  const type = plan.random.pick(['bits', 'u8', 'i32', 'f32'] as const);
  const max = { bits: 1, u8: 255, i32: 1000, f32: 2 }[type];
  plan.op(
    { op: 'constant', inputs: [], weights: [plan.weight(type, x.shape)] },
    { max, quantum: type === 'f32' ? 0.25 : 1 },
  );
  return true;
};

/** By name of the op. */
export const moves = { concat, pad, slice, reshape, transpose, constant };
