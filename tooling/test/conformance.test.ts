// The README's table of backends: it is there, names every backend, and says what ran, nothing else.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { between, tables } from '../scripts/conformance.mjs';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

const report = (...tests: [file: string, suites: string[], title: string, status: string][]) => ({
  testResults: tests.map(([file, ancestorTitles, title, status]) => ({
    name: `/x/packages/${file}`,
    assertionResults: [{ ancestorTitles, title, status }],
  })),
});
const rowOf = (text: string, title: string): string[] =>
  text
    .split('\n')
    .find((line) => line.startsWith(`| ${title} `))!
    .split('|')
    .slice(2, -1)
    .map((c) => c.trim());

describe('the table of backends', () => {
  it('is in the README, names every backend, and no failure', () => {
    const section = /<!-- conformance: written by `pnpm conformance` -->([\s\S]*)<!-- \/conformance -->/.exec(
      readme,
    )![1]!;
    expect(section).not.toContain('fails');
    for (const name of ['cpu / js', 'wasm', 'webgl', 'webgpu', 'node-gpu'])
      expect(section).toMatch(new RegExp(`^\\| ${name} +\\|`, 'm'));
    expect(section.match(/^\| .*\byes\b/gm)!.length).toBeGreaterThan(30);
  });

  it('says what passed, failed and did not run', () => {
    const text = tables(
      report(
        ['backend-cpu/test/a.ts', ['training backend cpu'], 'convolves', 'passed'],
        ['backend-wasm/test/a.ts', ['training backend wasm'], 'convolves', 'passed'],
        ['backend-wasm/test/a.ts', ['training backend wasm'], 'convolves', 'passed'],
        ['backend-webgl/test/a.ts', ['training backend webgl'], 'convolves', 'failed'],
        ['backend-webgpu/test/a.ts', ['training backend webgpu'], 'convolves', 'skipped'],
        ['testkit/test/engine.test.ts', ['engine js'], 'packs', 'passed'],
        ['backend-webgpu/test/life.test.ts', ['on Dawn'], 'a lost device gives a typed error', 'passed'],
      ),
    );
    expect(rowOf(text, 'convolves')).toEqual(['yes', 'yes (2)', '**fails**', '-', '-']);
    expect(rowOf(text, 'packs')).toEqual(['yes', '-', '-', '-', '-']);
    expect(rowOf(text, 'loss of the GPU: typed error, `restore()` goes on').at(-1)).toBe('yes');
  });

  it('needs its markers', () => {
    expect(() => between('# no markers', 'x')).toThrow(/markers/);
    expect(between(readme, 'new')).toMatch(/pnpm conformance` -->\n\nnew\n\n<!-- \/conformance/);
  });
});
