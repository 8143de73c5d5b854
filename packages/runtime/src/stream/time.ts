// Where time is in the buffers of a plan, and which ops can run on new frames alone.
import { windowExtent } from '@bitgrad/bits';
import { isElementwise, isRowwise } from '../ops/values.js';
import type { BufferSpec, Op, Shape } from '../plan.js';
import { elementCount } from '../tensors.js';

/** The axis of a buffer along which time goes, and how many frames of the input one of its rows stands for. */
export interface Time {
  readonly axis: number;
  readonly stride: number;
}

/** Rows before the new ones that an op reads as well, and what stands there before anything was heard. */
export interface Past {
  readonly rows: number;
  readonly value: number;
}

/**
 * What becomes of time in an op, and the past that it needs; or that its input is collected over an example, of which it makes
 * one thing; or why it cannot run on frames as they come.
 */
export type Followed =
  { readonly time: Time; readonly past?: Past } | { readonly collects: true } | { readonly refused: string };

const collects = { collects: true } as const;
const refused = (why: string) => ({ refused: why });

type Operand = { readonly spec: BufferSpec; readonly time?: Time };
type WindowOp = Extract<Op, { op: 'conv' | 'depthwise' | 'maxPool' | 'avgPool' }>;

const before = (shape: Shape, axis: number): number => elementCount([1, ...shape.slice(0, axis)]);

/** The axis of another shape of the same elements that lies where `axis` lay. */
function reshaped(from: Shape, axis: number, to: Shape): number | undefined {
  const outer = before(from, axis);
  const at = to.findIndex((size, i) => size === from[axis] && before(to, i) === outer);
  return at < 0 ? undefined : at;
}

/** What padded rows are in the coding of the op's input. */
function paddedValue(op: WindowOp, { type }: BufferSpec): number | string {
  if (op.op === 'maxPool' || op.op === 'avgPool') return 'its padding counts for nothing';
  if (type === 'f32') return 0;
  const value = op.padValue / 2 ** op.shift;
  if (type === 'bits')
    return Math.abs(value) === 1
      ? value
      : 'its padding counts for 0, which is no level (padValues: 1 is one)';
  return Number.isInteger(value) && value >= 0 && value <= 255 ? value : 'its padding is no byte';
}

/** A window that slides along time. */
function windowed(op: WindowOp, { spec, time }: Operand, out: BufferSpec): Followed {
  const { axis, stride } = time!;
  if (axis > 1) return refused('its window does not slide along time');
  const [step, rows] = [op.strides[axis]!, op.pads[axis]!];
  const extent = windowExtent(op.kernel[axis]!, op.dilations[axis]!);
  // One window over all there is, such as a global pool.
  if (extent === spec.shape[axis] && rows === 0 && extent > 1) return collects;
  const ahead = extent - 1 - rows;
  if (ahead > step - 1 || out.shape[axis] !== Math.floor(spec.shape[axis]! / step))
    return refused('it looks at frames after its own, or gives other than one row for each stride');
  const next = { axis, stride: stride * step };
  if (rows === 0) return { time: next };
  const value = paddedValue(op, spec);
  return typeof value === 'string' ? refused(value) : { time: next, past: { rows, value } };
}

/** Ops that leave an axis as it is unless they work along it. */
function moved(op: Op, { spec, time }: Operand, out: BufferSpec): number | undefined {
  const { axis } = time!;
  switch (op.op) {
    case 'reshape':
      return reshaped(spec.shape, axis, out.shape);
    case 'transpose':
      return op.permutation.indexOf(axis);
    case 'concat':
      return op.axis === axis ? undefined : axis;
    case 'slice':
    case 'pad':
      return out.shape[axis] === spec.shape[axis] && (op.op === 'pad' ? op.before : op.begin)[axis] === 0 ? axis : undefined; // prettier-ignore
    default:
      // Weights and sums lie along the last axis.
      return axis < spec.shape.length - 1 ? axis : undefined;
  }
}

const perRow: readonly string[] = ['threshold', 'quantize', 'dense', 'add', 'reshape', 'transpose', 'concat', 'slice', 'pad'] satisfies Op['op'][]; // prettier-ignore

/**
 * Follows time through an op.
 * @param operands its inputs, at least one of which has time
 */
export function follow(op: Op, operands: readonly Operand[], out: BufferSpec): Followed {
  if ('kernel' in op) return windowed(op, operands[0]!, out);
  if (!perRow.includes(op.op) && !isElementwise(op) && !isRowwise(op)) return refused('it sees all frames');
  const [first, ...others] = operands as [Operand, ...Operand[]];
  const axes = operands.map((operand) => operand.time && moved(op, operand, out));
  const same = ({ spec, time }: Operand, i: number): boolean =>
    time
      ? axes[i + 1] === axes[0] && time.stride === first.time?.stride
      : op.op !== 'concat' && elementCount(spec.shape) === spec.shape.at(-1);
  if (axes[0] === undefined || !others.every(same)) return collects;
  return { time: { axis: axes[0], stride: first.time!.stride } };
}
