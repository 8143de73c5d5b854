// The float twin in a worker: tfjs on its WebAssembly backend, loaded only when the visitor asks to compare.
import * as tf from '@tensorflow/tfjs-core';
import { digitShape, floatDigits } from '../digits/network.js';
import { wasmAdapter } from './start-wasm.js';
import type { FloatReply, FloatRequest } from './protocol.js';

const start = async (base: string): Promise<{ model: ReturnType<typeof floatDigits>; bytes: number }> => {
  await wasmAdapter(1).start();
  const response = await fetch(new URL('digits-float.bin', base), { signal: AbortSignal.timeout(60_000) });
  if (!response.ok) throw new Error(`The float weights could not be fetched: ${response.status}`);
  const values = new Float32Array(await response.arrayBuffer());
  const model = floatDigits(1);
  let at = 0;
  const weights = model.getWeights().map(({ shape, size }) => {
    const part = values.subarray(at, at + size);
    at += size;
    return tf.tensor(part, shape);
  });
  model.setWeights(weights);
  tf.dispose(weights);
  return { model, bytes: values.byteLength };
};

let ready: ReturnType<typeof start> | undefined;

/** Answers one request. */
export async function answerFloat({ image, base }: FloatRequest): Promise<FloatReply> {
  try {
    const { model, bytes } = await (ready ??= start(base));
    const values = Float32Array.from(image, (byte) => byte / 127.5 - 1);
    const begun = performance.now();
    const logits = tf.tidy(() =>
      Array.from((model.predict(tf.tensor(values, [1, ...digitShape])) as tf.Tensor).dataSync()),
    );
    const ms = performance.now() - begun;
    const digit = logits.reduce((best, value, i) => (value > logits[best]! ? i : best), 0);
    return { digit, ms, bytes, backend: tf.getBackend() };
  } catch (error) {
    ready = undefined;
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
