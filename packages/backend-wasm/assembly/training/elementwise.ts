// Interpreter of linear elementwise programs. A block of numbers goes through all instructions before the next block,
// so that registers stay in the first-level cache; each instruction is one SIMD loop over the block.
// Registers of full-size inputs and of the result are the tensors' own memory: no copies, except for the last block
// when its length is not a multiple of four.
import { Operation } from '../../src/training/operations';
import { dirichlet4, exp4, log4, sigmoid4, sin4, tanh4 } from './math';

/** Numbers in a block at most. */
const BLOCK: i32 = 512;

// Kinds of inputs.
const FULL: i32 = 0;
const SCALAR: i32 = 1; // VECTOR (along the last axis) is 2

/**
 * @param code instructions of 5 integers: opcode, destination, three sources
 * @param inputs pairs (address, kind)
 * @param constants float32
 * @param space elementwiseSpace(registers) bytes
 * @param i0,i1 range of numbers; with vector inputs `i0` is a multiple of `c`
 * @param c length of the last axis
 */
export function elementwise(
  code: usize, steps: i32, inputs: usize, inputCount: i32, constants: usize, constantCount: i32,
  registers: i32, result: i32, space: usize, out: usize, i0: i32, i1: i32, c: i32,
): void {
  const table = space; // address of each register
  const base = space + (((<usize>registers << 2) + 63) & ~63);
  let vectors = false;
  for (let r = 0; r < registers; r++) setAddress(table, r, base + <usize>r * (BLOCK << 2));
  for (let i = 0; i < inputCount; i++) {
    const kind = load<i32>(inputs + (<usize>i << 3), 4);
    if (kind == SCALAR) fill(address(table, i), load<f32>(load<usize>(inputs + (<usize>i << 3))));
    else if (kind != FULL) vectors = true;
  }
  for (let j = 0; j < constantCount; j++)
    fill(address(table, inputCount + j), load<f32>(constants + (<usize>j << 2)));

  // With vector inputs a block holds whole rows, or a part of one row.
  const wholeRows = vectors && c <= BLOCK;
  const size = wholeRows ? (BLOCK / c) * c : BLOCK;
  if (wholeRows)
    for (let i = 0; i < inputCount; i++)
      if (load<i32>(inputs + (<usize>i << 3), 4) == 2) repeat(address(table, i), load<usize>(inputs + (<usize>i << 3)), c, size);

  for (let at = i0; at < i1; ) {
    let count = min(size, i1 - at);
    let column = 0;
    if (vectors && !wholeRows) {
      column = at % c;
      count = min(count, c - column);
    }
    const exact = (count & 3) == 0;
    for (let i = 0; i < inputCount; i++) {
      const p = load<usize>(inputs + (<usize>i << 3));
      const kind = load<i32>(inputs + (<usize>i << 3), 4);
      if (kind == SCALAR || (kind == 2 && wholeRows)) continue;
      const source = p + (<usize>(kind == FULL ? at : column) << 2);
      if (exact) setAddress(table, i, source);
      else {
        const own = base + <usize>i * (BLOCK << 2);
        memory.copy(own, source, <usize>count << 2);
        setAddress(table, i, own);
      }
    }
    const target = out + (<usize>at << 2);
    const direct = exact && result >= inputCount + constantCount;
    if (direct) setAddress(table, result, target);
    run(code, steps, table, (count + 3) >> 2);
    if (!direct) memory.copy(target, address(table, result), <usize>count << 2);
    if (direct) setAddress(table, result, base + <usize>result * (BLOCK << 2));
    at += count;
  }
}

/** Bytes of scratch for a program of so many registers. */
export function elementwiseSpace(registers: i32): i32 {
  return (((registers << 2) + 63) & ~63) + registers * (BLOCK << 2);
}

// @ts-ignore: decorator
@inline
function address(table: usize, register: i32): usize {
  return load<usize>(table + (<usize>register << 2));
}

// @ts-ignore: decorator
@inline
function setAddress(table: usize, register: i32, value: usize): void {
  store<usize>(table + (<usize>register << 2), value);
}

function fill(p: usize, value: f32): void {
  const v = f32x4.splat(value);
  for (let i: usize = 0; i < <usize>(BLOCK << 2); i += 16) v128.store(p + i, v);
}

function repeat(p: usize, vector: usize, c: i32, size: i32): void {
  for (let i = 0; i < size; i += c) memory.copy(p + (<usize>i << 2), vector, <usize>c << 2);
}

/** All instructions over `quads` groups of four numbers. The default is `select`. */
function run(code: usize, steps: i32, table: usize, quads: i32): void {
  const bytes: usize = <usize>quads << 4;
  const one = f32x4.splat(1);
  for (let s = 0; s < steps; s++) {
    const d = address(table, load<i32>(code, 4)), a = address(table, load<i32>(code, 8));
    const b = address(table, load<i32>(code, 12)), e = address(table, load<i32>(code, 16));
    switch (load<i32>(code)) {
      case Operation.neg: for (let i: usize = 0; i < bytes; i += 16) v128.store(d + i, f32x4.neg(v128.load(a + i))); break;
      case Operation.abs: for (let i: usize = 0; i < bytes; i += 16) v128.store(d + i, f32x4.abs(v128.load(a + i))); break;
      case Operation.sqrt: for (let i: usize = 0; i < bytes; i += 16) v128.store(d + i, f32x4.sqrt(v128.load(a + i))); break;
      case Operation.exp: for (let i: usize = 0; i < bytes; i += 16) v128.store(d + i, exp4(v128.load(a + i))); break;
      case Operation.log: for (let i: usize = 0; i < bytes; i += 16) v128.store(d + i, log4(v128.load(a + i))); break;
      case Operation.sin: for (let i: usize = 0; i < bytes; i += 16) v128.store(d + i, sin4(v128.load(a + i), 0)); break;
      case Operation.cos: for (let i: usize = 0; i < bytes; i += 16) v128.store(d + i, sin4(v128.load(a + i), 1)); break;
      case Operation.tanh: for (let i: usize = 0; i < bytes; i += 16) v128.store(d + i, tanh4(v128.load(a + i))); break;
      case Operation.sigmoid: for (let i: usize = 0; i < bytes; i += 16) v128.store(d + i, sigmoid4(v128.load(a + i))); break;
      case Operation.round: for (let i: usize = 0; i < bytes; i += 16) v128.store(d + i, f32x4.nearest(v128.load(a + i))); break;
      case Operation.floor: for (let i: usize = 0; i < bytes; i += 16) v128.store(d + i, f32x4.floor(v128.load(a + i))); break;
      case Operation.reciprocal: for (let i: usize = 0; i < bytes; i += 16) v128.store(d + i, f32x4.div(one, v128.load(a + i))); break;
      case Operation.add: for (let i: usize = 0; i < bytes; i += 16) v128.store(d + i, f32x4.add(v128.load(a + i), v128.load(b + i))); break;
      case Operation.sub: for (let i: usize = 0; i < bytes; i += 16) v128.store(d + i, f32x4.sub(v128.load(a + i), v128.load(b + i))); break;
      case Operation.mul: for (let i: usize = 0; i < bytes; i += 16) v128.store(d + i, f32x4.mul(v128.load(a + i), v128.load(b + i))); break;
      case Operation.div: for (let i: usize = 0; i < bytes; i += 16) v128.store(d + i, f32x4.div(v128.load(a + i), v128.load(b + i))); break;
      case Operation.min: for (let i: usize = 0; i < bytes; i += 16) v128.store(d + i, f32x4.min(v128.load(a + i), v128.load(b + i))); break;
      case Operation.max: for (let i: usize = 0; i < bytes; i += 16) v128.store(d + i, f32x4.max(v128.load(a + i), v128.load(b + i))); break;
      case Operation.ge: for (let i: usize = 0; i < bytes; i += 16) v128.store(d + i, v128.and(one, f32x4.ge(v128.load(a + i), v128.load(b + i)))); break;
      case Operation.gt: for (let i: usize = 0; i < bytes; i += 16) v128.store(d + i, v128.and(one, f32x4.gt(v128.load(a + i), v128.load(b + i)))); break;
      case Operation.le: for (let i: usize = 0; i < bytes; i += 16) v128.store(d + i, v128.and(one, f32x4.le(v128.load(a + i), v128.load(b + i)))); break;
      case Operation.lt: for (let i: usize = 0; i < bytes; i += 16) v128.store(d + i, v128.and(one, f32x4.lt(v128.load(a + i), v128.load(b + i)))); break;
      case Operation.eq: for (let i: usize = 0; i < bytes; i += 16) v128.store(d + i, v128.and(one, f32x4.eq(v128.load(a + i), v128.load(b + i)))); break;
      case Operation.ne: for (let i: usize = 0; i < bytes; i += 16) v128.store(d + i, v128.and(one, f32x4.ne(v128.load(a + i), v128.load(b + i)))); break;
      case Operation.dirichlet: for (let i: usize = 0; i < bytes; i += 16) v128.store(d + i, dirichlet4(v128.load(a + i), v128.load(b + i))); break;
      default:
        for (let i: usize = 0; i < bytes; i += 16)
          v128.store(d + i, v128.bitselect(v128.load(b + i), v128.load(e + i), f32x4.ne(v128.load(a + i), f32x4.splat(0))));
    }
    code += 20;
  }
}
