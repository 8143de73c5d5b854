// What CONTRIBUTING says about an op of one's own, followed: an elementwise op is one file outside of the repository and a
// line for the compiler; then models with it compile, and run on every engine that makes its kernels from expressions.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { use } from '@bitgrad/core';
import { quantDense } from '@bitgrad/layers';
import { wasmEngine } from '@bitgrad/backend-wasm/engine';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { decodeModel, jsEngine, loadModel, type RegisteredOp } from '@bitgrad/runtime';
import { chromiumMissing, openChromium } from '@bitgrad/tooling/chromium';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compileModel, type Lowering } from '../src/index.js';

const files = {
  'package.json': JSON.stringify({ name: 'walk', type: 'module' }),
  'hard-swish.js': `
import { E } from '@bitgrad/bits';
import { attribute, registerOp } from '@bitgrad/runtime';

/** y = x * clamp(slope * x + 1/2, 0, limit). */
export const hardSwish = registerOp({
  name: 'hardSwish',
  weights: ['slope'],
  attributes: { limit: attribute.number(1) },
  value({ limit }) {
    const x = E.input('x');
    const gate = E.add(E.mul(x, E.input('slope')), 0.5);
    const open = E.select(E.lt(gate, 0), 0, gate);
    return E.mul(x, E.select(E.gt(open, limit), limit, open));
  },
});`,
  'layer.js': `
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { asFloat, emit } from '@bitgrad/compiler';
import { hardSwish } from './hard-swish.js';

export class HardSwish extends tfl.layers.Layer {
  static className = 'HardSwish';
  call(inputs) {
    const [x] = [inputs].flat();
    return tf.mul(x, tf.clipByValue(tf.add(tf.mul(x, 1 / 6), 0.5), 0, 1));
  }
}
export const lowering = (layer, [x], context) => {
  const { buffer, shape } = asFloat(x, context);
  const slope = context.builder.weight('f32', [shape.at(-1)], new Float32Array(shape.at(-1)).fill(1 / 6));
  return emit(layer, hardSwish.draft({ inputs: [buffer], weights: [slope], limit: 1 }), context);
};
export { hardSwish };`,
  'page.js': `
import './hard-swish.js';
import { jsEngine, loadModel } from '@bitgrad/runtime';
import { webglEngine } from '@bitgrad/backend-webgl/engine';
import { webgpuEngine } from '@bitgrad/backend-webgpu/engine';

const engines = { js: jsEngine, webgl: webglEngine, webgpu: webgpuEngine };
export async function run(name, bytes, input) {
  const model = await loadModel(Uint8Array.from(bytes), { engine: engines[name]() });
  const y = Array.from(await model.predict(Float32Array.from(input)));
  const { engine, ops } = model.report();
  model.dispose();
  return { engine, y, kernels: ops.map(({ kernel }) => kernel) };
}`,
};

interface Walk {
  HardSwish: new (config: object) => tfl.layers.Layer;
  lowering: Lowering;
  hardSwish: RegisteredOp<readonly string[], Readonly<Record<never, never>>>;
}

const packages = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bitgrad-op-'));
let walk: Walk;
let bytes: Uint8Array;
const input = Float32Array.from({ length: 24 }, (_, i) => Math.sin(1.7 * i) * 2);
let wanted: number[];

beforeAll(async () => {
  mkdirSync(join(folder, 'node_modules', '@bitgrad'), { recursive: true });
  for (const name of readdirSync(packages))
    symlinkSync(join(packages, name), join(folder, 'node_modules', '@bitgrad', name));
  symlinkSync(join(packages, 'compiler/node_modules/@tensorflow'), join(folder, 'node_modules/@tensorflow'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  use(stePlugin);
  await tf.setBackend('cpu');
  walk = (await import(/* @vite-ignore */ pathToFileURL(join(folder, 'layer.js')).href)) as Walk;
  const x = tfl.input({ shape: [12] });
  const hidden = quantDense({ units: 40, kernelQuantizer: 'ste', inputQuantizer: 'ste', seed: 1 }).apply(x);
  const y = tfl.layers.dense({ units: 5, kernelInitializer: tfl.initializers.glorotNormal({ seed: 2 }) });
  const model = tfl.model({ inputs: x, outputs: y.apply(new walk.HardSwish({ name: 'swish' }).apply(hidden)) as tfl.SymbolicTensor }); // prettier-ignore
  ({ bytes } = await compileModel(model, { lowerings: { HardSwish: walk.lowering }, lastLayer: 'float' }));
  wanted = Array.from((model.predict(tf.tensor2d(input, [2, 12])) as tf.Tensor).dataSync());
});
afterAll(() => {
  walk?.hardSwish.remove();
  rmSync(folder, { recursive: true, force: true });
});

const near = (got: ArrayLike<number>): void =>
  wanted.forEach((v, i) => expect(Math.abs(got[i]! - v)).toBeLessThan(1e-5 * Math.max(1, Math.abs(v))));

it('is in the file, and runs on the JS engine; wasm refuses it, and loadModel goes on to the next', async () => {
  const { plan } = decodeModel(bytes);
  expect(plan.ops.find(({ name }) => name === 'swish')).toMatchObject({ op: 'hardSwish', limit: 1 });
  const model = await loadModel(bytes, { engine: [wasmEngine(), jsEngine()] });
  const { engine, skipped } = model.report();
  expect(engine).toBe('js');
  expect(skipped[0]).toMatchObject({ name: 'wasm', reason: expect.stringMatching(/hardSwish/) as string });
  near(await model.predict(input));
  model.dispose();
  await expect(loadModel(bytes, { engine: wasmEngine() })).rejects.toMatchObject({ code: 'unsupported-op' });
});

it('runs on the engines of a page: js, webgl, webgpu', async (context) => {
  if (chromiumMissing()) return context.skip(chromiumMissing());
  const page = await openChromium({ contents: `export * from './page.js';`, resolveDir: folder });
  try {
    for (const engine of ['js', 'webgl', 'webgpu']) {
      const result = await page.call<{ engine: string; kernels: string[]; y: number[] }>(
        'run',
        engine,
        Array.from(bytes),
        Array.from(input),
      );
      expect(result.engine).toBe(engine);
      expect(result.kernels).toContain('hardSwish');
      near(result.y);
    }
  } finally {
    await page.close();
  }
});

it('a process that does not know the op says so', () => {
  walk.hardSwish.remove();
  expect(() => decodeModel(bytes)).toThrow(/hardSwish/);
});
