// Forward products of tensors that are exactly +-1, as programs of tfjs's webgpu backend: signs packed 32 to a word, then
// countOneBits. tfjs's own ops corrupt such words, so they live within a kernel only.
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { binaryKernels, binaryOutputSize, type BinaryConvolution, type BinaryConvolve } from '@bitgrad/core';

/** What is used of tfjs's WebGPUBackend. */
interface TfjsWebgpu {
  runWebGPUProgram(program: object, inputs: TensorInfo[], dtype: string, uniforms: object[]): TensorInfo;
  disposeData(dataId: object): void;
}

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** A program with one invocation for each `components` values of the output. */
function program(
  name: string,
  variableNames: string[],
  outputShape: readonly number[],
  code: string,
  components: { variableComponents?: number[]; outputComponent?: number } = {},
): object {
  const groups = Math.ceil(product(outputShape) / (components.outputComponent ?? 1) / 64);
  return {
    variableNames,
    outputShape: [...outputShape],
    ...components,
    workgroupSize: [64, 1, 1],
    size: true,
    dispatchLayout: { x: outputShape.map((_, i) => i) },
    dispatch: [Math.min(groups, 65535), Math.ceil(groups / 65535), 1],
    shaderKey: `bitgrad-${name}`,
    getUserCode: () => `fn main(index : i32) {
  if (index < uniforms.size) {
${code}
  }
}`,
  };
}

/** Words of signs, [rows, words of c, last]: bit j of word w is set where element 32 w + j of c is negative. */
const packing = (rows: number, c: number, last: number): object => {
  const words = Math.ceil(c / 32);
  return program(
    `pack ${rows} ${c} ${last}`,
    ['levels'],
    [rows, words, last],
    `    let column = index % ${last};
    let first = ((index / ${last}) % ${words}) * 32;
    let base = (index / ${words * last}) * ${c} + first;
    var word = 0u;
    for (var j = 0; j < min(32, ${c} - first); j++) {
      if (levels[(base + j) * ${last} + column] < 0.0) { word |= 1u << u32(j); }
    }
    setOutputAtIndexI32(index, bitcast<i32>(word));`,
  );
};

function counting(geometry: BinaryConvolution): object {
  const { image, filter, strides, pads, dilations, padValue } = geometry;
  const [n, h, w, c] = image;
  const [kh, kw, , o] = filter;
  const words = Math.ceil(c / 32);
  const [oh, ow] = binaryOutputSize(geometry);
  // Four channels an invocation: a word of the image serves four of the filter.
  const four = o % 4 === 0;
  const [ints, floats] = four ? ['vec4<i32>', 'vec4<f32>'] : ['i32', 'f32'];
  const columns = four ? o / 4 : o;
  return program(
    `count ${[...image, ...filter, ...strides, ...pads, ...dilations, padValue].join()}`,
    ['image', 'kernels'],
    [n, oh, ow, o],
    `    let o = index % ${columns};
    let m = index / ${columns};
    let x0 = (m % ${ow}) * ${strides[1]} - ${pads[2]};
    let y0 = ((m / ${ow}) % ${oh}) * ${strides[0]} - ${pads[0]};
    let b = m / ${ow * oh};
    var differing = ${ints}(0);
    var taps = 0;
    for (var i = 0; i < ${kh}; i++) {
      for (var j = 0; j < ${kw}; j++) {
        let y = y0 + i * ${dilations[0]};
        let x = x0 + j * ${dilations[1]};
        let inside = y >= 0 && y < ${h} && x >= 0 && x < ${w};
        if (inside || ${padValue === 1}) {
          taps++;
          for (var k = 0; k < ${words}; k++) {
            // Padding of ones: no sign is set.
            var signs = 0;
            if (inside) { signs = image[((b * ${h} + y) * ${w} + x) * ${words} + k]; }
            differing += countOneBits(${ints}(signs) ^ kernels[((i * ${kw} + j) * ${words} + k) * ${columns} + o]);
          }
        }
      }
    }
    setOutputAtIndex(index, ${floats}(${ints}(taps * ${c}) - 2 * differing));`,
    four ? { variableComponents: [1, 4], outputComponent: 4 } : {},
  );
}

const convolve: BinaryConvolve = (_kernel, backend, x, filter, geometry) => {
  const webgpu = backend as TfjsWebgpu;
  const [n, h, w, c] = geometry.image;
  const [kh, kw, , o] = geometry.filter;
  const packed = [
    webgpu.runWebGPUProgram(packing(n * h * w, c, 1), [x], 'int32', []),
    webgpu.runWebGPUProgram(packing(kh * kw, c, o), [filter], 'int32', []),
  ];
  const out = webgpu.runWebGPUProgram(counting(geometry), packed, 'float32', []);
  packed.forEach(({ dataId }) => webgpu.disposeData(dataId));
  return out;
};

/** BitgradBinaryConv2D and BitgradBinaryMatMul: bit for bit what the float products give. */
export const binary = binaryKernels(convolve);
