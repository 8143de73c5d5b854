// Ops on single elements, on rows and on windows, with random parameters.
import { count, exactFloat, last, sources, type Grower } from './plan.js';

const threshold: Grower = (plan, x) => {
  const { int, pick } = plan.random;
  const floats = x.type === 'f32';
  const spread = Math.max(1, Math.min(x.max, 40));
  const t = plan.weight(floats ? 'f32' : 'i32', [last(x.shape)], () =>
    int(0, 9) === 0 ? (floats ? pick([-Infinity, Infinity]) : -(2 ** 31)) : int(-spread, spread),
  );
  const flip = plan.weight('bits', [last(x.shape)]);
  plan.op({ op: 'threshold', inputs: [x.index], weights: [t, flip] }, { max: 1, quantum: 1 });
  return true;
};

const affine: Grower = (plan, x) => {
  const [max, quantum] = [x.max * 2 + 2, Math.min(x.quantum, 1) * 0.25];
  plan.op(
    { op: 'affine', inputs: [x.index], weights: plan.channelwise(last(x.shape), 2) },
    { max, quantum: exactFloat(max, quantum) ? quantum : 0 },
  );
  return true;
};

const quantize: Grower = (plan, x) => {
  if (x.type !== 'f32') return false;
  const { int } = plan.random;
  const n = int(1, 9);
  const sorted = Array.from({ length: n }, () => int(-8, 8) / 4).sort((p, q) => p - q);
  const weights = [plan.weight('f32', [n], (k) => sorted[k]!), plan.weight('f32', [n + 1])];
  plan.op({ op: 'quantize', inputs: [x.index], weights }, { max: 2, quantum: 0.25 });
  return true;
};

const clamp: Grower = (plan, x) => {
  if (x.type !== 'f32') return false;
  const [min, max] = plan.random.pick([
    [0, null],
    [-1, 1],
    [null, 2],
    [0, 6],
  ] as const);
  plan.op({ op: 'clamp', inputs: [x.index], min, max }, { ...x, max: Math.max(x.max, 6) });
  return true;
};

const prelu: Grower = (plan, x) => {
  if (x.type !== 'f32') return false;
  const [max, quantum] = [2 * x.max + 6, x.quantum / 4];
  plan.op(
    { op: 'prelu', inputs: [x.index], weights: plan.channelwise(last(x.shape), 3) },
    { max, quantum: exactFloat(max, quantum) ? Math.min(quantum, 1 / 16) : 0 },
  );
  return true;
};

const combine =
  (op: 'add' | 'mul'): Grower =>
  (plan, x) => {
    if (!(x.type === 'f32' || (x.type === 'i32' && op === 'add'))) return false;
    const c = last(x.shape);
    const y = plan.random.pick(
      sources(plan, ({ type, shape }) => {
        const row = last(shape) === c && shape.length === x.shape.length && count(shape) === c;
        return type === x.type && (row || shape.join() === x.shape.join());
      }),
    );
    const [max, quantum] =
      op === 'add' ? [x.max + y.max, Math.min(x.quantum, y.quantum)] : [x.max * y.max, x.quantum * y.quantum];
    if (x.type === 'i32' && max >= 2 ** 31) return false;
    const exact = x.type === 'i32' || exactFloat(max, quantum);
    plan.op({ op, inputs: [x.index, y.index] }, { max, quantum: exact ? quantum : 0 });
    return true;
  };

const pool =
  (op: 'maxPool' | 'avgPool'): Grower =>
  (plan, x) => {
    if (x.shape.length !== 3) return false;
    const window = plan.window(x.shape, true);
    if (!window) return false;
    const average = op === 'avgPool';
    if (average && !exactFloat(x.max * count(window.kernel), x.quantum)) return false;
    plan.op({ op, inputs: [x.index], ...window }, average ? { ...x, quantum: 0 } : x);
    return true;
  };

/** Functions that are compared to a tolerance. */
const smooth: Grower = (plan, x) => {
  if (x.type !== 'f32' || x.max > 60) return false;
  const values = { max: 100, quantum: 0, approximate: true };
  const which = plan.random.pick(['sigmoid', 'tanh', 'gelu', 'softmax', 'layerNorm']);
  if (which === 'softmax') plan.op({ op: which, inputs: [x.index] }, values);
  else if (which === 'layerNorm') {
    const weights = plan.channelwise(last(x.shape), 2);
    plan.op({ op: which, inputs: [x.index], weights, epsilon: 1e-3 }, values);
  } else plan.op({ op: 'unary', inputs: [x.index], function: which }, values);
  return true;
};

/** By name of the op; `smooth` stands for softmax, layerNorm and unary. */
export const elements = {
  threshold,
  affine,
  maxPool: pool('maxPool'),
  avgPool: pool('avgPool'),
  quantize,
  clamp,
  prelu,
  add: combine('add'),
  mul: combine('mul'),
  smooth,
};
