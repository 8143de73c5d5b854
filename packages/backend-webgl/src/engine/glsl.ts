// Fragment shaders around the kernels. A buffer is a texture of 32-bit words, four to a texel (RGBA32UI), read by
// linear index; a fragment computes one texel: four neighbouring words.
import { glslPrelude, rounding, toGlsl, type ShaderKernel } from '@bitgrad/shaders';

/** A draw: its fragment shader, and what it costs. */
export interface Draw {
  readonly source: string;
  /** Texels of the target, one fragment each. */
  readonly fragments: number;
  /** Texel fetches of all fragments, counted from the loops. */
  readonly fetches: number;
}

/** The vertex shader of every draw: one triangle over the viewport. */
export const vertexSource = `#version 300 es
void main() { gl_Position = vec4(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0); }`;

/** Uniform of the j-th operand. */
export const sampler = (j: number): string => `t${j}`;

const operand = (j: number, logWidth: number): string => `
uniform highp usampler2D ${sampler(j)};
uvec4 q${j}(int i) { return texelFetch(${sampler(j)}, ivec2(i & ${(1 << logWidth) - 1}, i >> ${logWidth}), 0); }
uint w${j}(int i) { uvec4 v = q${j}(i >> 2); return (i & 2) == 0 ? ((i & 1) == 0 ? v.x : v.y) : ((i & 1) == 0 ? v.z : v.w); }`;

/** Four channels of one position: the taps are fetched once for all four, and by four words where they are neighbours. */
function quad({ product, ...kernel }: ShaderKernel): string {
  const { n, k, arithmetic, tap4 } = product!;
  const type = arithmetic === 'float' ? 'vec4' : 'ivec4';
  const loop = tap4
    ? `for (int k = 0; k < ${k}; k += 4) {
    uvec4 a = tap4(m, k, n);
    acc = mac4(acc, a.x, q1(base + k));
    acc = mac4(acc, a.y, q1(base + k + 1));
    acc = mac4(acc, a.z, q1(base + k + 2));
    acc = mac4(acc, a.w, q1(base + k + 3));
  }`
    : `for (int k = 0; k < ${k}; k++) { acc = mac4(acc, tap(m, k, n), q1(base + k)); }`;
  return `${toGlsl(kernel.code)}
${tap4 ? toGlsl(tap4) : ''}
uvec4 texel(int i) {
  int m = i / ${n};
  int n = i % ${n};
  int base = (n / 4) * ${k};
  ${type} acc = ${type}(0);
  ${loop}
  return uvec4(outcome(m, n, acc.x), outcome(m, n + 1, acc.y), outcome(m, n + 2, acc.z), outcome(m, n + 3, acc.w));
}`;
}

const single = ({ code }: ShaderKernel): string => `${toGlsl(code)}
uvec4 texel(int i) {
  uvec4 words = uvec4(0u);
  for (int j = 0; j < 4; j++) { words[j] = word(i + j); }
  return words;
}`;

/** The draw of a kernel that writes so many words into textures of 2^logWidth texels a row. */
export function drawOf(kernel: ShaderKernel, words: number, logWidth: number): Draw {
  const { product, reads } = kernel;
  const quads = product !== undefined && product.n % 4 === 0 && product.shared >= 4;
  const fragments = Math.ceil(words / 4);
  const steps = product ? product.k * (product.tap4 ? 1.25 : 2) : 0;
  const source = `#version 300 es
precision highp float;
precision highp int;
precision highp usampler2D;
${glslPrelude}${toGlsl(rounding)}
${reads.map((_, j) => operand(j, logWidth)).join('\n')}
${quads ? quad(kernel) : single(kernel)}
out uvec4 color;
void main() {
  int t = int(gl_FragCoord.y) * ${1 << logWidth} + int(gl_FragCoord.x);
  if (t >= ${fragments}) { discard; }
  color = texel(t * 4);
}`;
  return { source, fragments, fetches: fragments * (quads ? steps : 4 * kernel.loads) };
}
