// PReLU, RPReLU and the quantizer layer.
import './fixtures.js';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { hardTanh, padding, prelu, quantActivation, rprelu } from '../src/index.js';

/** Runs with a kernel as a backend would bring it; returns how often it was called. */
function withFusedGradient(run: () => void): number {
  let calls = 0;
  tf.registerKernel({
    kernelName: 'BitgradPReluGrad',
    backendName: 'cpu',
    kernelFunc: ({ inputs }) => {
      calls++;
      const { x, alpha, dy } = inputs as unknown as Record<'x' | 'alpha' | 'dy', tf.Tensor>;
      const positive = tf.cast(tf.greater(x, 0), 'float32');
      const dx = tf.mul(dy, tf.add(positive, tf.mul(tf.sub(1, positive), alpha)));
      const axes = x.shape.slice(0, -1).map((_, axis) => axis);
      return [dx, tf.sum(tf.mul(dy, tf.minimum(x, 0)), axes)];
    },
  });
  try {
    run();
  } finally {
    tf.unregisterKernel('BitgradPReluGrad', 'cpu');
  }
  return calls;
}

describe('prelu', () => {
  const shape = [2, 3, 2, 4];
  const xs = Array.from({ length: 48 }, (_, i) => (((i * 5) % 23) - 11) / 8);
  const dys = xs.map((_, i) => ((i * 7) % 5) - 2);

  it.each([
    [[1, 2], 1],
    [[1, 2, 3], 1],
    [[1], 0],
  ])(
    'with axes %j shared, is that of tfjs-layers, and its gradients are, in %d kernel',
    (sharedAxes, kernels) => {
      const results = [prelu({ sharedAxes }), tfl.layers.prelu({ sharedAxes })].map((layer, own) => {
        layer.build([null, ...shape.slice(1)]);
        const [alpha] = layer.trainableWeights.map((w) => w.read() as tf.Variable);
        alpha!.assign(
          tf.tensor(
            Array.from({ length: alpha!.size }, (_, i) => (i - 1) / 4),
            alpha!.shape,
          ),
        );
        const loss = (x: tf.Tensor) => tf.sum(tf.mul(layer.apply(x) as tf.Tensor, tf.tensor(dys, shape)));
        let got: number[][] = [];
        const calls = withFusedGradient(() => {
          const x = tf.tensor(xs, shape);
          const { grads } = tf.variableGrads(() => loss(x) as tf.Scalar, [alpha!]);
          got = [layer.apply(x) as tf.Tensor, tf.grad(loss)(x), grads[alpha!.name]!].map((t) =>
            [...t.dataSync()].map((v) => v + 0),
          );
          expect(grads[alpha!.name]!.shape).toEqual(alpha!.shape);
        });
        expect(calls).toBe(own === 0 ? 2 * kernels : 0);
        return { got, className: layer.getClassName(), config: { ...layer.getConfig(), name: '' } };
      });
      expect(results[0]).toEqual(results[1]);
    },
  );
});

describe('rprelu', () => {
  const shape = [2, 4, 3];
  // Multiples of 1/8, so that x - gamma = 0 happens and everything is exact.
  const xs = Array.from({ length: 24 }, (_, i) => (((i * 5) % 23) - 11) / 8);
  const gamma = [0.125, -0.5, 0];
  const beta = [0.25, -2, 0];
  const zeta = [1, 0, -0.25];
  const build = () => {
    const layer = rprelu();
    layer.build([null, ...shape.slice(1)]);
    layer.setWeights([gamma, beta, zeta].map((values) => tf.tensor1d(values)));
    return layer;
  };

  it('equals its formula', () => {
    const y = build().apply(tf.tensor(xs, shape)) as tf.Tensor;
    const expected = xs.map((x, i) => {
      const c = i % 3;
      return x > gamma[c]! ? x - gamma[c]! + zeta[c]! : beta[c]! * (x - gamma[c]!) + zeta[c]!;
    });
    expect([...y.dataSync()].map((v) => v + 0)).toEqual(expected.map((v) => v + 0));
  });

  const expectGradients = () => {
    const layer = build();
    const x = tf.tensor(xs, shape);
    const dys = xs.map((_, i) => ((i * 7) % 5) - 2);
    const loss = (v: tf.Tensor) => tf.sum(tf.mul(layer.apply(v) as tf.Tensor, tf.tensor(dys, shape)));
    const slope = (i: number) => (xs[i]! > gamma[i % 3]! ? 1 : beta[i % 3]!);
    const dx = [...tf.grad(loss)(x).dataSync()];
    expect(dx.map((v) => v + 0)).toEqual(dys.map((dy, i) => dy * slope(i) + 0));
    const variables = layer.trainableWeights.map((w) => w.read() as tf.Variable);
    const { grads } = tf.variableGrads(() => loss(x) as tf.Scalar, variables);
    const sums = (term: (i: number) => number) =>
      [0, 1, 2].map((c) => xs.reduce((sum, _, i) => sum + (i % 3 === c ? dys[i]! * term(i) : 0), 0) + 0);
    const actual = variables.map((v) => [...grads[v.name]!.dataSync()].map((g) => g + 0));
    expect(actual).toEqual([
      sums((i) => -slope(i)),
      sums((i) => Math.min(0, xs[i]! - gamma[i % 3]!)),
      sums(() => 1),
    ]);
  };

  it('has the gradients of its formula', expectGradients);

  it("has the same gradients with a backend's fused kernel", () => {
    expect(withFusedGradient(expectGradients)).toBe(2);
  });

  it('starts as a leaky ReLU with slope 0.25, and takes initializers', () => {
    const y = rprelu().apply(tf.tensor2d([[-4, 4]])) as tf.Tensor;
    expect(y.arraySync()).toEqual([[-1, 4]]);
    const layer = rprelu({ zetaInitializer: 'ones' });
    expect((layer.apply(tf.tensor2d([[-4, 4]])) as tf.Tensor).arraySync()).toEqual([[0, 5]]);
  });
});

describe('quantActivation', () => {
  it('applies the quantizer alone, for any rank', () => {
    const y = quantActivation({ inputQuantizer: 'test-ste' }).apply(tf.tensor1d([-1, -0, 0, 3])) as tf.Tensor;
    expect(y.arraySync()).toEqual([-1, 1, 1, 1]);
    const same = quantActivation({}).apply(tf.tensor1d([-1, 2])) as tf.Tensor;
    expect(same.arraySync()).toEqual([-1, 2]);
  });

  it('owns and trains the parameters of its quantizer', () => {
    const layer = quantActivation({ inputQuantizer: 'test-rsign', name: 'threshold' });
    const x = tf.tensor2d([[0.2, -0.7], [0.1, 5]]); // prettier-ignore
    layer.apply(x);
    expect(layer.trainableWeights.map(({ originalName }) => originalName)).toEqual([
      'threshold/input_threshold',
    ]);
    const threshold = layer.trainableWeights[0]!.read() as tf.Variable;
    layer.setWeights([tf.tensor1d([0.15, 0])]);
    expect((layer.apply(x) as tf.Tensor).arraySync()).toEqual([[1, -1], [-1, 1]]); // prettier-ignore
    // d sign(x - t) / dt = -B(x - t): three of the four are within the clip.
    const { grads } = tf.variableGrads(() => tf.sum(layer.apply(x, { training: true }) as tf.Tensor));
    expect(grads[threshold.name]!.arraySync()).toEqual([-2, -1]);
  });
});

it('hardTanh clips to -1 and 1, and passes the gradient between', () => {
  const x = tf.tensor1d([-2, -1, -0.5, -0, 0.5, 1, 3]);
  const layer = hardTanh();
  expect([...(layer.apply(x) as tf.Tensor).dataSync()]).toEqual([-1, -1, -0.5, -0, 0.5, 1, 1]);
  const gradient = tf.grad((v) => tf.sum(layer.apply(v) as tf.Tensor))(x);
  expect([...gradient.dataSync()]).toEqual([0, 1, 1, 1, 1, 1, 0]);
});

it('padding puts a value around height, width and channels, and is saved as it is', () => {
  const layer = padding({ rows: [1, 0], columns: 1, channels: [0, 1], value: -0.5 });
  const x = tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]);
  const y = layer.apply(x) as tf.Tensor4D;
  expect(layer.computeOutputShape([null, 2, 2, 1])).toEqual([null, ...y.shape.slice(1)]);
  const around = [-0.5, -0.5];
  expect([...y.dataSync()]).toEqual([
    ...[around, around, around, around].flat(),
    ...[around, [1, -0.5], [2, -0.5], around].flat(),
    ...[around, [3, -0.5], [4, -0.5], around].flat(),
  ]);
  const dx = tf.grad((v) =>
    tf.sum(tf.mul(layer.apply(v) as tf.Tensor, tf.reshape(tf.range(0, 24), y.shape))),
  )(x);
  expect([...dx.dataSync()]).toEqual([10, 12, 18, 20]);
  expect(padding(layer.getConfig() as never).getConfig()).toEqual(layer.getConfig());
  expect(() => padding({ rows: -1 })).toThrow(/rows/);
  expect(() => padding().build([null, 4])).toThrow(/height/);
});
