// The engine on Dawn through this package: loss and restore, many models, refusals. The arithmetic is tested by
// @bitgrad/backend-webgpu, which runs its whole suite on Dawn too.
import { jsEngine, loadModel, encodeModel } from '@bitgrad/runtime';
import { convTrial } from '@bitgrad/testkit/engine';
import { describe, expect, it } from 'vitest';
import { nodeGpuEngine } from '../src/engine/index.js';
import { cycles } from '@bitgrad/tooling/endurance';
import { sideBySide } from '@bitgrad/gpu-tests/side-by-side';
import { missingDawn } from './support/dawn.js';

const missing = await missingDawn();
const small = convTrial({ type: 'u8', size: [3, 3], c: 3, cOut: 8, threshold: true });

describe.skipIf(missing)(`the engine on Dawn${missing ? ` (${missing})` : ''}`, () => {
  const engine = nodeGpuEngine({ allowSoftware: true });

  it(`${cycles} cycles of create and dispose, with runs between them`, async () => {
    const want = (await jsEngine().compile(small)).run(small.input);
    const keeper = await engine.compile(small);
    for (let i = 0; i < cycles; i++) {
      const executable = await engine.compile(small);
      if (i % 50 === 0) expect(await executable.runAsync(small.input)).toStrictEqual(want);
      executable.dispose();
    }
    expect(await keeper.runAsync(small.input)).toStrictEqual(want);
    keeper.dispose();
    // The device went with its last model; the next model starts another.
    for (let i = 0; i < 5; i++) {
      const executable = await engine.compile(small);
      expect(await executable.runAsync(small.input)).toStrictEqual(want);
      executable.dispose();
      await expect(executable.runAsync(small.input)).rejects.toMatchObject({ code: 'disposed' });
    }
  });

  it('two models work side by side', async () => {
    expect(await sideBySide(engine)).toBe(0);
  });
});

it('loadModel falls through to the next engine, with the reason', async () => {
  const { plan, weights } = small;
  const model = await loadModel(encodeModel(plan, weights), { engine: [nodeGpuEngine(), jsEngine()] });
  const { engine, skipped } = model.report();
  if (engine === 'js') {
    expect(skipped.map(({ name }) => name)).toEqual(['node-gpu']);
    expect(skipped[0]!.reason).toMatch(/software renderer|install/);
  } else expect(engine).toBe('node-gpu');
  model.dispose();
});

it('refuses options that it does not know', () => {
  expect(() => nodeGpuEngine({ software: true } as never)).toThrow(
    expect.objectContaining({ code: 'invalid-option' }),
  );
});
