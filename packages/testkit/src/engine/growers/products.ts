// Products with random weights, whose sums are exact.
import type { WeightSpec } from '@bitgrad/runtime';
import { count, exactFloat, last, sources, type Grower, type Known, type Source } from './plan.js';

/** Padding and shift of integer inputs. */
const padding = { padValue: 0, shift: 0 };

/** What is known of a sum of products, or undefined where it might not be exact. */
function accumulated(
  x: Source,
  terms: number,
  weight: WeightSpec['type'],
  { padValue, shift } = padding,
): Known | undefined {
  const weightMax = { bits: 1, i8: 128, f32: 2 }[weight as 'bits'];
  const max = (terms + 1) * x.max * weightMax * 2 ** shift + terms * weightMax * Math.abs(padValue);
  const quantum = x.quantum * (weight === 'f32' ? 0.25 : 1);
  if (x.type === 'f32' ? !exactFloat(max, quantum) : max >= 2 ** 31) return undefined;
  return { max, quantum: x.type === 'f32' ? quantum : 1 };
}

const windowed =
  (op: 'conv' | 'depthwise'): Grower =>
  (plan, x) => {
    if (x.type === 'i32' || x.shape.length !== 3) return false;
    const { int, pick } = plan.random;
    const window = plan.window(x.shape, false);
    if (!window) return false;
    const value = { ...padding };
    if (x.type === 'u8') Object.assign(value, { shift: int(0, 3), padValue: int(-300, 300) });
    if (x.type === 'bits') value.padValue = int(-1, 1);
    const type = pick(
      x.type === 'f32' ? (['bits', 'i8', 'f32'] as const) : (['bits', 'bits', 'i8'] as const),
    );
    const c = last(x.shape);
    const taps = count(window.kernel);
    const multiplier = op === 'depthwise' ? int(1, 2) : 1;
    const groups = op === 'conv' ? pick([1, 1, 2, 3, c].filter((g) => c % g === 0)) : c;
    const values = accumulated(x, op === 'conv' ? (taps * c) / groups : taps, type, value);
    const most = count(x.shape) <= 600 ? Math.max(1, Math.ceil(40 / groups)) : 2;
    const outputs = op === 'conv' ? groups * int(1, most) : c * multiplier;
    if (!values || outputs > 200) return false;
    const shape = op === 'conv' ? [outputs, ...window.kernel, c / groups] : [...window.kernel, outputs];
    const weights = [plan.weight(type, shape)];
    const attributes = op === 'conv' ? { groups } : { multiplier };
    plan.op({ op, inputs: [x.index], weights, ...window, ...value, ...attributes }, values);
    return true;
  };

const dense: Grower = (plan, x) => {
  if (x.type === 'i32') return false;
  const { int, pick } = plan.random;
  const type = pick(x.type === 'f32' ? (['bits', 'i8', 'f32'] as const) : (['bits', 'i8'] as const));
  const values = accumulated(x, last(x.shape), type);
  if (!values) return false;
  plan.op(
    { op: 'dense', inputs: [x.index], weights: [plan.weight(type, [int(1, 40), last(x.shape)])] },
    values,
  );
  return true;
};

const matmul: Grower = (plan, x) => {
  const floats = x.type === 'f32';
  if (x.shape.length < 2 || (x.type !== 'bits' && !floats)) return false;
  const { int, pick } = plan.random;
  const transposeB = !floats || int(0, 1) === 1;
  const rank = x.shape.length;
  const depth = rank - (transposeB ? 1 : 2);
  const c = last(x.shape);
  const others = sources(
    plan,
    (y) =>
      y.type === x.type &&
      y.shape.length === rank &&
      y.shape[depth] === c &&
      y.shape.slice(0, -2).join() === x.shape.slice(0, -2).join(),
  );
  if (others.length === 0) return false;
  const y = pick(others);
  const [max, quantum] = [c * x.max * y.max, x.quantum * y.quantum];
  if (floats && !exactFloat(max, quantum)) return false;
  plan.op({ op: 'matmul', inputs: [x.index, y.index], transposeB }, { max, quantum });
  return true;
};

/** By name of the op. */
export const products = { conv: windowed('conv'), depthwise: windowed('depthwise'), dense, matmul };
