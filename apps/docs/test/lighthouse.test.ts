// Lighthouse finds next to nothing: front page, a page of text and code, and the demo, as a phone gets them.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { lighthouseScores } from '@bitgrad/tooling/lighthouse';
import { serveFolder, type StaticServer } from '@bitgrad/tooling/static-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { siteFolder } from './built.js';
import { skipReason } from './visit.js';

const artifacts = fileURLToPath(new URL('../artifacts/', import.meta.url));
const wanted = 95;

describe.skipIf(skipReason)(`Lighthouse ${skipReason}`, () => {
  let server: StaticServer;
  const all: Record<string, unknown> = {};
  beforeAll(async () => {
    server = await serveFolder(siteFolder, { gzip: true });
  });
  afterAll(async () => {
    await server?.close();
    mkdirSync(artifacts, { recursive: true });
    writeFileSync(`${artifacts}lighthouse.json`, JSON.stringify(all, null, 2));
  });

  it.each(['', 'start.html', 'demo/index.html'])('/%s', { timeout: 240_000 }, async (path) => {
    const found = await lighthouseScores(server.url + path, { wanted });
    all[path] = found;
    for (const [category, score] of Object.entries(found.scores))
      expect(score, `${category}: ${found.faults.join('; ')}`).toBeGreaterThanOrEqual(wanted);
  });

  it('would find a page that has faults', { timeout: 120_000 }, async () => {
    const bad = await serveFolder(fileURLToPath(new URL('./bad-page/', import.meta.url)));
    const { scores, faults } = await lighthouseScores(bad.url, { wanted: 0 });
    await bad.close();
    expect(scores.accessibility).toBeLessThan(wanted);
    expect(scores['best-practices']).toBeLessThan(wanted);
    expect(faults.join()).toMatch(/contrast/);
  });

  it('would find a page that computes too much', { timeout: 120_000 }, async () => {
    const bad = await serveFolder(fileURLToPath(new URL('./bad-page/', import.meta.url)));
    const { scores, faults } = await lighthouseScores(`${bad.url}slow.html`, { wanted, runs: 1 });
    await bad.close();
    expect(scores.performance).toBeLessThan(wanted);
    expect(faults.join()).toMatch(/Total Blocking Time/);
  });
});
