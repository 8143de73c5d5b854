// `bench growth`: its networks, its slopes, and a run of it.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { wasm } from '@bitgrad/backend-wasm';
import { use, useBackend } from '@bitgrad/core';
import { createModel, type ModelName } from '@bitgrad/models';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { describe, expect, it, onTestFinished } from 'vitest';
import { axes, pointsOf, resnet20Macs } from '../src/growth/axes.js';
import { bends, growthChart, growthMarkdown, type GrowthReport } from '../src/growth/report.js';
import { slopes, type GrowthRow } from '../src/growth/rows.js';
import { vggSmallAt } from '../src/inference/float.js';
import { machine } from '../src/result.js';
import { sourceFlags } from '../src/source-flags.js';

/** Multiply-accumulates from the shapes of a model's layers: each value of a result takes as many as a filter has weights. */
async function macsOf(name: ModelName, size: number, width: number): Promise<number> {
  use(stePlugin);
  await useBackend([wasm({ threads: 1 })]);
  const model = createModel(name, {
    inputShape: [size, size, 3],
    classes: 10,
    kernelQuantizer: 'ste',
    width,
  });
  const macs = model.layers.map((layer) => {
    const kernel = layer.getWeights()[0];
    if (!kernel || kernel.rank < 2) return 0;
    const [, ...shape] = layer.outputShape as number[];
    return (shape.reduce((a, b) => a * b) / kernel.shape.at(-1)!) * kernel.size;
  });
  model.dispose();
  return macs.reduce((a, b) => a + b, 0);
}

describe('the work of a network', () => {
  it.each([
    [32, 1],
    [64, 0.5],
    [16, 0.25],
  ])('is that of its layers, at size %i and width %f', async (size, width) => {
    // prettier-ignore
    expect(vggSmallAt(size, width).macs).toBe(await macsOf('vgg-small', size, width));
    expect(resnet20Macs(size, width)).toBe(await macsOf('resnet20', size, width));
  });
});

it('one axis grows at a time, from smallest to largest', () => {
  for (const kind of ['inference', 'training'] as const)
    for (const axis of axes) {
      const points = pointsOf(kind, axis);
      for (const [i, point] of points.slice(1).entries()) {
        expect(point[axis]).toBeGreaterThan(points[i]![axis]);
        expect({ ...point, [axis]: 0 }).toEqual({ ...points[0], [axis]: 0 });
      }
    }
});

/** Rows of one runner whose time is a power of the work. */
const rowsBy = (power: number, axis: 'batch' | 'threads' = 'batch'): GrowthRow[] =>
  pointsOf('inference', axis).map((point) => {
    const macs = 1e9 * point.batch;
    return { kind: 'inference', axis, net: 'vgg-small', runner: 'r', point, macs, medianMs: 3 * point.batch ** power / point.threads }; // prettier-ignore
  });

describe('slopes', () => {
  it.each([0.5, 1, 1.5])('find a power of %f', (power) => {
    const [first, ...rest] = slopes(rowsBy(power));
    expect(first!.power).toBeNull();
    for (const row of rest) expect(row.power).toBeCloseTo(power, 10);
    expect(bends(slopes(rowsBy(power))).length).toBe(power > 1 ? 4 : 1);
  });
  it('say what a thread gains, and go past what did not run', () => {
    expect(slopes(rowsBy(1, 'threads')).map(({ gain, power }) => [gain, power])).toEqual([[null, null], [2, null]]); // prettier-ignore
    const rows = rowsBy(1).map((row, i) => (i === 1 ? { ...row, medianMs: null, reason: 'no memory' } : row));
    expect(slopes(rows).map(({ power }) => power)).toEqual([null, null, expect.closeTo(1), expect.closeTo(1), expect.closeTo(1)]); // prettier-ignore
    const report: GrowthReport = { date: '', machine: machine(), commit: null, rounds: 1, rows, skipped: [] };
    expect(growthMarkdown(report)).toMatch(/\| 4 \| 4 \| - \|[^]*Skipped: r: no memory\./);
    expect(growthChart(rows, 'inference')).toMatch(/^<svg/);
  });
});

it('measures, prints a table, and writes JSON and a chart', { timeout: 240_000 }, async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'bench-growth-'));
  onTestFinished(() => rmSync(cwd, { recursive: true }));
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
  const short = ['--of', 'training', '--axes', 'threads', '--runners', 'bitgrad-wasm', '--rounds', '1', '--steps', '1']; // prettier-ignore
  const run = (...args: string[]) => promisify(execFile)(process.execPath, [...sourceFlags, main, 'growth', ...args], { cwd }); // prettier-ignore
  const { stdout } = await run(...short, '--json', 'out.json', '--out', 'report');
  const { rows } = JSON.parse(readFileSync(join(cwd, 'out.json'), 'utf8')) as GrowthReport;
  expect(rows.map(({ runner, point }) => [runner, point.threads])).toEqual([['bitgrad-wasm', 1], ['bitgrad-wasm', 2]]); // prettier-ignore
  for (const { medianMs, macs } of rows) expect([medianMs! > 0, macs]).toEqual([true, 16 * resnet20Macs(32, 1)]); // prettier-ignore
  expect(stdout).toContain('## training: resnet20, threads (batch 16, width 1, size 32)');
  expect(readFileSync(join(cwd, 'report/growth.md'), 'utf8')).toContain(stdout);
  await expect(run('--axes', 'depth')).rejects.toThrow(/one of batch, width, size, threads/);
});
