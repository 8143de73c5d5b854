// MaxPoolGrad and AvgPoolGrad as programs of tfjs's webgpu backend.
import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import { poolGradient, type PoolGeometry } from '@bitgrad/shaders';
import type { Kernel } from './installation.js';

/** What is used of tfjs's WebGPUBackend. */
interface TfjsWebgpu {
  runWebGPUProgram(program: object, inputs: TensorInfo[], dtype: string, uniforms: object[]): TensorInfo;
}

interface Attributes {
  filterSize: [number, number] | number;
  strides: [number, number] | number;
  pad: 'valid' | 'same' | number;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

type Shape4 = [number, number, number, number];

function geometry(shape: Shape4, attrs: unknown): PoolGeometry {
  const { filterSize, strides, pad, dimRoundingMode } = attrs as Attributes;
  const info = backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  const { outHeight, outWidth, filterHeight, filterWidth, strideHeight, strideWidth, padInfo } = info;
  const [, height, width] = shape;
  const { top, left } = padInfo;
  return {
    height,
    width,
    outHeight,
    outWidth,
    filterHeight,
    filterWidth,
    strideHeight,
    strideWidth,
    top,
    left,
  };
}

/** Source of a reader of a rank 4 variable. */
const reader = (name: string, variable: string, [height, width, channels]: readonly number[]): string =>
  `fn ${name}(b: i32, y: i32, x: i32, c: i32) -> f32 { return ${variable}[((b * ${height} + y) * ${width} + x) * ${channels} + c]; }`;

const kernelOf =
  (kind: 'max' | 'average'): Kernel =>
  ({ inputs, attrs, backend }) => {
    const input = inputs['input']!;
    const shape = input.shape as Shape4;
    const max = kind === 'max';
    const at = geometry(shape, attrs);
    const channels = shape[3];
    const groups = Math.ceil(shape.reduce((a, b) => a * b, 1) / 64);
    const program = {
      variableNames: max ? ['dy', 'image'] : ['dy'],
      outputShape: shape,
      workgroupSize: [64, 1, 1],
      size: true,
      dispatchLayout: { x: [0, 1, 2, 3] },
      dispatch: [Math.min(groups, 65535), Math.ceil(groups / 65535), 1],
      shaderKey: `bitgrad-${kind}-pool-gradient ${shape.join()} ${Object.values(at).join()}`,
      getUserCode: () => `
${reader('readDy', 'dy', [at.outHeight, at.outWidth, channels])}
${max ? reader('readX', 'image', [at.height, at.width, channels]) : ''}
${poolGradient(kind, at)}
fn main(index : i32) {
  if (index < uniforms.size) {
    let c = getCoordsFromIndex(index);
    setOutputAtIndex(index, gradient(c.x, c.y, c.z, c.w));
  }
}`,
    };
    return (backend as TfjsWebgpu).runWebGPUProgram(
      program,
      max ? [inputs['dy']!, input] : [inputs['dy']!],
      'float32',
      [],
    );
  };

/** The kernels that replace stock ones. */
export const poolGradients = { MaxPoolGrad: kernelOf('max'), AvgPoolGrad: kernelOf('average') };
