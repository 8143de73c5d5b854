// Step functions in float32, found by probing like any threshold: one op where channels are alike, else one threshold and
// channel for each step.
import type { PlanBuilder } from '@bitgrad/runtime';
import { floatThresholds, type Threshold } from './probe.js';
import type { RowFunction } from './value.js';

/** A step function of an element, which may differ by channel. */
export interface Steps {
  readonly apply: RowFunction;
  /** All values that it takes. */
  readonly levels: readonly number[];
  /** False when every channel is alike, so that one stands for all. */
  readonly perChannel: boolean;
}

/** Thresholds as the weights of a `threshold` op. */
export function thresholdWeights(
  builder: PlanBuilder,
  thresholds: readonly Threshold[],
  type: 'f32' | 'i32',
): [number, number] {
  const c = thresholds.length;
  const t = thresholds.map((threshold) => threshold.t);
  const words = new Uint32Array(Math.ceil(c / 32));
  thresholds.forEach(({ flip }, i) => (words[i >> 5] = words[i >> 5]! | (flip << (i & 31))));
  return [
    builder.weight(type, [c], type === 'f32' ? Float32Array.from(t) : Int32Array.from(t)),
    builder.weight('bits', [c], words),
  ];
}

/**
 * Writes a step function of a float32 buffer.
 * @returns its result, in float32
 * @throws BitgradError `unsupported-op` when it rises and falls
 */
export function emitSteps(
  builder: PlanBuilder,
  buffer: number,
  { apply, levels, perChannel }: Steps,
  name: string,
): number {
  const { shape } = builder.buffers[buffer]!;
  const all = shape.at(-1)!;
  const channels = perChannel ? all : 1;
  const sorted = levels.toSorted((a, b) => a - b);
  const rows = (n: number): number[] => [n, ...Array<number>(shape.length - 1).fill(1), channels];
  const steps = sorted.slice(1).map((level, i) => {
    const middle = (level + sorted[i]!) / 2;
    const codes = (x: Float32Array, n: number) =>
      Float32Array.from(apply(x, rows(n)), (v) => (v > middle ? 1 : -1));
    return floatThresholds(channels, codes, name);
  });
  if (steps.every((step) => step.every(({ t, flip }) => t === step[0]!.t && flip === 0))) {
    const weights: [number, number] = [
      builder.weight(
        'f32',
        [steps.length],
        Float32Array.from(steps, ([first]) => first!.t),
      ),
      builder.weight('f32', [sorted.length], Float32Array.from(sorted)),
    ];
    return builder.op({ op: 'quantize', name, inputs: [buffer], weights });
  }
  const parts = steps.map((step, i) => {
    const whole = perChannel ? step : Array<Threshold>(all).fill(step[0]!);
    const bits = builder.op({ op: 'threshold', name, inputs: [buffer], weights: thresholdWeights(builder, whole, 'f32') }); // prettier-ignore
    const half = (sorted[i + 1]! - sorted[i]!) / 2;
    const offset = half + (i === 0 ? sorted[0]! : 0);
    const weights = [half, offset].map((v) => builder.weight('f32', [all], new Float32Array(all).fill(v)));
    return builder.op({ op: 'affine', name, inputs: [bits], weights: weights as [number, number] });
  });
  return parts.reduce((a, b) => builder.op({ op: 'add', name, inputs: [a, b] }));
}
