// float32 functions with a stated evaluation order, so that any engine can reproduce them bit for bit:
// every arithmetic step is rounded to float32 (Math.fround), no step uses a library exponential.

const f = Math.fround;
const log2e = f(1.4426950408889634);
// ln 2 in two parts; the high part has 15 significant bits, so n * ln2High is exact for |n| <= 256.
const ln2High = f(0.693145751953125);
const ln2Low = f(1.4286068203e-6);
/** Beyond these, both float32 numbers, e^x overflows or is subnormal. */
const largest = f(88.72283);
const smallest = f(-87.33654);
/** Adding and subtracting 1.5 * 2^23 rounds a float32 of magnitude below 2^22 to an integer, ties to even. */
const rounder = 12582912;
const inverseFactorials = [1 / 5040, 1 / 720, 1 / 120, 1 / 24, 1 / 6, 1 / 2, 1, 1].map(f);

const scratch = new Float32Array(1);
const scratchBits = new Int32Array(scratch.buffer);
/** 2^n, exact, for -126 <= n <= 127. */
const powerOfTwo = (n: number): number => {
  scratchBits[0] = (n + 127) << 23;
  return scratch[0]!;
};

/**
 * e^x in float32, relative error below 2^-22 over its range.
 *
 * x > fround(88.72283) gives +Infinity, x < fround(-87.33654) gives 0, NaN gives NaN. log2(e), ln2High =
 * 0.693145751953125 and ln2Low = 1.4286068203e-6 are float32 constants. Else, every step rounded to float32:
 * n = x * log2(e) rounded to an integer, ties to even; r = (x - n * ln2High) - n * ln2Low;
 * p = Taylor polynomial of degree 7 in r by Horner's rule (p = p * r + 1/k!, product and sum rounded apart);
 * y = (p * 2^floor(n / 2)) * 2^(n - floor(n / 2)).
 */
export function exp32(x: number): number {
  x = f(x);
  if (x > largest) return Infinity;
  if (x < smallest) return 0;
  const n = f(f(f(x * log2e) + rounder) - rounder);
  const r = f(f(x - f(n * ln2High)) - f(n * ln2Low));
  let p = inverseFactorials[0]!;
  for (let k = 1; k < 8; k++) p = f(f(p * r) + inverseFactorials[k]!);
  if (n !== n) return NaN;
  const half = n >> 1;
  return f(f(p * powerOfTwo(half)) * powerOfTwo(n - half));
}

// Abramowitz and Stegun, Handbook of Mathematical Functions, formula 7.1.26.
const erfP = f(0.3275911);
const erfCoefficients = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592].map(f);

/**
 * Error function in float32, absolute error below 6e-7: with a = |x|, every step rounded to float32,
 * t = 1 / (1 + 0.3275911 a); q = ((((c0 t + c1) t + c2) t + c3) t + c4) t;
 * m = 1 - q * exp32(-(a * a)); y = x < 0 ? -m : m.
 */
export function erf32(x: number): number {
  const a = Math.abs(f(x));
  const t = f(1 / f(1 + f(erfP * a)));
  let q = erfCoefficients[0]!;
  for (let k = 1; k < 5; k++) q = f(f(q * t) + erfCoefficients[k]!);
  const m = f(1 - f(f(q * t) * exp32(-f(a * a))));
  return x < 0 ? -m : m;
}

/** Logistic sigmoid in float32; the formula is in plan.ts, UnaryOp. */
export function sigmoid32(x: number): number {
  const e = exp32(-Math.abs(x));
  return x >= 0 ? f(1 / f(1 + e)) : f(e / f(1 + e));
}

/** Hyperbolic tangent in float32, absolute error below 2e-7; the formula is in plan.ts, UnaryOp. */
export function tanh32(x: number): number {
  const e = exp32(f(-2 * Math.abs(x)));
  const m = f(f(1 - e) / f(1 + e));
  return x < 0 ? -m : m;
}

const inverseSqrt2 = f(Math.SQRT1_2);

/** GELU (the erf form) in float32; the formula is in plan.ts, UnaryOp. */
export function gelu32(x: number): number {
  return f(f(0.5 * x) * f(1 + erf32(f(x * inverseSqrt2))));
}
