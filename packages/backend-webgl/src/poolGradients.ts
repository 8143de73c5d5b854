// MaxPoolGrad and AvgPoolGrad as programs of tfjs's webgl backend.
import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import { poolGradient, toGlsl, type PoolGeometry } from '@bitgrad/shaders';
import type { Kernel } from './installation.js';

/** What is used of tfjs's MathBackendWebGL. */
interface TfjsWebgl {
  compileAndRun(
    program: { variableNames: string[]; outputShape: number[]; userCode: string },
    inputs: TensorInfo[],
    dtype: string,
  ): TensorInfo;
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

const kernelOf =
  (kind: 'max' | 'average'): Kernel =>
  ({ inputs, attrs, backend }) => {
    const input = inputs['input']!;
    const shape = input.shape as Shape4;
    const max = kind === 'max';
    const userCode = `
#define i32 int
#define f32 float
float readDy(int b, int y, int x, int c) { return getDy(b, y, x, c); }
${max ? 'float readX(int b, int y, int x, int c) { return getX(b, y, x, c); }' : ''}
${toGlsl(poolGradient(kind, geometry(shape, attrs)))}
void main() {
  ivec4 at = getOutputCoords();
  setOutput(gradient(at.x, at.y, at.z, at.w));
}`;
    const program = { variableNames: max ? ['dy', 'x'] : ['dy'], outputShape: shape, userCode };
    return (backend as TfjsWebgl).compileAndRun(
      program,
      max ? [inputs['dy']!, input] : [inputs['dy']!],
      'float32',
    );
  };

/** The kernels that replace stock ones. */
export const poolGradients = { MaxPoolGrad: kernelOf('max'), AvgPoolGrad: kernelOf('average') };
