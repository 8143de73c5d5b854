// The exponential, in the float32 steps that packages/bits/src/expression/exp32.ts states.
// One formula there is one formula here: the tests compare them bit for bit.

// @ts-ignore: decorator
@inline function power(n: I): F { return asF(shlI(addI(n, splatI(127)), 23)); }
// @ts-ignore: decorator
@inline function horner(p: F, r: F, c: f32): F { return addF(mulF(p, r), splatF(c)); }

/** exp32. */
export function exp(x: F): F {
  const n = subF(addF(mulF(x, splatF(1.4426950408889634)), splatF(12582912)), splatF(12582912));
  const r = subF(subF(x, mulF(n, splatF(0.693145751953125))), mulF(n, splatF(1.4286068203e-6)));
  let p = splatF(<f32>(1.0 / 5040.0));
  p = horner(p, r, <f32>(1.0 / 720.0));
  p = horner(p, r, <f32>(1.0 / 120.0));
  p = horner(p, r, <f32>(1.0 / 24.0));
  p = horner(p, r, <f32>(1.0 / 6.0));
  p = horner(p, r, 0.5);
  p = horner(p, r, 1);
  p = horner(p, r, 1);
  const whole = toI(n), half = shrI(whole, 1);
  const y = mulF(mulF(p, power(half)), power(subI(whole, half)));
  return ifLess(splatF(88.72283), x, splatF(Infinity), ifLess(x, splatF(-87.33654), splatF(0), y));
}
