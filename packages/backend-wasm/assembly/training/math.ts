// Four-lane float32 functions, with relative error under about 3e-7 unless said otherwise.
// Methods are the classic ones (Cody-Waite reduction and minimax polynomials, as in Cephes); constants are literals,
// because the module may hold no data of its own.

// @ts-ignore: decorator
@inline
function splat(x: f32): v128 {
  return f32x4.splat(x);
}

/** a * b + c */
// @ts-ignore: decorator
@inline
function fma(a: v128, b: v128, c: v128): v128 {
  return f32x4.add(f32x4.mul(a, b), c);
}

/** 2^n for integer lanes in -126 .. 127. */
// @ts-ignore: decorator
@inline
function power2(n: v128): v128 {
  return i32x4.shl(i32x4.add(n, i32x4.splat(127)), 23);
}

/** e^x; overflows to Infinity above 88.72, subnormal results included. */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  const clamped = f32x4.min(f32x4.max(x, splat(-105)), splat(90));
  const n = f32x4.nearest(f32x4.mul(clamped, splat(1.44269504)));
  let r = fma(n, splat(-0.693359375), clamped);
  r = fma(n, splat(2.12194440e-4), r);
  let p = fma(splat(1.9875691500e-4), r, splat(1.3981999507e-3));
  p = fma(p, r, splat(8.3334519073e-3));
  p = fma(p, r, splat(4.1665795894e-2));
  p = fma(p, r, splat(1.6666665459e-1));
  p = fma(p, r, splat(5.0000001201e-1));
  p = f32x4.add(fma(p, f32x4.mul(r, r), r), splat(1));
  // Two factors reach the subnormals and the largest powers; a NaN input comes back by the addition.
  const k = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(k, 1);
  const y = f32x4.mul(f32x4.mul(p, power2(half)), power2(i32x4.sub(k, half)));
  return v128.bitselect(y, x, f32x4.eq(x, x));
}

/** Natural logarithm; -Infinity at 0, NaN below. */
// @ts-ignore: decorator
@inline
export function log4(x: v128): v128 {
  const tiny = f32x4.lt(x, splat(1.17549435e-38));
  const scaled = v128.bitselect(f32x4.mul(x, splat(8388608)), x, tiny);
  let e = i32x4.sub(i32x4.shr_s(scaled, 23), i32x4.splat(126));
  e = i32x4.sub(e, v128.and(tiny, i32x4.splat(23)));
  let m = v128.or(v128.and(scaled, i32x4.splat(0x007fffff)), splat(0.5)); // 0.5 .. 1
  const low = f32x4.lt(m, splat(0.707106781));
  e = i32x4.add(e, low); // the mask is -1
  m = f32x4.sub(f32x4.add(m, v128.and(low, m)), splat(1));
  const z = f32x4.mul(m, m);
  let p = fma(splat(7.0376836292e-2), m, splat(-1.1514610310e-1));
  p = fma(p, m, splat(1.1676998740e-1));
  p = fma(p, m, splat(-1.2420140846e-1));
  p = fma(p, m, splat(1.4249322787e-1));
  p = fma(p, m, splat(-1.6668057665e-1));
  p = fma(p, m, splat(2.0000714765e-1));
  p = fma(p, m, splat(-2.4999993993e-1));
  p = fma(p, m, splat(3.3333331174e-1));
  const f = f32x4.convert_i32x4_s(e);
  let y = f32x4.mul(f32x4.mul(p, m), z);
  y = fma(f, splat(-2.12194440e-4), y);
  y = fma(z, splat(-0.5), y);
  y = fma(f, splat(0.693359375), f32x4.add(m, y));
  y = v128.bitselect(splat(-Infinity), y, f32x4.eq(x, splat(0)));
  y = v128.bitselect(y, splat(NaN), f32x4.ge(x, splat(0)));
  return v128.bitselect(splat(Infinity), y, f32x4.eq(x, splat(Infinity)));
}

/** Hyperbolic tangent. */
// @ts-ignore: decorator
@inline
export function tanh4(x: v128): v128 {
  const a = f32x4.abs(x), z = f32x4.mul(x, x);
  let p = fma(splat(-5.70498872745e-3), z, splat(2.06390887954e-2));
  p = fma(p, z, splat(-5.37397155531e-2));
  p = fma(p, z, splat(1.33314422036e-1));
  p = fma(p, z, splat(-3.33332819422e-1));
  const small = fma(f32x4.mul(p, z), x, x);
  const e = exp4(f32x4.add(a, a));
  const large = f32x4.sub(splat(1), f32x4.div(splat(2), f32x4.add(e, splat(1))));
  const signed = v128.or(large, v128.and(x, i32x4.splat(0x80000000)));
  return v128.bitselect(small, signed, f32x4.lt(a, splat(0.625)));
}

/** 1 / (1 + e^-x) */
// @ts-ignore: decorator
@inline
export function sigmoid4(x: v128): v128 {
  return f32x4.div(splat(1), f32x4.add(splat(1), exp4(f32x4.neg(x))));
}

/** Up to here the angle is reduced in float32. */
const nearTurns: f32 = 2048;

/**
 * sin(x + quarter * pi / 2). The reduction runs in float64 where an |x| is above 2048, so the absolute error stays under
 * 3e-7 up to |x| = 1e6; infinities give NaN.
 */
// @ts-ignore: decorator
@inline
export function sin4(x: v128, quarter: i32): v128 {
  // Not "any above": NaN takes the long way too, which keeps it.
  if (!v128.all_true<i32>(f32x4.le(f32x4.abs(x), splat(nearTurns)))) return farSin4(x, quarter);
  const turns = f32x4.nearest(f32x4.mul(x, splat(0.6366197723675814)));
  // pi / 2 in three parts: the products with the first two are exact, since turns has at most 11 bits.
  let r = f32x4.sub(x, f32x4.mul(turns, splat(1.5703125)));
  r = f32x4.sub(r, f32x4.mul(turns, splat(4.837512969970703e-4)));
  r = f32x4.sub(r, f32x4.mul(turns, splat(7.549789948768648e-8)));
  return sineOf(r, i32x4.add(i32x4.trunc_sat_f32x4_s(turns), i32x4.splat(quarter)));
}

function farSin4(x: v128, quarter: i32): v128 {
  const high = v128.shuffle<i32>(x, x, 2, 3, 2, 3);
  const x0 = f64x2.promote_low_f32x4(x), x1 = f64x2.promote_low_f32x4(high);
  const n0 = f64x2.nearest(f64x2.mul(x0, f64x2.splat(0.6366197723675814)));
  const n1 = f64x2.nearest(f64x2.mul(x1, f64x2.splat(0.6366197723675814)));
  const r = v128.shuffle<i32>(f32x4.demote_f64x2_zero(rest(x0, n0)), f32x4.demote_f64x2_zero(rest(x1, n1)), 0, 1, 4, 5);
  const n = v128.shuffle<i32>(i32x4.trunc_sat_f64x2_s_zero(n0), i32x4.trunc_sat_f64x2_s_zero(n1), 0, 1, 4, 5);
  return sineOf(r, i32x4.add(n, i32x4.splat(quarter)));
}

/** sin(r + q pi / 2) for |r| <= pi / 4. */
// @ts-ignore: decorator
@inline
function sineOf(r: v128, q: v128): v128 {
  const z = f32x4.mul(r, r);
  let s = fma(splat(-1.9515295891e-4), z, splat(8.3321608736e-3));
  s = fma(s, z, splat(-1.6666654611e-1));
  s = fma(f32x4.mul(s, z), r, r);
  let c = fma(splat(2.443315711809948e-5), z, splat(-1.388731625493765e-3));
  c = fma(c, z, splat(4.166664568298827e-2));
  c = fma(f32x4.mul(c, z), z, fma(z, splat(-0.5), splat(1)));
  const odd = i32x4.ne(v128.and(q, i32x4.splat(1)), i32x4.splat(0));
  const y = v128.bitselect(c, s, odd);
  return v128.xor(y, i32x4.shl(v128.and(q, i32x4.splat(2)), 30));
}

/**
 * sin(m t) / sin(t) for |t| <= pi / 2, and its limit m where |t| < 1e-5. The divisor needs no reduction: an odd
 * polynomial of degree 9 (minimax over the quarter turn, relative error 6e-9 before rounding).
 */
// @ts-ignore: decorator
@inline
export function dirichlet4(angle: v128, m: v128): v128 {
  const t = f32x4.max(f32x4.abs(angle), splat(1e-5)), z = f32x4.mul(t, t);
  let p = fma(splat(2.605780537123792e-6), z, splat(-1.9809602235909551e-4));
  p = fma(p, z, splat(8.33306647837162e-3));
  p = fma(p, z, splat(-0.16666659712791443));
  return f32x4.div(sin4(f32x4.mul(t, m), 0), fma(f32x4.mul(p, z), t, t));
}

// @ts-ignore: decorator
@inline
function rest(x: v128, n: v128): v128 {
  const r = f64x2.sub(x, f64x2.mul(n, f64x2.splat(1.5707963267341256)));
  return f64x2.sub(r, f64x2.mul(n, f64x2.splat(6.077100506506192e-11)));
}

/** e^x in float64, relative error under 1e-14, for x <= 709; 0 below -745. */
export function exp64(x: f64): f64 {
  if (x < -745) return 0;
  if (x != x) return x;
  const n = nearest<f64>(x * 1.4426950408889634);
  const r = x - n * 0.6931471803691238 - n * 1.9082149292705877e-10;
  let p: f64 = 1;
  for (let i: f64 = 14; i >= 1; i--) p = 1 + (p * r) / i;
  const k = <i64>n, half = k >> 1;
  return p * reinterpret<f64>((half + 1023) << 52) * reinterpret<f64>((k - half + 1023) << 52);
}

/** log(x) in float64 for normal x > 0, absolute error under 1e-15 * (1 + |log x|). */
export function log64(x: f64): f64 {
  if (!(x > 0 && x < Infinity)) return x == 0 ? -Infinity : x > 0 ? x : NaN;
  const bits = reinterpret<i64>(x);
  let e = (bits >> 52) - 1023;
  let m = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  if (m > 1.4142135623730951) { m *= 0.5; e++; }
  const s = (m - 1) / (m + 1), z = s * s;
  let p: f64 = 0;
  for (let i: f64 = 21; i >= 1; i -= 2) p = p * z + 1 / i;
  return <f64>e * 0.6931471805599453 + 2 * s * p;
}
