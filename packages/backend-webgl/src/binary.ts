// Forward products of tensors that are exactly +-1, as programs of tfjs's webgl backend. Its tensors are float32 textures,
// whose numbers hold 24 bits exactly: signs are packed 24 to a number, 96 to a texel, and compared in integers.
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { binaryKernels, binaryOutputSize, type BinaryConvolution, type BinaryConvolve } from '@bitgrad/core';

/** What is used of tfjs's MathBackendWebGL. */
interface TfjsWebgl {
  compileAndRun(program: WebglProgram, inputs: TensorInfo[], dtype: string): TensorInfo;
  disposeIntermediateTensorInfo(tensor: TensorInfo): void;
}

interface WebglProgram {
  variableNames: string[];
  outputShape: number[];
  userCode: string;
  packedInputs?: boolean;
  packedOutput: true;
}

/** Signs in a number, and in a texel of four. */
const [wordSigns, texelSigns] = [24, 96];

/**
 * Texels of signs, `rows` times ceil(c / 96): bit j of word w is set where element 24 w + j of c is negative. tfjs's packed
 * textures hold 2 x 2 blocks of a matrix; one of twice the rows and twice the columns has a block for each texel.
 * @param address GLSL for the level of channel `c` in row `r`
 */
const packing = (rows: number, c: number, address: string): WebglProgram => ({
  variableNames: ['levels'],
  outputShape: [2 * rows, 2 * Math.ceil(c / texelSigns)],
  packedOutput: true,
  userCode: `
float word(int r, int from) {
  uint bits = 0u;
  for (int j = 0; j < ${wordSigns}; j++) {
    int c = from + j;
    if (c < ${c} && ${address} < 0.0) bits |= 1u << uint(j);
  }
  return float(bits);
}
void main() {
  ivec2 at = getOutputCoords() / 2;
  int from = at.y * ${texelSigns};
  setOutput(vec4(word(at.x, from), word(at.x, from + ${wordSigns}), word(at.x, from + ${2 * wordSigns}), word(at.x, from + ${3 * wordSigns})));
}`,
});

/** Two neighbours of a line and two channels a fragment: what a texel of the output holds. */
function counting(g: BinaryConvolution): WebglProgram {
  const [n, h, w, c] = g.image;
  const [kh, kw, , o] = g.filter;
  const [oh, ow] = binaryOutputSize(g);
  const [strides, pads, dilations] = [g.strides, g.pads, g.dilations];
  return {
    variableNames: ['image', 'kernels'],
    outputShape: [n, oh, ow, o],
    packedInputs: true,
    packedOutput: true,
    userCode: `
int differing(vec4 a, vec4 b) {
  uvec4 v = uvec4(a) ^ uvec4(b);
  v = v - ((v >> 1) & 0x55555555u);
  v = (v & 0x33333333u) + ((v >> 2) & 0x33333333u);
  v = (v + (v >> 4)) & 0x0f0f0f0fu;
  v = (v * 0x01010101u) >> 24;
  return int(v.x + v.y + v.z + v.w);
}
void main() {
  ivec4 at = getOutputCoords();
  // With one channel left, the second of the pair repeats it and is dropped.
  ivec2 o = ivec2(at.w, min(at.w + 1, ${o - 1}));
  int y0 = at.y * ${strides[0]} - ${pads[0]};
  ivec2 x0 = ivec2(at.z, at.z + 1) * ${strides[1]} - ${pads[2]};
  ivec4 count = ivec4(0);
  ivec2 taps = ivec2(0);
  for (int i = 0; i < ${kh}; i++) {
    int y = y0 + i * ${dilations[0]};
    bool line = y >= 0 && y < ${h};
    for (int j = 0; j < ${kw}; j++) {
      ivec2 x = x0 + j * ${dilations[1]};
      bvec2 inside = bvec2(line && x.x >= 0 && x.x < ${w}, line && x.y >= 0 && x.y < ${w});
      ivec2 row = 2 * ((at.x * ${h} + y) * ${w} + x);
      ivec2 kernel = 2 * ((i * ${kw} + j) * ${o} + o);
      bvec2 counted = ${g.padValue === 1 ? 'bvec2(true)' : 'inside'};
      taps += ivec2(counted);
      for (int k = 0; k < ${2 * Math.ceil(c / texelSigns)}; k += 2) {
        vec4 first = getKernels(kernel.x, k);
        vec4 second = getKernels(kernel.y, k);
        // Padding of ones: no sign is set.
        if (counted.x) {
          vec4 signs = inside.x ? getImage(row.x, k) : vec4(0);
          count.xy += ivec2(differing(signs, first), differing(signs, second));
        }
        if (counted.y) {
          vec4 signs = inside.y ? getImage(row.y, k) : vec4(0);
          count.zw += ivec2(differing(signs, first), differing(signs, second));
        }
      }
    }
  }
  vec4 sums = vec4(ivec4(taps.xx, taps.yy) * ${c} - 2 * count);
  if (at.w + 1 >= ${o}) sums.yw = vec2(0);
  if (at.z + 1 >= ${ow}) sums.zw = vec2(0);
  setOutput(sums);
}`,
  };
}

const convolve: BinaryConvolve = (_kernel, backend, x, filter, g) => {
  const webgl = backend as TfjsWebgl;
  const [n, h, w, c] = g.image;
  const [kh, kw, , o] = g.filter;
  const pixel = `getLevels(r / ${h * w}, (r / ${w}) % ${h}, r % ${w}, c)`;
  const tap = `getLevels(r / ${kw * o}, (r / ${o}) % ${kw}, c, r % ${o})`;
  const packed = [
    webgl.compileAndRun(packing(n * h * w, c, pixel), [x], 'float32'),
    webgl.compileAndRun(packing(kh * kw * o, c, tap), [filter], 'float32'),
  ];
  const out = webgl.compileAndRun(counting(g), packed, 'float32');
  packed.forEach((tensor) => webgl.disposeIntermediateTensorInfo(tensor));
  return out;
};

/** BitgradBinaryConv2D and BitgradBinaryMatMul: bit for bit what the float products give. */
export const binary = binaryKernels(convolve);
