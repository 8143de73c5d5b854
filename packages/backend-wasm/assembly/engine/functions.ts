// The smooth functions, in the float32 steps that packages/runtime/src/js-engine/math.ts states.
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

export function sigmoid(x: F): F {
  const e = exp(negF(absF(x)));
  return divF(ifNotLess(x, splatF(0), splatF(1), e), addF(splatF(1), e));
}

export function tanh(x: F): F {
  const e = exp(mulF(splatF(-2), absF(x)));
  const m = divF(subF(splatF(1), e), addF(splatF(1), e));
  return ifLess(x, splatF(0), negF(m), m);
}

/** erf32. */
function erf(x: F): F {
  const a = absF(x), t = divF(splatF(1), addF(splatF(1), mulF(splatF(0.3275911), a)));
  let q = splatF(1.061405429);
  q = horner(q, t, -1.453152027);
  q = horner(q, t, 1.421413741);
  q = horner(q, t, -0.284496736);
  q = horner(q, t, 0.254829592);
  const m = subF(splatF(1), mulF(mulF(q, t), exp(negF(mulF(a, a)))));
  return ifLess(x, splatF(0), negF(m), m);
}

export function gelu(x: F): F {
  return mulF(mulF(splatF(0.5), x), addF(splatF(1), erf(mulF(x, splatF(0.7071067811865476)))));
}
