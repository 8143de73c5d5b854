// Files are untrusted: a changed file gives a typed error or a graph that runs, never a crash or a hang.
// BITGRAD_FUZZ says how many of each format, BITGRAD_FUZZ_SEED where to begin.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { unzipSync } from 'fflate';
import { describe, expect, it, vi } from 'vitest';
import { createRng } from '@bitgrad/bits';
import { amount } from '@bitgrad/tooling/endurance';
import { importModel, type ImportOptions, type SourceFile } from '../src/index.js';
import type { NodeDraft } from '../src/formats/onnx/write.js';
import { file, integers, rng, signs, tensor } from './support.js';

const count = amount({ test: 100, ci: 300, variable: 'BITGRAD_FUZZ' });
const from = Number(process.env.BITGRAD_FUZZ_SEED ?? 0);
/** What a file of a few hundred bytes may ask for here. */
const limits = { elements: 2 ** 16, operations: 2e6, nodes: 300 };

const domain = 'qonnx.custom_op.general';
const nodes: NodeDraft[] = [
  { op: 'Conv', inputs: ['x', 'w'], output: 'c', attributes: { pads: [1, 1, 1, 1] } },
  { op: 'BatchNormalization', inputs: ['c', 'g', 'g', 'g', 'v'], output: 'n' },
  { op: 'Quant', domain, inputs: ['n', 's', 'z', 'b'], output: 'q', attributes: { signed: 1, narrow: 1, rounding_mode: 'ROUND' } },
  { op: 'MaxPool', inputs: ['q'], output: 'p', attributes: { kernel_shape: [2, 2], strides: [2, 2] } },
  { op: 'Reshape', inputs: ['p', 'shape'], output: 'f' },
  { op: 'Gemm', inputs: ['f', 'm', 'g'], output: 'd', attributes: { transB: 1 } },
  { op: 'Softmax', inputs: ['d'], output: 'y', attributes: { axis: -1 } },
]; // prettier-ignore
const tensors = [
  tensor('w', [3, 2, 3, 3], signs(54, 1)),
  tensor('g', [3]),
  tensor('v', [3], [1, 2, 3]),
  tensor('s', [], [0.5]),
  tensor('z', [], [0]),
  tensor('b', [], [2]),
  integers('shape', [1, -1]),
  tensor('m', [3, 12], signs(36, 2)),
];
const onnx: SourceFile[] = [{ name: 'a.onnx', bytes: file([2, 4, 4], nodes, tensors) }];

const random = rng(3);
const finn: SourceFile[] = [
  [0, 784, 8],
  [1, 8, 8],
].flatMap(([layer, inputs, outputs]) => {
  const bytes = (n: number, most: number) =>
    new Uint8Array(BigUint64Array.from({ length: n }, () => BigInt(random.integer(most))).buffer);
  return [
    { name: `${layer}-0-weights.bin`, bytes: bytes((outputs! * inputs!) / 8, 256) },
    { name: `${layer}-0-thres.bin`, bytes: bytes(outputs!, 500) },
  ];
});

const archive = new Uint8Array(gunzipSync(readFileSync(join(import.meta.dirname, 'fixtures/keras/keras3_sequential.keras.gz')))); // prettier-ignore
const keras: SourceFile[] = [{ name: 'a.keras', bytes: archive }];
const h5 = Object.entries(unzipSync(archive))
  .filter(([name]) => name !== 'metadata.json')
  .map(([name, bytes]): SourceFile => ({ name, bytes }));

const state = gunzipSync(
  readFileSync(join(import.meta.dirname, 'fixtures/pytorch/resnet20-irnet.safetensors.gz')),
);
const safetensors: SourceFile[] = [{ name: 'a.safetensors', bytes: new Uint8Array(state) }];

/** A file with some of its bytes changed, cut out, doubled, or of extreme value. Half of them in its head, where structure is. */
function mutated(bytes: Uint8Array, seed: number): Uint8Array {
  const draw = createRng(seed);
  const head = draw.integer(2) === 0 ? 4096 : Infinity;
  let result = [...bytes];
  for (let n = 1 + draw.integer(4); n > 0; n--) {
    const at = draw.integer(Math.min(head, result.length));
    const kind = draw.integer(5);
    if (kind === 0) result[at] = draw.integer(256);
    else if (kind === 1) result[at] = [0, 1, 127, 128, 255][draw.integer(5)]!;
    else if (kind === 2) result[at]! ^= 1 << draw.integer(8);
    else if (kind === 3) result.splice(at, 1 + draw.integer(8));
    else result = [...result.slice(0, at), ...result.slice(Math.max(0, at - draw.integer(16)))];
    if (result.length === 0) result = [0];
  }
  return Uint8Array.from(result);
}

/** Time of the processor: on a busy machine a file of 20 ms has waited half a minute for its turn. */
const processorMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

describe.each<[string, SourceFile[], ImportOptions?]>([
  ['onnx', onnx],
  ['finn', finn],
  ['keras', keras],
  ['h5', h5],
  ['safetensors', safetensors, { architecture: 'resnet20-irnet', inputShape: [4, 4, 3] }],
])('%s', (_, files, options = {}) => {
  it('is right as it is', async () => {
    expect((await importModel(files, { ...options, limits, randomSamples: 1 })).agreement.argmax).toBe(1);
  });

  it(`gives typed errors or results, ${count} times`, { timeout: 3_600_000 }, async () => {
    const seen: Record<string, number> = {};
    let slowest = 0;
    for (let seed = from; seed < from + count; seed++) {
      const which = createRng(seed).integer(files.length);
      const changed = files.map((f, i) => (i === which ? { ...f, bytes: mutated(f.bytes, seed) } : f));
      const start = processorMs();
      let outcome = 'read';
      try {
        await importModel(changed, { ...options, limits, randomSamples: 1, minAgreement: 0 });
      } catch (error) {
        const { name, code } = error as { name?: string; code?: string };
        if (name !== 'BitgradError') throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
        outcome = code!;
      }
      const ms = processorMs() - start;
      if (ms > slowest && process.env.BITGRAD_FUZZ) process.stdout.write(`seed ${seed}: ${Math.round(ms)} ms, ${outcome}\n`); // prettier-ignore
      slowest = Math.max(slowest, ms);
      seen[outcome] = (seen[outcome] ?? 0) + 1;
    }
    if (process.env.BITGRAD_FUZZ) process.stdout.write(`${JSON.stringify({ ...seen, slowestMs: Math.round(slowest) })}\n`); // prettier-ignore
    expect(seen).not.toHaveProperty('undefined');
    // Some mutations must get through, and some must be refused: else the mutations or the checks are hollow.
    expect(seen.read).toBeGreaterThan(0);
    expect(Object.keys(seen).length).toBeGreaterThan(1);
    expect(slowest).toBeLessThan(5000);
  });
});

it('reads on after a file that crashes the HDF5 library', async () => {
  // What the library says of it itself.
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const { HEAPU8 } = (await (await import('h5wasm')).default.ready) as unknown as { HEAPU8: Uint8Array };
  HEAPU8.fill(255);
  const error = await importModel(h5, { limits, randomSamples: 1 }).catch((e: unknown) => e);
  expect(error).toMatchObject({ name: 'BitgradError', code: 'invalid-file' });
  expect((await importModel(h5, { limits, randomSamples: 1 })).agreement.argmax).toBe(1);
});
