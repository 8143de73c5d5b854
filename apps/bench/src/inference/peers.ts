// The peers: tfjs-backend-wasm in float32, onnxruntime-web and onnxruntime-node in float32 and int8;
// one thread each, and two of onnxruntime-node.
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { createRng } from '@bitgrad/core';
import { timeFor, type Contender, type Prepared } from './contender.js';
import type { FloatBuilder, FloatNet } from './float.js';
import { onnxModel } from './onnx.js';

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

type Step = (values: tf.Tensor[]) => tf.Tensor;

/** Records steps on numbered values; weights are made once. */
const tfjsBuilder = (steps: Step[], kept: tf.Tensor[], batch: number): FloatBuilder<number> => {
  const push = (step: Step): number => steps.push(step);
  let seed = 0;
  const weight = (shape: number[], spread: number): tf.Tensor => {
    const rng = createRng((seed += 1));
    const t = tf.tensor(
      Float32Array.from({ length: sizeOf(shape) }, () => (2 * rng.next() - 1) * spread),
      shape,
    );
    kept.push(t);
    return t;
  };
  const dense = (from: number, to: number): ((x: tf.Tensor) => tf.Tensor) => {
    const w = weight([from, to], 1 / Math.sqrt(from)) as tf.Tensor2D;
    const bias = weight([to], 0);
    return (x) => tf.fused.matMul({ a: tf.reshape(x, [batch, from]), b: w, bias });
  };
  return {
    conv(x, from, to, kernel, stride, relu) {
      const size = from * kernel * kernel;
      const filter = weight([kernel, kernel, from, to], Math.sqrt(6 / size)) as tf.Tensor4D;
      const bias = weight([to], 0);
      const activation = relu ? 'relu' : 'linear';
      return push((v) => tf.fused.conv2d({ x: v[x] as tf.Tensor4D, filter, strides: stride, pad: kernel >> 1, dimRoundingMode: 'floor', bias, activation })); // prettier-ignore
    },
    maxPool: (x, size, stride, pad) =>
      push((v) => tf.maxPool(v[x] as tf.Tensor4D, size, stride, pad, 'floor')),
    addRelu: (a, b) => push((v) => tf.relu(tf.add(v[a]!, v[b]!))),
    meanDense(x, from, to) {
      const apply = dense(from, to);
      return push((v) => apply(tf.mean(v[x]!, [1, 2])));
    },
    flatDense(x, from, to) {
      const apply = dense(from, to);
      return push((v) => apply(v[x]!));
    },
  };
};

/** tfjs with its WebAssembly backend as it comes, float32. */
export function tfjsWasm(): Contender {
  return {
    engine: 'tfjs-wasm',
    threads: 1,
    async prepare(net: FloatNet): Promise<Prepared> {
      const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
      if (tf.getBackend() !== 'wasm') setWasmPaths(`${dirname(entry)}/`);
      await tf.setBackend('wasm');
      const steps: Step[] = [];
      const { batch = 1 } = net;
      const input = tf.randomNormal([batch, ...net.input], 0, 1, 'float32', 1);
      const kept: tf.Tensor[] = [input];
      const last = net.build(tfjsBuilder(steps, kept, batch), 0);
      const run = (): unknown =>
        tf.tidy(() => {
          const values: tf.Tensor[] = [input];
          for (const step of steps) values.push(step(values));
          // Returned, tf.tidy would look for tensors in every element.
          values[last]!.dataSync();
        });
      return { measure: (ms) => timeFor(ms, run), dispose: () => tf.dispose(kept) };
    },
  };
}

interface OrtTensor {
  dispose(): void;
}
interface OrtSession {
  run(feeds: Record<string, OrtTensor>): Promise<Record<string, OrtTensor>>;
  release(): Promise<void>;
}
interface Ort {
  env: { wasm: { numThreads?: number }; logLevel?: string };
  Tensor: new (type: string, data: Uint8Array | Float32Array, dims: readonly number[]) => OrtTensor;
  InferenceSession: { create(model: Uint8Array, options: object): Promise<OrtSession> };
}

const ortOptions = {
  web: () => ({ executionProviders: ['wasm'], graphOptimizationLevel: 'all' }),
  node: (threads: number) => ({
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 3,
  }),
} as const;

const loadOrt = async (kind: 'web' | 'node'): Promise<Ort> => {
  if (kind === 'node') {
    const module = (await import('onnxruntime-node')) as unknown as Ort & { default?: Ort };
    return module.default ?? module;
  }
  const ort = (await import('onnxruntime-web/wasm')) as unknown as Ort;
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  return ort;
};

/** onnxruntime, in WebAssembly (one thread) or native. */
export const onnxRuntime = (
  kind: 'web' | 'node',
  precision: 'fp32' | 'int8',
  threads: 1 | 2 = 1,
): Contender => ({
  engine: `ort-${kind}-${precision}`,
  threads,
  async prepare(net: FloatNet): Promise<Prepared> {
    const ort = await loadOrt(kind);
    const { bytes, inputType, inputShape } = onnxModel(net, precision);
    const session = await ort.InferenceSession.create(bytes, ortOptions[kind](threads));
    const rng = createRng(1);
    const length = sizeOf(inputShape);
    const data =
      inputType === 'uint8'
        ? Uint8Array.from({ length }, () => rng.integer(256))
        : Float32Array.from({ length }, () => rng.normal());
    const feeds = { x: new ort.Tensor(inputType, data, inputShape) };
    return { measure: (ms) => timeFor(ms, () => session.run(feeds)), dispose: () => session.release() };
  },
});
