// The engine suite in headless Chromium: cases run in the page of support/page.ts, with what every GPU engine has to do there.
import { afterAll, expect, it } from 'vitest';
import { chromiumMissing, openChromium, type TestPage } from '@bitgrad/tooling/chromium';
import { testEngine, type EngineTest } from '@bitgrad/testkit';

/** The page of a suite, where there is one, and a test that is skipped where there is none. */
export interface InPage {
  page(): TestPage;
  only(title: string, body: () => Promise<void>): void;
}

/**
 * @param engine the suite's subject, which the page has too
 * @param api what its page needs, for the reason of a skip
 * @param resolveDir folder of the tests, with support/page.ts
 * @param extra adds the engine's own tests
 */
export function testEngineInChromium(
  engine: Omit<EngineTest, 'missing' | 'run' | 'extra'>,
  api: string,
  resolveDir: string,
  extra: (inPage: InPage) => void,
): void {
  let page: TestPage | undefined;
  afterAll(() => page?.close());
  const only: InPage['only'] = (title, body) =>
    it(title, async (context) => (page ? body() : context.skip(`no ${api} here`)));
  testEngine({
    ...engine,
    missing: async () => {
      if (chromiumMissing()) return chromiumMissing();
      page = await openChromium({ contents: `export * from './support/page.js';`, resolveDir });
      const { available, reason } = await page.call<{ available: boolean; reason?: string }>('probe');
      return available ? '' : reason!;
    },
    run: (name, effort) => page!.call('check', name, engine.tolerance, effort),
    extra: () => {
      only('the suite can write noise to the memory of its models', async () => {
        expect(await page!.call('dirtyBytes')).toBeGreaterThan(0);
      });
      extra({ page: () => page!, only });
      only('nothing was reported to the console', async () => {
        expect(page!.errors).toEqual([]);
      });
    },
  });
}
