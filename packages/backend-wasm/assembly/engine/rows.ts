// Softmax and layer normalization: whole rows, with sums in the order that plan.ts states.
import { Opcode } from '../../src/engine/opcodes';
import { Rowwise } from '../../src/engine/words';
import { exp } from './functions';
import { VIEW_A, VIEW_OUT, address, rowAt, word } from './record';

function softmax(x: usize, y: usize, bytes: usize): void {
  let m = load<f32>(x);
  for (let c: usize = 4; c < bytes; c += 4) {
    const v = load<f32>(x + c);
    m = v > m ? v : m;
  }
  for (let c: usize = 0; c < bytes; c += LANES << 2) storeF(y + c, exp(subF(loadF(x + c), splatF(m))));
  let s: f32 = 0;
  for (let c: usize = 0; c < bytes; c += 4) s += load<f32>(y + c);
  for (let c: usize = 0; c < bytes; c += LANES << 2) storeF(y + c, divF(loadF(y + c), splatF(s)));
}

function layerNorm(op: usize, x: usize, y: usize, bytes: usize): void {
  const n = <f32>(bytes >> 2),
    gamma = address(op, Rowwise.p0),
    beta = address(op, Rowwise.p1);
  let s: f32 = 0,
    v: f32 = 0;
  for (let c: usize = 0; c < bytes; c += 4) s += load<f32>(x + c);
  const mean = s / n;
  for (let c: usize = 0; c < bytes; c += 4) {
    const d = load<f32>(x + c) - mean;
    v += d * d;
  }
  const r: f32 = 1 / sqrt<f32>(v / n + load<f32>(op + (Rowwise.s0 << 2)));
  for (let c: usize = 0; c < bytes; c += LANES << 2)
    storeF(
      y + c,
      addF(mulF(mulF(subF(loadF(x + c), splatF(mean)), splatF(r)), loadF(gamma + c)), loadF(beta + c)),
    );
}

/** Rows r0..r1. */
export function wholeRows(op: usize, code: i32, r0: i32, r1: i32, channels: i32): void {
  for (let r = r0; r < r1; r++) {
    const x = rowAt(op + VIEW_A, r),
      y = rowAt(op + VIEW_OUT, r);
    if (code == Opcode.layerNorm) layerNorm(op, x, y, (<usize>channels) << 2);
    else softmax(x, y, (<usize>channels) << 2);
  }
}
