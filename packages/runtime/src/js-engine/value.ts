// Runs elementwise expressions over a buffer: a block of elements goes through all instructions before the next one, so
// that the registers stay in the cache. A store into a Float32Array rounds to float32, as every node has to be.
import {
  E,
  exp32,
  inputsOf,
  linearize,
  opcodes,
  wordsPerRow,
  type ElementwiseProgram,
  type Expression,
} from '@bitgrad/bits';
import { isElementwise, rowOf, valueOf, type ElementwiseOp, type RowwiseOp } from '../ops/values.js';
import { ops } from '../ops/index.js';
import type { OpDefinition } from '../ops/define.js';
import { channelCount, elementCount } from '../tensors.js';
import { bitAt, type Words } from './bits.js';
import type { Step, StepArguments, Tensor } from './step.js';

type F = Float32Array;
type Loop = (d: F, n: number, a: F, b: F, c: F) => void;

const loops: Readonly<Record<string, Loop>> = {
  neg: (d, n, a) => {
    for (let i = 0; i < n; i++) d[i] = -a[i]!;
  },
  abs: (d, n, a) => {
    for (let i = 0; i < n; i++) d[i] = Math.abs(a[i]!);
  },
  sqrt: (d, n, a) => {
    for (let i = 0; i < n; i++) d[i] = Math.sqrt(a[i]!);
  },
  exp: (d, n, a) => {
    for (let i = 0; i < n; i++) d[i] = exp32(a[i]!);
  },
  add: (d, n, a, b) => {
    for (let i = 0; i < n; i++) d[i] = a[i]! + b[i]!;
  },
  sub: (d, n, a, b) => {
    for (let i = 0; i < n; i++) d[i] = a[i]! - b[i]!;
  },
  mul: (d, n, a, b) => {
    for (let i = 0; i < n; i++) d[i] = a[i]! * b[i]!;
  },
  div: (d, n, a, b) => {
    for (let i = 0; i < n; i++) d[i] = a[i]! / b[i]!;
  },
  ge: (d, n, a, b) => {
    for (let i = 0; i < n; i++) d[i] = a[i]! >= b[i]! ? 1 : 0;
  },
  gt: (d, n, a, b) => {
    for (let i = 0; i < n; i++) d[i] = a[i]! > b[i]! ? 1 : 0;
  },
  le: (d, n, a, b) => {
    for (let i = 0; i < n; i++) d[i] = a[i]! <= b[i]! ? 1 : 0;
  },
  lt: (d, n, a, b) => {
    for (let i = 0; i < n; i++) d[i] = a[i]! < b[i]! ? 1 : 0;
  },
  select: (d, n, a, b, c) => {
    for (let i = 0; i < n; i++) d[i] = a[i] ? b[i]! : c[i]!;
  },
};

/** Elements of a block: whole rows of `c` channels, about a thousand elements, or one row where that is longer. */
export const blockOf = (c: number): number => Math.max(1, Math.floor(1024 / c)) * c;

/** Registers of an op's expressions, at least. */
export function registersOf(op: ElementwiseOp | RowwiseOp, channels: number): number {
  if (isElementwise(op)) return program(valueOf(op)).registers;
  const { steps, value } = rowOf(op, channels);
  return steps.reduce((sum, { of }) => sum + program(of).registers + 2, program(value).registers);
}

const program = (expression: Expression): ElementwiseProgram => linearize(expression, inputsOf(expression));

/** Registers by the names of the inputs that they hold. */
type Registers = Record<string, F>;

/** Loops that compute an expression from registers, n elements of a block at a time. */
function assemble(expression: Expression, named: Registers, block: number) {
  const { inputs, constants, code, registers, result } = program(expression);
  const files = Array.from({ length: registers }, (_, i) => named[inputs[i]!] ?? new Float32Array(block));
  constants.forEach((value, j) => files[inputs.length + j]!.fill(value));
  const steps = Array.from({ length: code.length / 5 }, (_, s) => {
    const [opcode, ...at] = code.subarray(5 * s, 5 * s + 5);
    const [d, a, b, c] = at.map((i) => files[i]!) as [F, F, F, F];
    return { loop: loops[opcodes[opcode!]!]!, d, a, b, c };
  });
  const run = (n: number): void => {
    for (const { loop, d, a, b, c } of steps) loop(d, n, a, b, c);
  };
  return { run, result: files[result]!, registers };
}

/** Fills a register with a row of values, again and again. */
const tile = (register: F, row: ArrayLike<number>): void => {
  for (let i = 0, k = 0; i < register.length; i++, k = k + 1 === row.length ? 0 : k + 1)
    register[i] = row[k]!;
};

/** Loads elements from `at` on, converted to float32: one rounding of an `i32`, levels +1 and -1 of `bits`. */
function loader({ type, shape, data }: Tensor, register: F): (at: number, n: number) => void {
  const c = channelCount(shape);
  const stride = 32 * wordsPerRow(c);
  if (type !== 'bits')
    return (at, n) => {
      for (let i = 0; i < n; i++) register[i] = data[at + i]!;
    };
  return (at, n) => {
    for (let i = 0, row = at / c, k = 0; i < n; i++) {
      register[i] = 1 - 2 * bitAt(data as Words, row * stride + k);
      if (++k === c) [k, row] = [0, row + 1];
    }
  };
}

/** Registers of the weights that expressions read, in rows as long as a block. */
function tiled({ op, w }: StepArguments<ElementwiseOp | RowwiseOp>, block: number): Registers {
  const { weights = [] }: OpDefinition = ops[op.op];
  const registers = weights.map((name, i): [string, F] => {
    const register = new Float32Array(block);
    tile(register, w[i]!.data);
    return [name, register];
  });
  return Object.fromEntries(registers);
}

/** A step from the value of its op. */
export function valueStep(args: StepArguments<ElementwiseOp>): Step {
  const { op, x, out } = args;
  const size = elementCount(out.shape);
  const block = Math.min(size, blockOf(channelCount(out.shape)));
  const named = tiled(args, block);
  const loaders = x.map((tensor, operand) => {
    const register = (named['xy'[operand]!] = new Float32Array(block));
    if (elementCount(tensor.shape) === size) return loader(tensor, register);
    // One row: what it holds changes from run to run, but not within one.
    return (at: number) => (at === 0 ? tile(register, tensor.data) : undefined);
  });
  const value = assemble(valueOf(op), named, block);
  const [target, { result }] = [out.data, value];
  const run = (): void => {
    for (let at = 0; at < size; at += block) {
      const n = Math.min(block, size - at);
      for (const load of loaders) load(at, n);
      value.run(n);
      for (let i = 0; i < n; i++) target[at + i] = result[i]!;
    }
  };
  return { kernel: op.op === 'unary' ? op.function : op.op, run, bytes: 4 * block * value.registers };
}

/** One number of each row of `c`, as a step of a row says. */
const reductions: Readonly<Record<'max' | 'sum', (values: F, n: number, c: number, totals: F) => void>> = {
  max(values, n, c, totals) {
    for (let at = 0, row = 0; at < n; at += c, row++) {
      let max = values[at]!;
      for (let i = 1; i < c; i++) if (values[at + i]! > max) max = values[at + i]!;
      totals[row] = max;
    }
  },
  sum(values, n, c, totals) {
    const f = Math.fround;
    let row = 0;
    // Each sum waits for its last rounding: those of four rows do not wait for each other.
    for (; (row + 4) * c <= n; row += 4) {
      let [p, q, r, s] = [f(0), f(0), f(0), f(0)];
      for (let i = row * c, end = i + c; i < end; i++) {
        p = f(p + values[i]!);
        q = f(q + values[i + c]!);
        r = f(r + values[i + 2 * c]!);
        s = f(s + values[i + 3 * c]!);
      }
      totals[row] = p;
      totals[row + 1] = q;
      totals[row + 2] = r;
      totals[row + 3] = s;
    }
    for (; row * c < n; row++) {
      let sum = f(0);
      for (let i = row * c; i < (row + 1) * c; i++) sum = f(sum + values[i]!);
      totals[row] = sum;
    }
  },
};

/** A step from the row of its op: a block of whole rows goes through each of its steps. */
export function rowStep(args: StepArguments<RowwiseOp>): Step {
  const { op, x: [x], out } = args; // prettier-ignore
  const c = channelCount(out.shape);
  const size = elementCount(out.shape);
  const block = Math.min(size, blockOf(c));
  const { steps, value } = rowOf(op, c);
  const named = tiled(args, block);
  named.x = new Float32Array(block);
  let registers = 1;
  const phases = steps.map(({ name, of, over, then }) => {
    const each = assemble(of, named, block);
    registers += each.registers;
    named[name] = each.result;
    if (!over) return each.run;
    const totals = new Float32Array(block / c);
    const after = assemble(then ?? E.input('total'), { total: totals }, totals.length);
    const register = (named[name] = new Float32Array(block));
    registers += 2;
    return (n: number): void => {
      each.run(n);
      reductions[over](each.result, n, c, totals);
      after.run(n / c);
      for (let at = 0, row = 0; at < n; at += c, row++) register.fill(after.result[row]!, at, at + c);
    };
  });
  const last = assemble(value, named, block);
  const blocks = Array.from({ length: Math.ceil(size / block) }, (_, i) => {
    const [at, end] = [i * block, Math.min(size, (i + 1) * block)];
    const from = x!.data.subarray(at, end) as F;
    return { from, to: out.data.subarray(at, end), result: last.result.subarray(0, end - at) };
  });
  const run = (): void => {
    for (const { from, to, result } of blocks) {
      named.x!.set(from);
      for (const phase of phases) phase(from.length);
      last.run(from.length);
      to.set(result);
    }
  };
  return {
    kernel: op.op === 'layerNorm' ? 'layer-norm' : op.op,
    run,
    bytes: 4 * block * (registers + last.registers),
  };
}
