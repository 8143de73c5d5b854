// Lane arithmetic of the scalar build: one 32-bit lane. Same names as `lanes-simd`; passed to asc by --lib.

export const LANES: i32 = 1;
export type F = f32;
export type I = i32;

// @ts-ignore: decorator
@inline export function loadF(p: usize): F { return load<f32>(p); }
// @ts-ignore: decorator
@inline export function storeF(p: usize, x: F): void { store<f32>(p, x); }
// @ts-ignore: decorator
@inline export function loadI(p: usize): I { return load<i32>(p); }
// @ts-ignore: decorator
@inline export function storeI(p: usize, x: I): void { store<i32>(p, x); }
// @ts-ignore: decorator
@inline export function loadI16(p: usize): I { return load<i16>(p); }
// @ts-ignore: decorator
@inline export function loadU8(p: usize): I { return load<u8>(p); }
// @ts-ignore: decorator
@inline export function splatF(x: f32): F { return x; }
// @ts-ignore: decorator
@inline export function splatI(x: i32): I { return x; }
// @ts-ignore: decorator
@inline export function addF(a: F, b: F): F { return a + b; }
// @ts-ignore: decorator
@inline export function subF(a: F, b: F): F { return a - b; }
// @ts-ignore: decorator
@inline export function mulF(a: F, b: F): F { return a * b; }
// @ts-ignore: decorator
@inline export function divF(a: F, b: F): F { return a / b; }
// @ts-ignore: decorator
@inline export function negF(a: F): F { return -a; }
// @ts-ignore: decorator
@inline export function absF(a: F): F { return abs<f32>(a); }
// @ts-ignore: decorator
@inline export function addI(a: I, b: I): I { return a + b; }
// @ts-ignore: decorator
@inline export function subI(a: I, b: I): I { return a - b; }
// @ts-ignore: decorator
@inline export function mulI(a: I, b: I): I { return a * b; }
// @ts-ignore: decorator
@inline export function shlI(a: I, n: i32): I { return a << n; }
// @ts-ignore: decorator
@inline export function shrI(a: I, n: i32): I { return a >> n; }
// @ts-ignore: decorator
@inline export function toF(a: I): F { return <f32>a; }
/** Only for values in range, or NaN, where the result does not matter. */
// @ts-ignore: decorator
@inline export function toI(a: F): I { return a == a ? <i32>a : 0; }
// @ts-ignore: decorator
@inline export function asF(a: I): F { return reinterpret<f32>(a); }
/** yes where a < b, else no. */
// @ts-ignore: decorator
@inline export function ifLess(a: F, b: F, yes: F, no: F): F { return a < b ? yes : no; }
/** yes where a >= b, else no. */
// @ts-ignore: decorator
@inline export function ifNotLess(a: F, b: F, yes: F, no: F): F { return a >= b ? yes : no; }
