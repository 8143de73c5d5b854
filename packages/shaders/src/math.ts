// exp32 in the kernel language: the steps of its definition in @bitgrad/bits, each rounded. Divisions in kernels are the
// hardware's: correctly rounded on a CPU, within 2.5 units in the last place on GPUs.
import { literal as c } from './dialect.js';

/** Source of exp32. */
export const exponential = `
fn exp32(x: f32) -> f32 {
  if (x > ${c(88.72283)}) { return floatOf(0x7f800000u ^ zero); }
  if (x < ${c(-87.33654)}) { return 0.0; }
  let n: f32 = rnd(rnd(rnd(x * ${c(1.4426950408889634)}) + 12582912.0) - 12582912.0);
  let r: f32 = rnd(rnd(x - rnd(n * ${c(0.693145751953125)})) - rnd(n * ${c(1.4286068203e-6)}));
  var p: f32 = ${c(1 / 5040)};
  ${[1 / 720, 1 / 120, 1 / 24, 1 / 6, 1 / 2, 1, 1].map((k) => `p = rnd(rnd(p * r) + ${c(k)});`).join('\n  ')}
  let e: i32 = i32(n);
  let low: i32 = e >> 1u;
  return rnd(rnd(p * floatOf(u32(low + 127) << 23u)) * floatOf(u32(e - low + 127) << 23u));
}
`;
