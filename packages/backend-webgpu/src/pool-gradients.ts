// MaxPoolGrad and AvgPoolGrad as programs of tfjs's webgpu backend.
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { poolInfo, type Kernel } from '@bitgrad/core';
import { poolGradient } from '@bitgrad/shaders';

/** What is used of tfjs's WebGPUBackend. */
interface TfjsWebgpu {
  runWebGPUProgram(program: object, inputs: TensorInfo[], dtype: string, uniforms: object[]): TensorInfo;
}

/** Source of a reader of a rank 4 variable. */
const reader = (name: string, variable: string, [height, width, channels]: readonly number[]): string =>
  `fn ${name}(b: i32, y: i32, x: i32, c: i32) -> f32 { return ${variable}[((b * ${height} + y) * ${width} + x) * ${channels} + c]; }`;

const kernelOf =
  (kind: 'max' | 'average'): Kernel =>
  ({ inputs, attrs, backend }) => {
    const input = inputs['input']!;
    const { shape } = input;
    const max = kind === 'max';
    const at = poolInfo(shape, attrs);
    const channels = shape[3]!;
    const groups = Math.ceil(shape.reduce((a, b) => a * b, 1) / 64);
    const program = {
      variableNames: max ? ['dy', 'image'] : ['dy'],
      outputShape: shape,
      workgroupSize: [64, 1, 1],
      size: true,
      dispatchLayout: { x: [0, 1, 2, 3] },
      dispatch: [Math.min(groups, 65535), Math.ceil(groups / 65535), 1],
      shaderKey: `bitgrad-${kind}-pool-gradient ${shape.join()} ${JSON.stringify(attrs)}`,
      getUserCode: () => `
${reader('readDy', 'dy', [at.outHeight, at.outWidth, channels])}
${max ? reader('readX', 'image', [at.inHeight, at.inWidth, channels]) : ''}
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
