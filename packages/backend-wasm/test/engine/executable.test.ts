// The executable: arguments, report, memory, features and the two rewrites of the module.
import { expect, it } from 'vitest';
import type { PackedModel } from '@bitgrad/runtime';
import { amount } from '@bitgrad/tooling/endurance';
import { planBuilder, vggSmall } from '../../bench/plans.js';
import { detectFeatures } from '../../src/engine/features.js';
import { wasmEngine } from '../../src/engine/index.js';
import { withoutSharing } from '../../src/engine/module.js';
import { expectAgreement } from './support/agree.js';
import { convolution, randomData, single, type ConvCase } from './support/models.js';

const tiny = (): PackedModel => {
  const b = planBuilder({ type: 'u8', shape: [8, 8, 3] }, 5);
  const x = b.threshold(b.conv(0, 32, 3));
  return b.build(b.dense(b.flatten(b.pool('maxPool', b.threshold(b.conv(x, 48, 3)), 2, 2)), 10), 'tiny');
};
const size = 8 * 8 * 3;

it('runs batches, takes an output array, and refuses wrong lengths and types', async () => {
  const executable = await wasmEngine().compile(tiny());
  const input = randomData('u8', [3 * size], 1) as Uint8Array;
  const each = [0, 1, 2].map((i) => [...executable.run(input.subarray(i * size, (i + 1) * size))]);
  expect([...executable.run(input)]).toEqual(each.flat());
  const output = new Int32Array(30);
  expect(executable.run(new Uint8ClampedArray(input), output)).toBe(output);
  expect([...output]).toEqual(each.flat());
  expect(await executable.runAsync(input)).toStrictEqual(output);
  for (const bad of [
    new Uint8Array(size + 1),
    new Uint8Array(0),
    new Float32Array(size),
    [1] as unknown as Uint8Array,
    undefined as unknown as Uint8Array,
  ])
    expect(() => executable.run(bad)).toThrow(expect.objectContaining({ code: 'shape-mismatch' }));
  for (const bad of [new Int32Array(9), new Float32Array(10)])
    expect(() => executable.run(input.subarray(0, size), bad)).toThrow(
      expect.objectContaining({ code: 'shape-mismatch' }),
    );
  executable.dispose();
  await expect(executable.runAsync(input)).rejects.toMatchObject({ code: 'disposed' });
});

it('reports the kernel of every op', async () => {
  const executable = await wasmEngine({ variant: 'simd' }).compile(tiny());
  const report = executable.report();
  expect(report).toMatchObject({ engine: 'wasm', variant: 'simd', threads: 1 });
  expect(report.ops.map(({ op, kernel }) => `${op} ${kernel}`)).toEqual([
    'conv integer-dot',
    'threshold fused:0',
    'conv xnor-lookup',
    'threshold fused:2',
    'maxPool packed-max',
    'reshape copy',
    'dense xnor-lookup',
  ]);
  expect(report.arenaBytes).toBeLessThan(100_000);
  executable.dispose();
});

it('memory stays flat over many inferences', async () => {
  const executable = await wasmEngine().compile(tiny());
  const input = randomData('u8', [size], 1) as Uint8Array;
  const output = new Int32Array(10);
  const runs = amount({ test: 2000, variable: 'BITGRAD_RUNS' });
  for (let i = 0; i < 200; i++) executable.run(input, output);
  const before = process.memoryUsage();
  for (let i = 0; i < runs; i++) executable.run(input, output);
  const after = process.memoryUsage();
  expect(after.external + after.arrayBuffers - before.external - before.arrayBuffers).toBeLessThan(1 << 18);
  expect(after.heapUsed - before.heapUsed).toBeLessThan(4 << 20);
  executable.dispose();
});

it('keeps to the memory limit', async () => {
  await expect(wasmEngine().compile(vggSmall(), { memoryBytes: 1e6 })).rejects.toMatchObject({
    code: 'limit-exceeded',
  });
  const executable = await wasmEngine().compile(vggSmall(), { memoryBytes: 2e6 });
  const { arenaBytes, weightBytes } = executable.report();
  expect(arenaBytes + weightBytes).toBeLessThan(2e6);
  executable.dispose();
});

it('shapes that would take too much are refused before memory is taken, and quickly', async () => {
  const memoryBytes = 2 ** 26;
  const huge: ConvCase[] = [
    { type: 'bits', size: [1000, 1000], c: 1, cOut: 1, kernel: [1000, 1000], pads: [999, 999, 999, 999] },
    { type: 'bits', size: [1, 1], c: 2 ** 22, cOut: 17, kernel: [1, 1] },
    { type: 'f32', size: [1, 1], c: 2 ** 21, cOut: 1, kernel: [1, 1] },
    { type: 'bits', size: [2 ** 11, 2 ** 11], c: 1, cOut: 9 },
  ];
  for (const given of huge) {
    const { model } = convolution(given);
    const start = process.cpuUsage();
    await expect(wasmEngine().compile(model, { memoryBytes }), JSON.stringify(given)).rejects.toMatchObject({
      code: 'limit-exceeded',
    });
    // Of this process: other work on the machine does not count.
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(1000);
  }
});

it('many groups and many members of a batch take one record', async () => {
  await expectAgreement(
    convolution({ type: 'bits', size: [1, 2], c: 2 ** 13, cOut: 2 ** 12, kernel: [1, 1], groups: 2 ** 11 }),
  );
  const shape = [700, 1, 4];
  const square = { op: 'matmul', transposeB: true, inputs: [0, 0] };
  await expectAgreement(single(square, { type: 'f32', shape }, { type: 'f32', shape: [700, 1, 1] }));
});

it('stops when it is aborted, and refuses unknown and missing variants', async () => {
  const controller = new AbortController();
  const compiling = wasmEngine().compile(tiny(), { signal: controller.signal });
  controller.abort();
  await expect(compiling).rejects.toMatchObject({ name: 'AbortError' });
  expect(() => wasmEngine({ variant: 'avx' as 'simd' })).toThrow(
    expect.objectContaining({ code: 'invalid-option' }),
  );
  const engine = wasmEngine({ variant: 'relaxed-simd' });
  if (detectFeatures().relaxedSimd) return;
  expect(await engine.probe()).toMatchObject({
    available: false,
    reason: expect.stringContaining('relaxed'),
  });
  await expect(engine.compile(tiny())).rejects.toMatchObject({ code: 'backend-unavailable' });
});

it('detects the features of this Node', async () => {
  expect(detectFeatures()).toMatchObject({ wasm: true, simd: true, sharedMemory: true });
  expect((await wasmEngine().probe()).available).toBe(true);
});

it.each(['engine', 'engine-relaxed'])('rewrites exactly the sharing of the memory of %s', async (name) => {
  const { default: text } = (await import(`../../src/generated/${name}.ts`)) as { default: string };
  const { inflateRawSync } = await import('node:zlib');
  const bytes = new Uint8Array(inflateRawSync(Buffer.from(text, 'base64')));
  if (!WebAssembly.validate(bytes))
    return expect([name, detectFeatures().relaxedSimd]).toEqual(['engine-relaxed', false]);
  const instance = (memory: WebAssembly.Memory) => () =>
    new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  const shared = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const own = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  expect(instance(own)).toThrow(WebAssembly.LinkError);
  expect(instance(shared)).not.toThrow();
  withoutSharing(bytes);
  expect(instance(own)).not.toThrow();
  expect(instance(shared)).toThrow(WebAssembly.LinkError);
});
