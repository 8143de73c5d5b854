// Runs an elementwise expression over a buffer: a block of elements goes through all instructions before the next one, so
// that the registers stay in the cache. A store into a Float32Array rounds to float32, as every node has to be.
import { exp32, inputsOf, linearize, opcodes, wordsPerRow } from '@bitgrad/bits';
import { valueOf, type ElementwiseOp } from '../ops/values.js';
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

/** Registers of an op's program. */
export const registersOf = (op: ElementwiseOp): number => programOf(op).registers;

const programOf = (op: ElementwiseOp) => {
  const expression = valueOf(op);
  return linearize(expression, inputsOf(expression));
};

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

/** A step from the value of its op. */
export function valueStep({ op, x, w, out }: StepArguments<ElementwiseOp>): Step {
  const { inputs, constants, code, registers, result } = programOf(op);
  const size = elementCount(out.shape);
  const block = Math.min(size, blockOf(channelCount(out.shape)));
  const files = Array.from({ length: registers }, () => new Float32Array(block));
  constants.forEach((value, j) => files[inputs.length + j]!.fill(value));
  const { weights = [] }: OpDefinition = ops[op.op];
  const loaders: ((at: number, n: number) => void)[] = [];
  inputs.forEach((name, i) => {
    const register = files[i]!;
    const operand = ['x', 'y'].indexOf(name);
    if (operand < 0) return tile(register, w[weights.indexOf(name)]!.data);
    const tensor = x[operand]!;
    if (elementCount(tensor.shape) === size) loaders.push(loader(tensor, register));
    // One row: what it holds changes from run to run, but not within one.
    else loaders.push((at) => (at === 0 ? tile(register, tensor.data) : undefined));
  });
  const steps = Array.from({ length: code.length / 5 }, (_, s) => {
    const [opcode, d, a, b, c] = code.subarray(5 * s, 5 * s + 5) as unknown as [
      number,
      number,
      number,
      number,
      number,
    ];
    return { loop: loops[opcodes[opcode]!]!, d: files[d]!, a: files[a]!, b: files[b]!, c: files[c]! };
  });
  const [value, target] = [files[result]!, out.data];
  const run = (): void => {
    for (let at = 0; at < size; at += block) {
      const n = Math.min(block, size - at);
      for (const load of loaders) load(at, n);
      for (const { loop, d, a, b, c } of steps) loop(d, n, a, b, c);
      for (let i = 0; i < n; i++) target[at + i] = value[i]!;
    }
  };
  return { kernel: op.op === 'unary' ? op.function : op.op, run, bytes: 4 * block * registers };
}
