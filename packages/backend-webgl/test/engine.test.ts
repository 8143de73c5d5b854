// The WebGL engine in headless Chromium: the engine suite, context loss, leaks, counts.
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { amount, cycles } from '@bitgrad/tooling/endurance';
import { testEngineInChromium } from '@bitgrad/gpu-tests/engine-in-chromium';
import { webglEngine } from '../src/engine/index.js';

/** GLSL leaves the rounding of divisions and square roots to the driver. */
const tolerance = 2e-6;

testEngineInChromium(
  { name: 'webgl', tolerance, create: () => webglEngine(), effort: amount({ test: 'brief', ci: 'quick' }) },
  'WebGL',
  fileURLToPath(new URL('.', import.meta.url)),
  ({ page, only }) => {
    only('a lost context gives a typed error, at once', async () => {
      expect(await page().call('loss')).toEqual({
        sync: 'context-lost',
        async: 'context-lost',
        refused: 'context-lost',
        other: true,
      });
    });
    only('a loss during a run ends it, and restore() moves the model to a new context', async () => {
      expect(await page().call('restore')).toEqual({ during: 'context-lost', same: true, contexts: 2 });
    });
    only(`${cycles} cycles of create and dispose leave no GL object and lose no context`, async () => {
      expect(await page().call('cycles', cycles)).toEqual({
        counts: { Texture: 0, Framebuffer: 0, Buffer: 0, Program: 0 },
        lost: false,
      });
    });
    only('two models on one context work side by side', async () => {
      expect(await page().call('sideBySide')).toBe(0);
    });
    only('counts: five fetches for four words of four channels, one draw an op', async () => {
      const { kernels, perInference } = await page().call<{
        kernels: string[];
        perInference: Record<string, number>;
      }>('counts');
      expect(kernels).toEqual(['threshold', 'xnor-conv']);
      expect(perInference).toMatchObject({ draws: 2, bytesReadBack: 4 * 64 * 64 });
      const convolution = (8 * 8 * 64) / 4;
      const packing = (8 * 8 * 128) / 32 / 4;
      expect(perInference['fragments']).toBe(convolution + packing);
      expect(perInference['textureFetches']).toBe(convolution * (36 + 9) + packing * 4 * 32 * 3);
    });
  },
);

it('says why it cannot start where there is no WebGL', async () => {
  expect(await webglEngine().probe()).toEqual({
    available: false,
    reason: 'WebGL2 is not available here',
    features: {},
  });
  await expect(
    webglEngine().compile({
      plan: { buffers: [{ type: 'f32', shape: [1] }], weights: [], ops: [], input: 0, output: 0, version: 1 },
      weights: [],
      metadata: {},
    }),
  ).rejects.toMatchObject({ code: 'backend-unavailable' });
});

it('refuses options that it does not know, and values of the wrong kind', async () => {
  const wrong = (options: object) => () => webglEngine(options as never);
  expect(wrong({ allowSoftwar: false })).toThrow(/allowSoftwar.*Did you mean "allowSoftware"/s);
  expect(wrong({ context: '2d' })).toThrow(expect.objectContaining({ code: 'invalid-option' }));
  expect(wrong({ allowSoftware: 1 })).toThrow(expect.objectContaining({ code: 'invalid-option' }));
  await expect(webglEngine().compile({} as never, { thread: 2 } as never)).rejects.toMatchObject({
    code: 'invalid-option',
  });
});
