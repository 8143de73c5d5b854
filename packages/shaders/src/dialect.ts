// Kernels are written once, in a small subset of WGSL: typed declarations (`var x: i32 = 0;`), functions, for, if,
// scalars and vec4. For WebGL this file rewrites the declarations to GLSL ES 3.00; everything else is the same text
// in both languages. Names that one of them reserves (patch, sample, input, half ...) are not used.

/** Rewrites the WGSL subset of the kernels to GLSL ES 3.00. */
export const toGlsl = (code: string): string =>
  code
    .replace(
      /\bfn (\w+)\(([^)]*)\) -> ([\w<>]+)/g,
      (_, name: string, parameters: string, type: string) =>
        `${type} ${name}(${parameters.replace(/(\w+): ([\w<>]+)/g, '$2 $1')})`,
    )
    .replace(/\b(?:var|let) (\w+): ([\w<>]+)/g, '$2 $1')
    .replace(/\bvec4<([iuf])32>/g, (_, type: string) => ({ i: 'ivec4', u: 'uvec4', f: 'vec4' })[type]!);

/** What the kernels assume, in WGSL; `zero` is a number that is 0 when the kernel runs, unknown to the compiler. */
export const wgslPrelude = `
var<private> zero: u32;
fn bitsOf(x: f32) -> u32 { return bitcast<u32>(x); }
fn floatOf(x: u32) -> f32 { return bitcast<f32>(x); }
fn bitsOf4(x: vec4<f32>) -> vec4<u32> { return bitcast<vec4<u32>>(x); }
fn floatOf4(x: vec4<u32>) -> vec4<f32> { return bitcast<vec4<f32>>(x); }
`;

/** What the kernels assume, in GLSL; integer overloads of countOneBits count in parallel within a word. */
export const glslPrelude = `
#define i32 int
#define u32 uint
#define f32 float
uniform uint zero;
uint bitsOf(float x) { return floatBitsToUint(x); }
float floatOf(uint x) { return uintBitsToFloat(x); }
uvec4 bitsOf4(vec4 x) { return floatBitsToUint(x); }
vec4 floatOf4(uvec4 x) { return uintBitsToFloat(x); }
uvec4 countOneBits(uvec4 x) {
  x -= (x >> 1u) & 0x55555555u;
  x = (x & 0x33333333u) + ((x >> 2u) & 0x33333333u);
  return (((x + (x >> 4u)) & 0x0f0f0f0fu) * 0x01010101u) >> 24u;
}
uint countOneBits(uint x) { return countOneBits(uvec4(x)).x; }
`;

/**
 * Rounding that no compiler may remove: the bits pass through an exclusive or with a number that is 0 only at run
 * time, so a product and a sum are never contracted to a fused multiply-add, and sums are never reassociated.
 */
export const rounding = `
fn rnd(x: f32) -> f32 { return floatOf(bitsOf(x) ^ zero); }
fn rnd4(x: vec4<f32>) -> vec4<f32> { return floatOf4(bitsOf4(x) ^ vec4<u32>(zero)); }
`;

const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);

/** A finite float32 constant, exactly. */
export const literal = (x: number): string => {
  float[0] = x;
  return `floatOf(${bits[0]}u)`;
};
