// Recordings become the same bytes in a page and in Node.
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { chromiumMissing, openChromium } from '@bitgrad/tooling/chromium';
import { amount } from '@bitgrad/tooling/endurance';
import { hear } from './support/sound-page.js';

const required = (process.env.BITGRAD_REQUIRE ?? '').split(',').includes('chromium');
const count = amount({ test: 40, full: 300 });
const missing = required ? '' : chromiumMissing();

it.skipIf(missing)(
  `${count} recordings in Chromium${missing && ` (${missing})`}`,
  { timeout: 120_000 },
  async () => {
    const page = await openChromium({
      contents: `export * from './support/sound-page.js';`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    });
    try {
      const want = hear(count);
      expect(new Set(want).size).toBe(count);
      expect(await page.call('hear', count)).toEqual(want);
      expect(page.errors).toEqual([]);
    } finally {
      await page.close();
    }
  },
);
