// Packed models as ONNX: onnxruntime has the same integer sums and classes, and what is imported again the same bits.
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { wasm } from '@bitgrad/backend-wasm';
import { createRng, use } from '@bitgrad/core';
import { compileModel } from '@bitgrad/compiler';
import { createModel, modelNames, type ModelName } from '@bitgrad/models';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { createPlanBuilder, encodeModel, type Op, type PackedModel } from '@bitgrad/runtime';
import { amount } from '@bitgrad/tooling/endurance';
import * as ort from 'onnxruntime-node';
import { exportOnnx, importModel } from '../src/index.js';
import { floats, run, signs } from './support.js';

const side = 12;
/** Inputs of each comparison. */
const count = amount({ test: 25, ci: 200, full: 1000 });
/** Some that have every op between them, or all. */
const compared = amount<readonly ModelName[]>({
  test: ['cnn', 'resnet20-fda', 'birealnet18', 'quicknet', 'kws-1d', 'vit-binary'],
  ci: modelNames,
});
const normalization = { mean: [127.5], std: [127.5] };

beforeAll(async () => {
  use(stePlugin);
  // Packing runs the graph: on the plain backend for longer than what is compared.
  await wasm().start();
});

const made = new Map<string, Promise<PackedModel>>();
function compiled(name: ModelName, input: 'u8' | 'f32'): Promise<PackedModel> {
  const key = `${name} ${input}`;
  const model = made.get(key) ?? compile(name, input);
  made.set(key, model);
  return model;
}

/** A model whose batch norms have seen something: of both signs, and shifted. */
async function compile(name: ModelName, input: 'u8' | 'f32'): Promise<PackedModel> {
  const model = createModel(name, { inputShape: [side, side, 1], classes: 10, kernelQuantizer: 'ste', seed: 3, width: 0.25 }); // prettier-ignore
  const random = createRng(5);
  for (const layer of model.layers)
    for (const weight of layer.weights) {
      const kind = /(gamma|beta|moving_mean|moving_variance)(_\d+)?$/.exec(weight.originalName)?.[1];
      if (!kind) continue;
      const { shape } = weight.read();
      const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => (kind === 'moving_variance' ? 0.5 + random.next() : 2 * random.next() - 1)); // prettier-ignore
      weight.write(tf.tensor(values, shape));
    }
  const { model: packed } = await compileModel(model, { input, lastLayer: 'float', minAgreement: 0, ...(input === 'u8' ? { normalization } : {}) }); // prettier-ignore
  model.dispose();
  return packed;
}

const bytes = Uint8Array.from({ length: count * side * side }, (_, i) => (i * 2654435761) >>> 24);
const inputFor = (type: 'u8' | 'f32'): Uint8Array | Float32Array =>
  type === 'u8' ? bytes : Float32Array.from(bytes, (v) => (v - 127.5) / 127.5);

/** What onnxruntime makes of an exported model. Of one channel, both orders of axes are one. */
async function inOnnxruntime(model: PackedModel, input: Uint8Array | Float32Array): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(exportOnnx(model), {
    logSeverityLevel: 4,
    intraOpNumThreads: 1,
  });
  const [h, w, c] = model.plan.buffers[model.plan.input]!.shape as [number, number, number];
  const rows = model.plan.ops.some(({ op }) => op === 'constant') ? 1 : input.length / (h * w * c);
  const results: number[] = [];
  for (let from = 0; from < input.length; from += rows * h * w * c) {
    const part = input.subarray(from, from + rows * h * w * c);
    const data = new ort.Tensor(part instanceof Uint8Array ? 'uint8' : 'float32', part as never, [
      rows,
      c,
      h,
      w,
    ]);
    const outputs = await session.run({ input: data });
    for (const v of outputs[session.outputNames[0]!]!.data as Float32Array) results.push(v);
  }
  await session.release();
  return Float32Array.from(results);
}

/** The model up to its last integer sums. */
function upToSums({ plan, weights, metadata }: PackedModel): PackedModel | undefined {
  const last = plan.ops.findLastIndex(({ output }) => plan.buffers[output]!.type === 'i32');
  if (last < 0) return undefined;
  const ops = plan.ops.slice(0, last + 1);
  const written = new Set([plan.input, ...ops.map(({ output }) => output)]);
  const kept = plan.buffers.map((_b, i) => (written.has(i) ? i : -1)).filter((i) => i >= 0);
  const at = (i: number): number => kept.indexOf(i);
  const renumbered = ops.map((op) => ({ ...op, inputs: op.inputs.map(at), output: at(op.output) })) as Op[];
  const buffers = kept.map((i) => plan.buffers[i]!);
  return { plan: { ...plan, buffers, ops: renumbered, input: at(plan.input), output: at(ops.at(-1)!.output) }, weights, metadata: { ...metadata, output: 'regression' } }; // prettier-ignore
}

const classesOf = (values: ArrayLike<number>, width = 10): number[] =>
  Array.from({ length: values.length / width }, (_, r) => {
    let best = 0;
    for (let c = 1; c < width; c++) if (values[r * width + c]! > values[r * width + best]!) best = c;
    return best;
  });

describe.each(compared)('%s', { timeout: 600_000 }, (name) => {
  it.each(['u8', 'f32'] as const)('of %s: same sums and classes in onnxruntime', async (type) => {
    const model = await compiled(name, type);
    const input = inputFor(type);
    const sums = upToSums(model);
    if (sums) {
      const got = await inOnnxruntime(sums, input);
      const want = await run(sums, input);
      expect(got.length).toBe(want.length);
      // Signs of real-valued shortcuts may fall either way by a rounding; without them every sum is the same.
      const exact = !model.plan.ops.some(({ op }) => ['add', 'layerNorm', 'softmax'].includes(op));
      const wrong = got.reduce((n, v, i) => n + (v === want[i] ? 0 : 1), 0);
      expect(wrong / got.length).toBeLessThanOrEqual(exact ? 0 : 1e-3);
    }
    const [got, want] = [await inOnnxruntime(model, input), await run(model, input)];
    const same = classesOf(want).filter((c, i) => c === classesOf(got.slice(10 * i, 10 * i + 10))[0]).length;
    expect(same / count).toBeGreaterThanOrEqual(0.999);
  });

  it.each([
    ['u8', 'onnx'],
    ['f32', 'onnx'],
    ['u8', 'qonnx'],
  ] as const)('of %s -> %s -> import: the same bits', async (type, format) => {
    const model = await compiled(name, type);
    const files = [{ name: 'model.onnx', bytes: exportOnnx(model, { format }) }];
    const again = await importModel(files, { input: type, randomSamples: 2, minAgreement: 0 });
    const input = inputFor(type).subarray(0, 50 * side * side);
    expect(await run(again.model, input)).toEqual(await run(model, input));
    const products = (m: PackedModel): number => m.plan.ops.filter(({ op, output }) => ['conv', 'dense', 'depthwise'].includes(op) && m.plan.buffers[output]!.type === 'i32').length; // prettier-ignore
    expect(products(again.model)).toBe(products(model));
  });
});

describe('what ONNX has no padding for', () => {
  it('one-padding of signs is a border that the importer gives back to the convolution', async () => {
    const b = createPlanBuilder();
    const x = b.buffer('f32', [4, 5, 3]);
    const t = [
      b.weight('f32', [3], Float32Array.of(0.1, -0.2, 0)),
      b.weight('bits', [3], Uint32Array.of(2)),
    ] as const;
    const bits = b.op({ op: 'threshold', inputs: [x], weights: t });
    const kernel = { kernel: [3, 3], strides: [1, 2], dilations: [1, 1], pads: [1, 1, 1, 1] } as const;
    const w = b.weight(
      'bits',
      [2, 3, 3, 3],
      Uint32Array.from(signs(18, 3), (v) => (v < 0 ? 5 : 2)),
    );
    const y = b.op({ op: 'conv', inputs: [bits], weights: [w], ...kernel, groups: 1, shift: 0, padValue: 1 });
    const model = b.finish(x, y, { output: 'regression' });
    encodeModel(model.plan, model.weights);
    const { model: again } = await importModel([{ name: 'a.onnx', bytes: exportOnnx(model) }]);
    const convs = again.plan.ops.filter(({ op }) => op === 'conv');
    expect(convs).toMatchObject([{ padValue: 1, pads: [1, 1, 1, 1] }]);
    const input = floats(60, 4);
    expect(Array.from(await run(again, input))).toEqual(Array.from(await run(model, input)));
    const nchw = Float32Array.from({ length: 60 }, (_, i) => input[(i % 20) * 3 + Math.floor(i / 20)]!);
    const session = await ort.InferenceSession.create(exportOnnx(model), { intraOpNumThreads: 1 });
    const result = await session.run({ input: new ort.Tensor('float32', nchw, [1, 3, 4, 5]) });
    expect(Array.from(result[session.outputNames[0]!]!.data as Float32Array)).toEqual(Array.from(await run(model, input))); // prettier-ignore
    await session.release();
  });

  it('sums that float32 does not hold are refused', () => {
    const b = createPlanBuilder();
    const x = b.buffer('u8', [70_000]);
    const w = b.weight('bits', [1, 70_000], new Uint32Array(2188));
    const y = b.op({ op: 'dense', inputs: [x], weights: [w] });
    expect(() => exportOnnx(b.finish(x, y, { output: 'regression' }))).toThrow(
      /sums of op "dense".*17850000/,
    );
  });
});
