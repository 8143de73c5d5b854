// Lane arithmetic of the SIMD builds: four 32-bit lanes in a v128. `lanes-scalar` has the same names for one
// lane, so that every kernel outside the matrix products is written once. Passed to asc by --lib.

export const LANES: i32 = 4;
export type F = v128;
export type I = v128;

// @ts-ignore: decorator
@inline export function loadF(p: usize): F { return v128.load(p); }
// @ts-ignore: decorator
@inline export function storeF(p: usize, x: F): void { v128.store(p, x); }
// @ts-ignore: decorator
@inline export function loadI(p: usize): I { return v128.load(p); }
// @ts-ignore: decorator
@inline export function storeI(p: usize, x: I): void { v128.store(p, x); }
// @ts-ignore: decorator
@inline export function loadI16(p: usize): I { return v128.load_ext<i16>(p); }
// @ts-ignore: decorator
@inline export function loadU8(p: usize): I { return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(p))); }
// @ts-ignore: decorator
@inline export function splatF(x: f32): F { return f32x4.splat(x); }
// @ts-ignore: decorator
@inline export function splatI(x: i32): I { return i32x4.splat(x); }
// @ts-ignore: decorator
@inline export function addF(a: F, b: F): F { return f32x4.add(a, b); }
// @ts-ignore: decorator
@inline export function subF(a: F, b: F): F { return f32x4.sub(a, b); }
// @ts-ignore: decorator
@inline export function mulF(a: F, b: F): F { return f32x4.mul(a, b); }
// @ts-ignore: decorator
@inline export function divF(a: F, b: F): F { return f32x4.div(a, b); }
// @ts-ignore: decorator
@inline export function negF(a: F): F { return f32x4.neg(a); }
// @ts-ignore: decorator
@inline export function absF(a: F): F { return f32x4.abs(a); }
// @ts-ignore: decorator
@inline export function addI(a: I, b: I): I { return i32x4.add(a, b); }
// @ts-ignore: decorator
@inline export function subI(a: I, b: I): I { return i32x4.sub(a, b); }
// @ts-ignore: decorator
@inline export function mulI(a: I, b: I): I { return i32x4.mul(a, b); }
// @ts-ignore: decorator
@inline export function shlI(a: I, n: i32): I { return i32x4.shl(a, n); }
// @ts-ignore: decorator
@inline export function shrI(a: I, n: i32): I { return i32x4.shr_s(a, n); }
// @ts-ignore: decorator
@inline export function toF(a: I): F { return f32x4.convert_i32x4_s(a); }
// @ts-ignore: decorator
@inline export function toI(a: F): I { return i32x4.trunc_sat_f32x4_s(a); }
// @ts-ignore: decorator
@inline export function asF(a: I): F { return a; }
/** yes where a < b, else no. */
// @ts-ignore: decorator
@inline export function ifLess(a: F, b: F, yes: F, no: F): F { return v128.bitselect(yes, no, f32x4.lt(a, b)); }
/** yes where a >= b, else no. */
// @ts-ignore: decorator
@inline export function ifNotLess(a: F, b: F, yes: F, no: F): F { return v128.bitselect(yes, no, f32x4.ge(a, b)); }
