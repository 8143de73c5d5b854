// Each operator: the interpreter against onnxruntime, and the packed model against the interpreter.
import { describe, expect, it } from 'vitest';
import { importModel } from '../src/index.js';
import type { AttributeValue, NodeDraft, TensorDraft } from '../src/formats/onnx/write.js';
import { byOnnxruntime, file, floats, integers, interpreted, signs, sizeOf, tensor } from './support.js';

interface Case {
  readonly shape: readonly number[];
  readonly nodes: readonly NodeDraft[];
  readonly tensors?: readonly TensorDraft[];
  readonly version?: number;
  /** Not in the plan, or of constants only. */
  readonly unpacked?: true;
}

const image = [3, 6, 5];
const one = (
  op: string,
  shape: readonly number[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
  tensors: readonly TensorDraft[] = [],
): Case => ({
  shape,
  nodes: [{ op, inputs: ['x', ...tensors.map(({ name }) => name)], output: 'y', attributes }],
  tensors,
});

/** The operator on an image, and a sum of it with another value, so that axes have to agree. */
const cases: Readonly<Record<string, Case>> = {
  'Conv, pads and strides': one('Conv', image, { pads: [1, 2, 0, 1], strides: [2, 1] }, [tensor('w', [4, 3, 3, 2]), tensor('b', [4])]),
  'Conv, SAME_UPPER': one('Conv', image, { auto_pad: 'SAME_UPPER', strides: [2, 1] }, [tensor('w', [4, 3, 2, 2])]),
  'Conv, SAME_LOWER': one('Conv', image, { auto_pad: 'SAME_LOWER', strides: [2, 2] }, [tensor('w', [4, 3, 2, 2])]),
  'Conv, groups': one('Conv', [4, 5, 5], { group: 2 }, [tensor('w', [6, 2, 3, 3])]),
  'Conv, depthwise with multiplier 2': one('Conv', image, { group: 3, pads: [1, 1, 1, 1] }, [tensor('w', [6, 1, 3, 3])]),
  'Conv of a signal': one('Conv', [3, 9], { pads: [1, 1], strides: [2] }, [tensor('w', [4, 3, 3]), tensor('b', [4])]),
  'Gemm, transposed and scaled': one('Gemm', [7], { transB: 1, alpha: { float: 0.5 }, beta: { float: 2 } }, [tensor('w', [4, 7]), tensor('b', [4])]),
  'MatMul of rows': one('MatMul', [3, 5], {}, [tensor('w', [5, 4])]),
  BatchNormalization: one('BatchNormalization', image, { epsilon: { float: 0.01 } }, [tensor('g', [3]), tensor('b', [3]), tensor('m', [3]), tensor('v', [3], [0.5, 1, 2])]),
  'MaxPool, pads': one('MaxPool', image, { kernel_shape: [3, 2], pads: [1, 0, 1, 1], strides: [2, 1] }),
  'MaxPool, ceil_mode': one('MaxPool', image, { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 }),
  'AveragePool without padding': one('AveragePool', image, { kernel_shape: [2, 2], pads: [1, 1, 0, 0] }),
  'AveragePool with padding': one('AveragePool', image, { kernel_shape: [2, 3], pads: [1, 1, 1, 1], count_include_pad: 1 }),
  'MaxPool of a signal': one('MaxPool', [3, 9], { kernel_shape: [2], strides: [2] }),
  GlobalAveragePool: one('GlobalAveragePool', image),
  GlobalMaxPool: one('GlobalMaxPool', image),
  ReduceMean: one('ReduceMean', image, { axes: [2, 3], keepdims: 0 }),
  'Add by channel': one('Add', image, {}, [tensor('c', [3, 1, 1])]),
  'Add by place': one('Add', image, {}, [tensor('c', [1, 6, 5])]),
  'Sub, constant first': { shape: image, nodes: [{ op: 'Sub', inputs: ['c', 'x'], output: 'y' }], tensors: [tensor('c', [3, 1, 1])] },
  'Sub by place, constant first': { shape: image, nodes: [{ op: 'Sub', inputs: ['c', 'x'], output: 'y' }], tensors: [tensor('c', [6, 1])] },
  Mul: one('Mul', image, {}, [tensor('c', [3, 1, 1])]),
  Div: one('Div', image, {}, [tensor('c', [1], [0.37])]),
  'Pow 2': one('Pow', image, {}, [tensor('c', [], [2])]),
  Neg: one('Neg', image),
  Relu: one('Relu', image),
  LeakyRelu: one('LeakyRelu', image, { alpha: { float: 0.2 } }),
  PRelu: one('PRelu', image, {}, [tensor('s', [3, 1, 1])]),
  Clip: one('Clip', image, {}, [tensor('l', [], [-0.3]), tensor('h', [], [0.4])]),
  'Clip of version 6': { ...one('Clip', image, { min: { float: -0.3 }, max: { float: 0.4 } }), version: 6 },
  Min: one('Min', image, {}, [tensor('c', [], [0.2])]),
  Max: one('Max', image, {}, [tensor('c', [], [0.2])]),
  Sigmoid: one('Sigmoid', image),
  Tanh: one('Tanh', image),
  HardSigmoid: one('HardSigmoid', image, { alpha: { float: 0.3 } }),
  Sign: one('Sign', image),
  'Softmax over channels': one('Softmax', image, { axis: 1 }),
  'Softmax of rows': one('Softmax', [7], { axis: -1 }),
  Identity: one('Identity', image),
  Flatten: one('Flatten', image),
  'Flatten and Gemm': { shape: image, nodes: [{ op: 'Flatten', inputs: ['x'], output: 'f' }, { op: 'Gemm', inputs: ['f', 'w', 'b'], output: 'y', attributes: { transB: 1 } }], tensors: [tensor('w', [4, 90]), tensor('b', [4])] },
  'Flatten and BatchNormalization': { shape: image, nodes: [{ op: 'Flatten', inputs: ['x'], output: 'f' }, { op: 'BatchNormalization', inputs: ['f', 'g', 'b', 'm', 'v'], output: 'y' }], tensors: [tensor('g', [90]), tensor('b', [90]), tensor('m', [90]), tensor('v', [90], Array.from({ length: 90 }, (_, i) => 1 + i / 90))] },
  'Reshape there and back': { shape: image, nodes: [{ op: 'Reshape', inputs: ['x', 's'], output: 'f' }, { op: 'Reshape', inputs: ['f', 't'], output: 'y' }], tensors: [integers('s', [0, -1]), integers('t', [1, 6, 5, 3])] },
  'Transpose, Conv': { shape: [5, 3, 6], nodes: [{ op: 'Transpose', inputs: ['x'], output: 't', attributes: { perm: [0, 2, 3, 1] } }, { op: 'Conv', inputs: ['t', 'w'], output: 'y' }], tensors: [tensor('w', [2, 3, 2, 2])] },
  Transpose: one('Transpose', image, { perm: [0, 3, 1, 2] }),
  'Unsqueeze and Squeeze': { shape: [7], nodes: [{ op: 'Unsqueeze', inputs: ['x', 'a'], output: 'u' }, { op: 'Squeeze', inputs: ['u', 'a'], output: 'y' }], tensors: [integers('a', [2])] },
  'Concat with a constant': one('Concat', image, { axis: 1 }, [tensor('c', [1, 2, 6, 5])]),
  Pad: one('Pad', image, {}, [integers('p', [0, 1, 0, 2, 0, 0, 1, 0]), tensor('c', [], [0.5])]),
  Slice: one('Slice', image, {}, [integers('s', [1, -3]), integers('e', [3, 100]), integers('a', [1, 3])]),
  'Sum of three': { shape: image, nodes: [{ op: 'Relu', inputs: ['x'], output: 'r' }, { op: 'Sum', inputs: ['x', 'r', 'c'], output: 'y' }], tensors: [tensor('c', [3, 1, 1])] },
  'Mul of two computed, one by channel': { shape: image, nodes: [{ op: 'GlobalAveragePool', inputs: ['x'], output: 'g' }, { op: 'Mul', inputs: ['g', 'x'], output: 'y' }] },
  'Sub of two computed': { shape: image, nodes: [{ op: 'Relu', inputs: ['x'], output: 'r' }, { op: 'Sub', inputs: ['x', 'r'], output: 'y' }] },
  'sign by comparison and choice': { shape: image, nodes: [{ op: 'GreaterOrEqual', inputs: ['x', 'z'], output: 'g' }, { op: 'Where', inputs: ['g', 'p', 'n'], output: 'y' }], tensors: [tensor('z', [], [0.1]), tensor('p', [], [1]), tensor('n', [], [-1])] },
  'sign by Sign, Add, Sign': { shape: image, nodes: [{ op: 'Sign', inputs: ['x'], output: 'a' }, { op: 'Add', inputs: ['a', 'e'], output: 'b' }, { op: 'Sign', inputs: ['b'], output: 'c' }, { op: 'Conv', inputs: ['c', 'w'], output: 'y', attributes: { pads: [1, 1, 1, 1] } }], tensors: [tensor('e', [], [0.1]), tensor('w', [4, 3, 3, 3], signs(108, 3))] },
  'shape arithmetic': { shape: image, nodes: [{ op: 'Shape', inputs: ['x'], output: 's' }, { op: 'Gather', inputs: ['s', 'i'], output: 'g', attributes: { axis: 0 } }, { op: 'Concat', inputs: ['g', 'm'], output: 'c', attributes: { axis: 0 } }, { op: 'Reshape', inputs: ['x', 'c'], output: 'y' }], tensors: [integers('i', [0]), integers('m', [-1])] },
}; // prettier-ignore

describe.each(Object.entries(cases))('%s', (_, { shape, nodes, tensors = [], version }) => {
  const bytes = file(shape, nodes, tensors, { version });
  const input = floats(sizeOf(shape), 11);

  it('is what onnxruntime computes', async () => {
    const want = await byOnnxruntime(bytes, shape, input);
    const got = await interpreted(bytes, input);
    expect(got.length).toBe(want.length);
    for (const [i, v] of got.entries())
      expect(Math.abs(v - want[i]!)).toBeLessThan(1e-5 * Math.max(1, Math.abs(v)));
  });

  it('packs to the same', async () => {
    const { agreement } = await importModel([{ name: 'test.onnx', bytes }]);
    expect(agreement.argmax).toBe(1);
    expect(agreement.relativeDifference).toBeLessThan(1e-4);
  });
});
