// What CONTRIBUTING says about adding a backend and an engine, followed: its examples become files outside of the repository,
// and are used by useBackend and loadModel.
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { useBackend, type BackendAdapter } from '@bitgrad/core';
import { createPlanBuilder, encodeModel, jsEngine, loadModel, type Engine } from '@bitgrad/runtime';
import { afterAll, expect, it } from 'vitest';

const root = new URL('../../../', import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'bitgrad-walk-'));
// What a project of one's own has installed.
symlinkSync(fileURLToPath(new URL('../node_modules', import.meta.url)), join(folder, 'node_modules'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The example of a section of CONTRIBUTING, as a module of its own. */
async function example<T>(section: string): Promise<T> {
  const text = readFileSync(new URL('CONTRIBUTING.md', root), 'utf8');
  const [, code] = new RegExp(`^## ${section}\\n[\\s\\S]*?^\`\`\`js\\n([\\s\\S]*?)^\`\`\``, 'm').exec(text)!;
  const path = join(folder, `${section.replace(/ /g, '-')}.js`);
  writeFileSync(path, code!);
  return (await import(path)) as T;
}

it('a backend', async () => {
  const { mine } = await example<{ mine(options?: object): BackendAdapter }>('A backend');
  expect(() => mine({ fast: true })).toThrow(/mine.*fast/);
  const { backend, skipped } = await useBackend([mine()]);
  expect([backend.name, skipped]).toEqual(['mine', []]);
  expect([...tf.square(tf.tensor1d([1.5, -2])).dataSync()]).toEqual([2.25, 4]);
  expect([...tf.square(tf.tensor1d([3], 'int32')).dataSync()]).toEqual([9]);
  expect(backend.report()).toEqual({ Square: 1 });
  await backend.dispose();
  tf.square(tf.tensor1d([1]));
  expect(backend.report()).toEqual({ Square: 1 });
});

it('an engine', async () => {
  const { clampEngine } = await example<{ clampEngine(): Engine }>('An engine');
  const fileOf = (unary: boolean): Uint8Array => {
    const b = createPlanBuilder();
    const x = b.buffer('f32', [3]);
    const y = b.op({ op: 'clamp', inputs: [x], min: -1, max: null });
    const z = unary ? b.op({ op: 'unary', inputs: [y], function: 'sigmoid' }) : y;
    const { plan, weights } = b.finish(x, z);
    return encodeModel(plan, weights);
  };
  const model = await loadModel(fileOf(false), { engine: [clampEngine(), jsEngine()] });
  expect(model.report()).toMatchObject({ engine: 'clamp', skipped: [] });
  expect([...model.predictSync(Float32Array.of(-2, 0.5, 3, 0, -9, 1))]).toEqual([-1, 0.5, 3, 0, -1, 1]);
  const other = await loadModel(fileOf(true), { engine: [clampEngine(), jsEngine()] });
  expect(other.report()).toMatchObject({
    engine: 'js',
    skipped: [{ name: 'clamp', reason: expect.stringContaining('op unary') }],
  });
});
