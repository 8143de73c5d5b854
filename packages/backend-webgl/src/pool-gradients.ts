// MaxPoolGrad and AvgPoolGrad as programs of tfjs's webgl backend.
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { poolInfo, type Kernel } from '@bitgrad/core';
import { poolGradient, toGlsl } from '@bitgrad/shaders';

/** What is used of tfjs's MathBackendWebGL. */
interface TfjsWebgl {
  compileAndRun(
    program: { variableNames: string[]; outputShape: number[]; userCode: string },
    inputs: TensorInfo[],
    dtype: string,
  ): TensorInfo;
}

const kernelOf =
  (kind: 'max' | 'average'): Kernel =>
  ({ inputs, attrs, backend }) => {
    const input = inputs['input']!;
    const { shape } = input;
    const max = kind === 'max';
    const userCode = `
#define i32 int
#define f32 float
float readDy(int b, int y, int x, int c) { return getDy(b, y, x, c); }
${max ? 'float readX(int b, int y, int x, int c) { return getX(b, y, x, c); }' : ''}
${toGlsl(poolGradient(kind, poolInfo(shape, attrs)))}
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
