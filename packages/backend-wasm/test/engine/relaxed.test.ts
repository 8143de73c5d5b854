// The relaxed SIMD build needs a flag on Node 20, so it runs in a process of its own.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { bundle } from './support/bundle.js';

it('relaxed SIMD is chosen where it exists, and agrees bit for bit', async () => {
  const chunks = await bundle(
    `import { main } from './test/engine/support/relaxed-main.js'; await main();`,
    'node',
  );
  const folder = mkdtempSync(join(tmpdir(), 'bitgrad-'));
  try {
    for (const { name, text } of chunks)
      writeFileSync(join(folder, name.replace(/\.js$/, '.mjs')), text.replaceAll('.js"', '.mjs"'));
    const flags =
      Number(process.versions.node.split('.')[0]) < 22 ? ['--experimental-wasm-relaxed-simd'] : [];
    const output = execFileSync(process.execPath, [...flags, join(folder, 'stdin.mjs')], {
      encoding: 'utf8',
    });
    expect(JSON.parse(output)).toEqual({
      cases: 299,
      differing: 0,
      variant: 'relaxed-simd',
      kernel: 'xnor-lookup-relaxed',
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
