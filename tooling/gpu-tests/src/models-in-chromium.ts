// Every reference model, compiled, in headless Chromium: the results of an engine are those of the js engine.
import { afterAll, expect, it } from 'vitest';
import { chromiumMissing, openChromium } from '@bitgrad/tooling/chromium';
import { compiled, inputCount, modelNames } from './models.js';

/**
 * @param engine as BITGRAD_REQUIRE calls it
 * @param resolveDir folder of the tests, with support/page.ts
 */
export async function testModelsInChromium(engine: string, resolveDir: string): Promise<void> {
  const opened = chromiumMissing()
    ? undefined
    : await openChromium({
        contents: `export * from './support/page.js';`,
        resolveDir,
      });
  const probe = await opened?.call<{ available: boolean; reason?: string }>('probe');
  const missing = opened ? (probe!.available ? '' : probe!.reason!) : chromiumMissing();
  afterAll(() => opened?.close());

  it('starts where it is required', () => {
    if (process.env['BITGRAD_REQUIRE']?.split(',').some((name) => name === 'chromium' || name === engine))
      expect(missing).toBe('');
  });

  for (const name of modelNames)
    it(`${name}: ${inputCount} inputs`, async (context) => {
      if (missing) context.skip(missing);
      const { file, inputs } = await compiled(name, inputCount);
      expect(await opened!.call('compare', file, inputs)).toEqual({
        differing: 0,
        worst: 0,
      });
    }, 600_000);
}
