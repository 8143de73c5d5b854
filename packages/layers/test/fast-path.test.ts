// The packed kernels: used exactly when both operands are +-1, with the same results as the plain products.
import './fixtures.js';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { opcodes, type ElementwiseProgram } from '@bitgrad/bits';
import { initialClock } from '@bitgrad/core';
import {
  quantConv1d,
  quantConv2d,
  quantDense,
  type ProductLayer,
  type QuantConv2DArgs,
} from '../src/index.js';
import { samples } from './oracle.js';

const calls = { conv: 0, matMul: 0 };
interface CpuBackend {
  makeTensorInfo(shape: number[], dtype: 'float32', values: Float32Array): tf.TensorInfo;
}

/** Kernels that check what they are promised, and compute the plain product. */
const fakes: tf.KernelConfig[] = [
  {
    kernelName: 'BitgradBinaryMatMul',
    backendName: 'cpu',
    kernelFunc: ({ inputs, backend }) => {
      calls.matMul++;
      const [a, b] = [inputs['a'] as tf.Tensor2D, inputs['b'] as tf.Tensor2D];
      const values = [a, b].map((t) => t.dataSync());
      expect(values.every((v) => v.every((x) => x === 1 || x === -1))).toBe(true);
      const [m, k, n] = [a.shape[0], a.shape[1], b.shape[1]];
      const product = new Float32Array(m * n).map((_, i) =>
        Array.from(
          { length: k },
          (_, j) => values[0]![Math.floor(i / n) * k + j]! * values[1]![j * n + (i % n)]!,
        ).reduce((x, y) => x + y, 0),
      );
      return (backend as CpuBackend).makeTensorInfo([m, n], 'float32', product);
    },
  },
  {
    kernelName: 'BitgradBinaryConv2D',
    backendName: 'cpu',
    kernelFunc: ({ inputs, attrs }) => {
      calls.conv++;
      const { x, filter } = inputs as unknown as { x: tf.Tensor4D; filter: tf.Tensor4D };
      expect([...x.dataSync(), ...filter.dataSync()].every((v) => v === 1 || v === -1)).toBe(true);
      const { strides, pads, padValue } = attrs as unknown as {
        strides: [number, number];
        pads: number[];
        padValue: number;
      };
      const [top, bottom, left, right] = pads as [number, number, number, number];
      const padded = tf.pad(
        x,
        [
          [0, 0],
          [top, bottom],
          [left, right],
          [0, 0],
        ],
        padValue,
      );
      return tf.conv2d(padded, filter, [...strides], 'valid');
    },
  },
];

beforeEach(() => {
  calls.conv = calls.matMul = 0;
  fakes.forEach((fake) => tf.registerKernel(fake));
});
afterEach(() => fakes.forEach(({ kernelName, backendName }) => tf.unregisterKernel(kernelName, backendName)));

const x = tf.tensor4d(samples(1, 2 * 5 * 5 * 2), [2, 5, 5, 2]);
const binary = { kernelQuantizer: 'test-ste', inputQuantizer: 'test-ste' } as const;

const gradientsOf = (layer: ProductLayer, input: tf.Tensor) => {
  const call = (v: tf.Tensor) => tf.sum(tf.square(layer.call(v, { training: true })));
  const kernel = layer.kernels.get('kernel')!.read() as tf.Variable;
  return [
    ...tf.grad(call)(input).dataSync(),
    ...tf.variableGrads(() => call(input) as tf.Scalar, [kernel]).grads[kernel.name]!.dataSync(),
  ];
};

describe('a convolution of +-1 with +-1', () => {
  const cases: [string, Partial<QuantConv2DArgs>, number][] = [
    ['valid', binary, 1],
    ['same, padded with 0', { ...binary, padding: 'same' }, 1],
    ['same, padded with 1', { ...binary, padding: 'same', padValues: 1, strides: 2 }, 1],
    ['one kernel call a group', { ...binary, groups: 2 }, 2],
    ['a scale of each output channel', { ...binary, kernelQuantizer: 'test-scaled' }, 1],
    [
      'a scale of each example',
      { ...binary, inputQuantizer: 'test-scaled', padding: 'same', padValues: 1 },
      1,
    ],
    ['a learned threshold', { ...binary, inputQuantizer: 'test-rsign' }, 1],
    ['not for a float input', { kernelQuantizer: 'test-ste' }, 0],
    ['not for a float kernel', { inputQuantizer: 'test-ste' }, 0],
    ['not for a dilated kernel, which holds zeros', { ...binary, dilationRate: 2 }, 0],
    ['not for a soft forward', { ...binary, kernelQuantizer: 'test-soft' }, 0],
  ];
  for (const [what, options, expected] of cases)
    it(`${expected > 0 ? 'uses the packed kernel' : 'is plain'}: ${what}`, () => {
      const layer = quantConv2d({ filters: 4, kernelSize: 2, seed: 3, ...options });
      layer.build([null, 5, 5, 2]);
      const packed = layer.call(x, { training: true });
      expect(calls.conv).toBe(expected);
      const gradients = gradientsOf(layer, x);
      fakes.forEach(({ kernelName, backendName }) => tf.unregisterKernel(kernelName, backendName));
      expect([...packed.dataSync()]).toEqual([...layer.call(x, { training: true }).dataSync()]);
      expect(gradients).toEqual(gradientsOf(layer, x));
      fakes.forEach((fake) => tf.registerKernel(fake));
    });

  it('is plain for a soft forward without its noise', () => {
    const layer = quantConv2d({ filters: 4, kernelSize: 2, ...binary, kernelQuantizer: 'test-soft' });
    layer.build([null, 5, 5, 2]);
    layer.call(x, {});
    expect(calls.conv).toBe(0);
  });

  it('uses the packed kernel for a soft forward once it is hardened', () => {
    const layer = quantConv2d({ filters: 4, kernelSize: 2, ...binary, kernelQuantizer: 'test-soft' });
    layer.build([null, 5, 5, 2]);
    layer.hardened = true;
    layer.clock = { ...initialClock, step: 1, totalSteps: 2 };
    layer.call(x, { training: true });
    expect(calls.conv).toBe(1);
  });
});

it('a dense layer of +-1 with +-1 uses the packed kernel, with the same gradients', () => {
  const layer = quantDense({ units: 3, ...binary });
  layer.build([null, 5, 2]);
  const input = tf.tensor3d(samples(2, 40), [4, 5, 2]);
  const packed = layer.call(input, {});
  expect(calls.matMul).toBe(1);
  const gradients = gradientsOf(layer, input);
  fakes.forEach(({ kernelName, backendName }) => tf.unregisterKernel(kernelName, backendName));
  expect([...packed.dataSync()]).toEqual([...layer.call(input, {}).dataSync()]);
  expect(gradients).toEqual(gradientsOf(layer, input));
  fakes.forEach((fake) => tf.registerKernel(fake));
});

/** What the programs of the test quantizers do, number by number. */
const operations: Readonly<Record<string, (a: number, b: number) => number>> = {
  abs: Math.abs,
  le: (a, b) => Number(a <= b),
  mul: (a, b) => a * b,
};
function evaluate(program: ElementwiseProgram, x: tf.Tensor, dy: tf.Tensor): tf.Tensor {
  const [xs, dys] = [x.dataSync(), dy.dataSync()];
  const values = dys.map((d, i) => {
    const registers = [...program.inputs.map((name) => (name === 'x' ? xs[i]! : d)), ...program.constants];
    for (let at = 0; at < program.code.length; at += 5) {
      const [opcode, to, a, b] = program.code.subarray(at, at + 4);
      registers[to!] = operations[opcodes[opcode!]!]!(registers[a!]!, registers[b!]!);
    }
    return registers[program.result]!;
  });
  return tf.tensor(values, dy.shape);
}

describe('a convolution of signs of latent tensors is one op', () => {
  const signs = (x: tf.Tensor) =>
    tf.where(tf.less(x, 0), tf.neg(tf.onesLike(x)), tf.onesLike(x)) as tf.Tensor4D;
  let [forward, backward] = [0, 0];
  const ops: tf.KernelConfig[] = [
    {
      kernelName: 'BitgradSignConv2D',
      backendName: 'cpu',
      kernelFunc: (args) => {
        forward++;
        const { x, filter } = args.inputs as unknown as { x: tf.Tensor4D; filter: tf.Tensor4D };
        return fakes[1]!.kernelFunc({ ...args, inputs: { x: signs(x), filter: signs(filter) } });
      },
    },
    {
      kernelName: 'BitgradSignConv2DGrad',
      backendName: 'cpu',
      kernelFunc: ({ inputs, attrs }) => {
        backward++;
        const { x, filter, dy } = inputs as unknown as Record<'x' | 'filter' | 'dy', tf.Tensor4D>;
        const { strides, pad, programs } = attrs as unknown as {
          strides: [number, number];
          pad: 'same' | 'valid';
          programs: [ElementwiseProgram, ElementwiseProgram];
        };
        const at = { x: signs(x), filter: signs(filter) };
        const more = { strides, pad, dataFormat: 'NHWC', dilations: 1 };
        const run = (name: string, inputs: tf.NamedTensorMap, own: object): tf.Tensor =>
          tf.engine().runKernel(name, inputs, { ...more, ...own } as never) as tf.Tensor;
        const dx = run('Conv2DBackpropInput', { dy, filter: at.filter }, { inputShape: x.shape });
        const dw = run('Conv2DBackpropFilter', { x: at.x, dy }, { filterShape: filter.shape });
        return [evaluate(programs[0], x, dx), evaluate(programs[1], filter, dw)];
      },
    },
  ];
  beforeEach(() => {
    forward = backward = 0;
    ops.forEach((op) => tf.registerKernel(op));
  });
  afterEach(() => ops.forEach(({ kernelName }) => tf.unregisterKernel(kernelName, 'cpu')));

  const both = (name: string) => ({ kernelQuantizer: name, inputQuantizer: name });
  it.each<[string, Partial<QuantConv2DArgs>, number]>([
    ['valid', binary, 1],
    ['same, strides', { ...binary, padding: 'same', strides: 2 }, 1],
    ['a scale of each output channel', { ...binary, kernelQuantizer: 'test-scaled' }, 1],
    ['one scale of the kernel, none of the input', both('test-kernel-scaled'), 1],
    ['a learned threshold', { ...binary, inputQuantizer: 'test-rsign' }, 1],
    ['not padded with 1', { ...binary, padding: 'same', padValues: 1 }, 0],
    ['not groups', { ...binary, groups: 2 }, 0],
    ['not a scale of each example', { ...binary, inputQuantizer: 'test-scaled' }, 0],
    ['not a dilated kernel', { ...binary, dilationRate: 2 }, 0],
    ['not a soft forward', { ...binary, kernelQuantizer: 'test-soft' }, 0],
    ['not a float input', { kernelQuantizer: 'test-ste' }, 0],
  ])('%s', (_, options, expected) => {
    const layer = quantConv2d({ filters: 4, kernelSize: 2, seed: 3, ...options });
    layer.build([null, 5, 5, 2]);
    const value = layer.call(x, { training: true });
    expect([forward, calls.conv]).toEqual(expected ? [1, 1] : [0, calls.conv]);
    const gradients = gradientsOf(layer, x);
    expect(backward).toBe(2 * expected);
    ops.forEach(({ kernelName }) => tf.unregisterKernel(kernelName, 'cpu'));
    expect([...value.dataSync()]).toEqual([...layer.call(x, { training: true }).dataSync()]);
    expect(gradients).toEqual(gradientsOf(layer, x));
    ops.forEach((op) => tf.registerKernel(op));
  });

  it.each(['valid', 'same', 'causal'] as const)('in one dimension too, padding %s', (padding) => {
    const layer = quantConv1d({ filters: 4, kernelSize: 2, seed: 3, padding, ...binary });
    layer.build([null, 25, 2]);
    const rows = tf.reshape(x, [2, 25, 2]);
    const value = layer.call(rows, { training: true });
    expect(forward).toBe(1);
    const gradients = gradientsOf(layer, rows);
    ops.forEach(({ kernelName }) => tf.unregisterKernel(kernelName, 'cpu'));
    expect([...value.dataSync()]).toEqual([...layer.call(rows, { training: true }).dataSync()]);
    expect(gradients).toEqual(gradientsOf(layer, rows));
    ops.forEach((op) => tf.registerKernel(op));
  });
});
