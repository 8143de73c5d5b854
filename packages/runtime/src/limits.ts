// What an untrusted model may ask for. Every size in a file is compared with these before memory is taken.
import { checkOptions, type OptionRule, type OptionRules } from '@bitgrad/bits';

/** Limits in force while a model is decoded and compiled. */
export interface Limits {
  /** Bytes of the whole file. */
  fileBytes: number;
  /** Bytes of the JSON header. */
  headerBytes: number;
  /** Bytes of all buffers of the plan together, and of what an engine may hold. */
  memoryBytes: number;
  /** Elements of one buffer or weight. */
  elements: number;
  /** Ops, buffers and weights, each. */
  ops: number;
  /**
   * Work of one inference, in multiply-accumulates: also what finding the taps of windows and moving elements costs. A bound
   * on its time: 10^10 take from 0.5 s (WebAssembly) to 10 s (JavaScript) on one core of a present machine.
   */
  operations: number;
}

/** 1 GiB files and memory, 8 MiB headers, 2^28 elements, 4,096 ops, 2 * 10^10 operations. */
export const defaultLimits: Readonly<Limits> = Object.freeze({
  fileBytes: 2 ** 30,
  headerBytes: 2 ** 23,
  memoryBytes: 2 ** 30,
  elements: 2 ** 28,
  ops: 4096,
  operations: 2e10,
});

/** Arrays and objects may nest this deep in a header. */
export const nestingLimit = 32;

// Infinity is no limit.
const amount: OptionRule = {
  expected: 'a number, 0 or more',
  allows: (value) => typeof value === 'number' && value >= 0,
};
const rules = Object.fromEntries(
  Object.keys(defaultLimits).map((name) => [name, amount]),
) as unknown as OptionRules<Limits>;

/** Limits with defaults for those that are missing. @throws BitgradError `invalid-option` */
export function limitsFrom(limits: Partial<Limits> = {}): Limits {
  const given = Object.entries(checkOptions('runtime', 'limits', limits as Limits, rules));
  return { ...defaultLimits, ...Object.fromEntries(given.filter(([, value]) => value !== undefined)) };
}
