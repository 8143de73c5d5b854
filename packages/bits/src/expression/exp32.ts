// The exponential of packed models: a float32 function with a stated evaluation order, so that any engine can reproduce
// it bit for bit. Every step is rounded to float32 (Math.fround), none uses a library exponential.

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
