// exp32, erf32 and the smooth functions of plan.ts in the kernel language: the steps of the runtime's reference, each
// rounded. Divisions are the hardware's: correctly rounded on a CPU, within 2.5 units in the last place on GPUs.
import { literal as c } from './dialect.js';

const exp32 = `
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

const functions = {
  sigmoid: `
fn smoothed(x: f32) -> f32 {
  let e: f32 = exp32(-abs(x));
  if (x >= 0.0) { return 1.0 / rnd(1.0 + e); }
  return e / rnd(1.0 + e);
}`,
  tanh: `
fn smoothed(x: f32) -> f32 {
  let e: f32 = exp32(-2.0 * abs(x));
  let m: f32 = rnd(1.0 - e) / rnd(1.0 + e);
  if (x < 0.0) { return -m; }
  return m;
}`,
  gelu: `
fn smoothed(x: f32) -> f32 {
  let z: f32 = rnd(x * ${c(Math.SQRT1_2)});
  let a: f32 = abs(z);
  let t: f32 = 1.0 / rnd(1.0 + rnd(${c(0.3275911)} * a));
  var q: f32 = ${c(1.061405429)};
  ${[-1.453152027, 1.421413741, -0.284496736, 0.254829592].map((k) => `q = rnd(rnd(q * t) + ${c(k)});`).join('\n  ')}
  let m: f32 = rnd(1.0 - rnd(rnd(q * t) * exp32(-rnd(a * a))));
  var e: f32 = m;
  if (z < 0.0) { e = -m; }
  return rnd(0.5 * x) * rnd(1.0 + e);
}`,
} as const;

/** Source of exp32. */
export const exponential = exp32;

/** Source of `smoothed(x)`, one of the functions of `UnaryOp`, and of what it calls. */
export const smooth = (name: keyof typeof functions): string => exp32 + functions[name];
