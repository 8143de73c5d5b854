// C functions that generated files share. Only those that a model needs are written.

/** Text by name; `needs` are written before it. */
interface Helper {
  readonly text: string;
  readonly needs?: readonly string[];
}

const popcount = `/* Bits of a word that are 1. Define BITGRAD_POPCOUNT for an instruction of your processor. */
#ifndef BITGRAD_POPCOUNT
#if defined(__GNUC__) && (defined(__POPCNT__) || defined(__riscv_zbb) || defined(__aarch64__))
#define BITGRAD_POPCOUNT(x) ((int32_t)__builtin_popcount(x))
#else
static int32_t popcount(uint32_t x)
{
  x -= (x >> 1) & 0x55555555u;
  x = (x & 0x33333333u) + ((x >> 2) & 0x33333333u);
  x = (x + (x >> 4)) & 0x0f0f0f0fu;
  x += x >> 8;
  return (int32_t)((x + (x >> 16)) & 63u);
}
#define BITGRAD_POPCOUNT(x) popcount(x)
#endif
#endif
`;

const xnor = `/* Sums of products of levels: out[o] = bits - 2 popcount(a xor row o of w). */
static void xnor(const u32 *a, const u32 *w, int words, int units, int32_t bits, i32 *out)
{
  int o, k;
  for (o = 0; o < units; o++) {
    int32_t different = 0;
    for (k = 0; k < words; k++) {
      different += BITGRAD_POPCOUNT(a[k] ^ *w);
      w++;
    }
    out[o] = bits - 2 * different;
  }
}
`;

const xnorReal = `/* The same over the bits that are 1 in real: padded taps count for nothing. */
static void xnor_real(const u32 *a, const u32 *real, const u32 *w, int words, int units, int32_t bits, i32 *out)
{
  int o, k;
  for (o = 0; o < units; o++) {
    int32_t different = 0;
    for (k = 0; k < words; k++) {
      different += BITGRAD_POPCOUNT((a[k] ^ *w) & real[k]);
      w++;
    }
    out[o] = bits - 2 * different;
  }
}
`;

const put = `/* Writes n <= 32 bits at bit position at; they were 0. */
static void put(u32 *words, int at, uint32_t bits, int n)
{
  const int shift = at & 31;
  words[at >> 5] |= bits << shift;
  if (shift + n > 32) words[(at >> 5) + 1] |= bits >> (32 - shift);
}
`;

const absolute = `static float absolute(float x)
{
  uint32_t bits;
  memcpy(&bits, &x, 4);
  bits &= 0x7fffffffu;
  memcpy(&x, &bits, 4);
  return x;
}
`;

const exp32 = `/* 2 to the n, -126 <= n <= 127. */
static float power_of_two(int32_t n)
{
  const uint32_t bits = (uint32_t)(n + 127) << 23;
  float x;
  memcpy(&x, &bits, 4);
  return x;
}

/* e to the x with a stated order of roundings, the same on every engine. */
static float exp32(float x)
{
  static const float c[8] = { 0.0001984127f, 0.0013888889f, 0.008333334f, 0.041666668f, 0.16666667f, 0.5f, 1.0f, 1.0f };
  float n, r, p;
  int32_t whole, half;
  int k;
  if (x != x) return x;
  if (x > 88.72283f) return (1.0f / 0.0f);
  if (x < -87.33654f) return 0.0f;
  n = x * 1.442695f;
  n = n + 12582912.0f;
  n = n - 12582912.0f;
  r = x - n * 0.69314575f;
  r = r - n * 1.4286068e-6f;
  p = c[0];
  for (k = 1; k < 8; k++) {
    p = p * r;
    p = p + c[k];
  }
  whole = (int32_t)n;
  half = whole >= 0 ? whole / 2 : -((1 - whole) / 2);
  p = p * power_of_two(half);
  return p * power_of_two(whole - half);
}
`;

const helpers: Readonly<Record<string, Helper>> = {
  popcount: { text: popcount },
  xnor: { text: xnor, needs: ['popcount'] },
  xnor_real: { text: xnorReal, needs: ['popcount'] },
  put: { text: put },
  absolute: { text: absolute },
  exp32: { text: exp32 },
};

/** The texts of helpers with what they need, in an order that C accepts; names that are C's own have none. */
export function helperTexts(names: Iterable<string>): string[] {
  const wanted = new Set<string>();
  for (const name of names) [...(helpers[name]?.needs ?? []), name].forEach((one) => wanted.add(one));
  return Object.entries(helpers)
    .filter(([name]) => wanted.has(name))
    .map(([, { text }]) => text);
}
