// Kernels as levels and scales, and as a plan stores them.
import { packRows } from '@bitgrad/bits';
import type { ElementType, PlanBuilder, Shape } from '@bitgrad/runtime';

/** A deployed kernel: value = levels * scale, in tfjs order. */
export interface DeployedKernel {
  readonly levels: Float32Array;
  /** One factor, or one for each output channel. */
  readonly scale: Float32Array;
  /** True when every level is +1 or -1. */
  readonly binary: boolean;
  /** Set when every level is `integer * unit` with |integer| <= 127. */
  readonly unit?: number;
}

const isBinary = (levels: Float32Array): boolean => {
  for (let i = 0; i < levels.length; i++) if (levels[i] !== 1 && levels[i] !== -1) return false;
  return true;
};

/** The largest number of which every level is a small integer multiple, or undefined. */
const unitOf = (levels: Float32Array): number | undefined => {
  const distinct = [...new Set(levels)].filter((x) => x !== 0).map(Math.abs);
  if (distinct.length === 0) return 1;
  // Not Math.min(...distinct): a kernel may have so many levels that as many arguments overflow the stack.
  const least = distinct.reduce((a, b) => Math.min(a, b));
  const most = distinct.reduce((a, b) => Math.max(a, b));
  for (let parts = 1; parts <= 127; parts++) {
    const unit = least / parts;
    if (most / unit > 127.5) return undefined;
    if (distinct.every((x) => Math.abs(x / unit - Math.round(x / unit)) < 1e-4)) return unit;
  }
  return undefined;
};

/** A kernel of these levels: of two or of a few equally spaced ones where they are so. */
export function deployed(levels: Float32Array, scale: Float32Array): DeployedKernel {
  const binary = isBinary(levels);
  const unit = binary ? 1 : unitOf(levels);
  return { levels, scale, binary, ...(unit ? { unit } : {}) };
}

/** True when a kernel's levels are stored as bits or small integers, so that integer inputs give integer sums. */
export const isInteger = ({ binary, unit }: DeployedKernel): boolean => binary || unit !== undefined;

/** A kernel as the plan stores it: rows of `rowLength` levels, with the factor that each output channel has. */
export interface StoredKernel {
  readonly type: 'bits' | 'i8' | 'f32';
  readonly weight: number;
  readonly scale: readonly number[];
  /** Sum of the stored levels of each output channel. */
  readonly sums: readonly number[];
  /** Sum of their magnitudes, for the range of integer sums. */
  readonly magnitudes: readonly number[];
}

/** How a plan's kernel is laid out, from tfjs order. */
export interface KernelLayout {
  readonly shape: Shape;
  readonly channels: number;
  /** Output channel of row-major element i. */
  channelOf(i: number): number;
  /** Position of row-major element i in the tfjs tensor. */
  order(i: number): number;
}

/** Stores a deployed kernel for an operand. */
export function storeKernel(
  kernel: DeployedKernel,
  layout: KernelLayout,
  operand: 'bits' | 'u8' | 'f32',
  builder: PlanBuilder,
): StoredKernel {
  const { shape, order, channelOf, channels } = layout;
  const scaleOf = (c: number): number => kernel.scale[kernel.scale.length === 1 ? 0 : c]!;
  // Integer sums want whole numbers; float sums keep the graph's factors, so only levels that are whole already fit.
  const integer = kernel.unit !== undefined && (operand !== 'f32' || kernel.unit === 1);
  const unit = integer && !kernel.binary ? kernel.unit! : 1;
  const stored = new Float32Array(kernel.levels.length);
  const sums = Array<number>(channels).fill(0);
  const magnitudes = Array<number>(channels).fill(0);
  for (let i = 0; i < stored.length; i++) {
    const given = kernel.levels[order(i)]!;
    const level = integer ? Math.round(given / unit) : given;
    const c = channelOf(i);
    stored[i] = level;
    sums[c]! += level;
    magnitudes[c]! += Math.abs(level);
  }
  const type: ElementType = kernel.binary ? 'bits' : integer ? 'i8' : 'f32';
  const length = shape.at(-1)!;
  const data =
    type === 'bits'
      ? packRows(stored, stored.length / length, length)
      : type === 'i8'
        ? Int8Array.from(stored)
        : stored;
  const weight = builder.weight(type, shape, data);
  return {
    type,
    weight,
    scale: Array.from({ length: channels }, (_, c) => scaleOf(c) * unit),
    sums,
    magnitudes,
  };
}
