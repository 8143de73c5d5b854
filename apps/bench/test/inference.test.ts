// The inference comparison: engines compute the same kind of network, turns are fair, the report says what was found.
import { describe, expect, it } from 'vitest';
import { nativeEngine } from '@bitgrad/backend-native/engine';
import { coldStart } from '../src/inference/cold-start.js';
import { compareNet, speedup, type InferenceRow } from '../src/inference/compare.js';
import type { Contender } from '../src/inference/contender.js';
import {
  convLayer,
  floatNets,
  resnet18,
  vggSmall,
  vggSmallAt,
  type FloatNet,
} from '../src/inference/float.js';
import { onnxModel } from '../src/inference/onnx.js';
import { localPacked } from '../src/inference/packed.js';
import { packedFiles } from '../src/inference/packed-models.js';
import { onnxRuntime, tfjsWasm } from '../src/inference/peers.js';
import { goalsOf, inferenceChart, inferenceMarkdown } from '../src/inference/report.js';

const small: FloatNet = convLayer(8, 32);

/** Takes `ms` for each inference, and notes its turns. */
const fake = (engine: string, ms: number, turns: string[]): Contender => ({
  engine,
  threads: 1,
  prepare: () =>
    Promise.resolve({
      measure: () => {
        turns.push(engine);
        return Promise.resolve([ms, ms, 3 * ms].map((wallMs) => ({ wallMs, cpuMs: wallMs / 2 })));
      },
      dispose: () => void turns.push(`-${engine}`),
    }),
});

describe('compareNet', () => {
  it('warms up, takes turns, disposes, and gives medians', async () => {
    const turns: string[] = [];
    const rows = await compareNet(small, [fake('a', 2, turns), fake('b', 4, turns)], {
      rounds: 2,
      sliceMs: 1,
    });
    expect(turns).toEqual(['a', 'b', 'a', 'b', 'a', 'b', '-a', '-b']);
    expect(rows.map(({ engine, medianMs, bestMs, samples }) => [engine, medianMs, bestMs, samples])).toEqual([
      ['a', 2, 2, 6],
      ['b', 4, 4, 6],
    ]);
    expect(rows[0]!.gmacs).toBeCloseTo(small.macs / 2e6, 12);
    expect(speedup(rows, { net: small.name, fast: 'a', slow: 'b' })).toBe(2);
    expect(rows[1]!.cpuMedianMs).toBe(2);
    expect(speedup(rows, { net: small.name, fast: 'a', slow: 'c' })).toBe(null);
  });

  it('keeps the row of an engine that does not run, with the reason', async () => {
    const broken: Contender = {
      engine: 'x',
      threads: 1,
      prepare: () => Promise.reject(new RangeError('no binary\nat')),
    };
    const [row] = await compareNet(small, [broken], { rounds: 1, sliceMs: 1 });
    expect(row).toMatchObject({ engine: 'x', medianMs: null, samples: 0, reason: 'no binary' });
  });
});

describe('networks', () => {
  it('have the multiply-accumulates of their papers', () => {
    // 604 M binary ones after the first layer of VGG-small; ResNet-18 is quoted with 1.8 G.
    expect(vggSmall.macs - 1024 * 27 * 128 - 81920).toBe(603979776);
    expect(resnet18.macs).toBe(1814073344);
  });
  it.each(['fp32', 'int8'] as const)('become ONNX files with every weight, in %s', (precision) => {
    const bytes = { fp32: 4, int8: 1 }[precision];
    const weights = 9 * (3 * 128 + 128 * 128 + 128 * 256 + 256 * 256 + 256 * 512 + 512 * 512) + 81920;
    const { length } = onnxModel(vggSmall, precision).bytes;
    expect(length).toBeGreaterThan(weights * bytes);
    expect(length).toBeLessThan(weights * bytes + 30_000);
  });
  it.each(['fp32', 'int8'] as const)('take batches as ONNX files, in %s', async (precision) => {
    const ort = await import('onnxruntime-node');
    for (const net of [vggSmallAt(16, 1 / 16), convLayer(8, 4)]) {
      const { bytes, inputType, inputShape } = onnxModel({ ...net, batch: 3 }, precision);
      const length = inputShape.reduce((a, b) => a * b);
      expect(length).toBe(3 * net.input.reduce((a, b) => a * b));
      const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 3 });
      const data = inputType === 'uint8' ? new Uint8Array(length) : new Float32Array(length);
      const { y } = await session.run({ x: new ort.Tensor(inputType, data, inputShape) });
      expect(y!.size).toBe(3 * net.output.reduce((a, b) => a * b));
      await session.release();
    }
  });
  it('run on every engine', { timeout: 120_000 }, async () => {
    const contenders = [
      tfjsWasm(),
      localPacked('bitgrad-wasm', { name: 'wasm', variant: 'simd', threads: 1 }, packedFiles),
      localPacked('bitgrad-js', { name: 'js', threads: 1 }, packedFiles),
      onnxRuntime('web', 'fp32'),
      onnxRuntime('web', 'int8'),
    ];
    const rows = await compareNet(small, contenders, { rounds: 2, sliceMs: 5 });
    expect(rows.filter(({ reason }) => reason)).toEqual([]);
    for (const { engine, samples, bestMs } of rows) {
      expect(samples).toBeGreaterThanOrEqual(2);
      // Differences of chains may be below 0 for a moment; whole networks may not.
      if (!engine.startsWith('bitgrad')) expect(bestMs).toBeGreaterThan(0);
    }
  });
});

describe('cold start', () => {
  it('is measured on every engine that runs here', { timeout: 120_000 }, async () => {
    const { dispose } = await tfjsWasm().prepare(small);
    const { whole } = await packedFiles(vggSmallAt(32, 1 / 16));
    await dispose();
    const { runs, node, engines } = await coldStart(whole, 1);
    const { available } = await nativeEngine().probe();
    expect(engines.map(({ engine }) => engine)).toEqual([
      'bitgrad-wasm',
      ...(available ? ['bitgrad-native'] : []),
    ]);
    expect(runs).toBe(1);
    expect(node.bestMs).toBeGreaterThan(0);
    for (const { scriptBytes, bestMs, medianMs } of engines) {
      expect(scriptBytes).toBeGreaterThan(10_000);
      expect(bestMs).toBe(medianMs);
    }
  });
});

describe('report', () => {
  const row = (net: string, engine: string, medianMs: number | null): InferenceRow => ({
    net,
    engine,
    threads: 1,
    medianMs,
    bestMs: medianMs,
    p5Ms: medianMs,
    p95Ms: medianMs,
    cpuMedianMs: medianMs,
    samples: 1,
    gmacs: medianMs === null ? null : 1 / medianMs,
    ...(medianMs === null ? { reason: 'no binary' } : {}),
  });
  const rows = [
    row('vgg-small', 'bitgrad-wasm', 4),
    row('vgg-small', 'tfjs-wasm', 40),
    row('vgg-small', 'ort-node-int8', null),
  ];

  it('judges by the goals', () => {
    const [first, second] = goalsOf(rows);
    expect(first).toMatchObject({ wanted: 9, got: 10, gotCpu: 10 });
    expect(second).toMatchObject({ wanted: 4.5, got: null });
  });

  it('compares engines with as many threads', () => {
    const two = (engine: string, medianMs: number): InferenceRow => ({
      ...row('vgg-small', engine, medianMs),
      threads: 2,
    });
    const all = [...rows, two('bitgrad-native', 1), two('ort-node-int8', 2.5)];
    const goal = goalsOf(all).find(({ text }) => text.endsWith('ort-node-int8, 2 threads'));
    expect(goal).toMatchObject({ wanted: 3, got: 2.5 });
  });

  it('names the machine, the figures and what is missing', () => {
    const environment = {
      cpu: 'Abacus',
      cores: 2,
      node: '20',
      commit: 'abc',
      date: 'now',
      rounds: 1,
      sliceMs: 1,
      load: 0,
    };
    const cold = {
      runs: 3,
      node: { medianMs: 70, bestMs: 65 },
      engines: [{ engine: 'bitgrad-wasm', medianMs: 120, bestMs: 110, scriptBytes: 54000 }],
    };
    const text = inferenceMarkdown(rows, environment, cold);
    for (const part of [
      'Abacus',
      '| tfjs-wasm | 40.0 (0) |',
      '| 9x | 10.0x | 10.0x |',
      '| bitgrad-wasm | 120 | 110 | 50.0 ms | 54 |',
      'ort-node-int8 on vgg-small: no binary',
    ])
      // prettier-ignore
      expect(text).toContain(part);
    const svg = inferenceChart(rows);
    expect(svg).toMatch(/^<svg/);
    expect(svg).toContain('vgg-small');
    expect(floatNets.map(({ name }) => name)).toContain('conv-56-64');
  });
});
