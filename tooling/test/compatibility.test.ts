// What docs/compatibility.md promises and no test of one package holds.
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { wasmEngine } from '../../packages/backend-wasm/src/engine/index.js';
import { nativeEngine } from '../../packages/backend-native/src/engine/index.js';
import { decodeModel, jsEngine, type Engine } from '../../packages/runtime/src/index.js';
import { formatVersion } from '../../packages/runtime/src/format/layout.js';
import { root, workspacePackages } from '../workspace.mjs';

const read = (path: string): string => readFileSync(root + path, 'utf8');
const policy = read('docs/compatibility.md');

describe('the versions of Node', () => {
  const [, stated] = /^Node (\S+) and later/m.exec(policy)!;

  it.each(workspacePackages())('$folder asks for the one that is promised', ({ manifest }) => {
    expect(manifest.engines.node).toBe(`>=${stated}`);
  });

  it('are tested from the first on', () => {
    const [, list] = /node: \[(.*?)\]/.exec(read('.github/workflows/ci.yml'))!;
    const tested = list!.split(', ').map((version) => version.replaceAll("'", ''));
    expect(tested[0]).toBe(stated);
    expect(tested.length).toBeGreaterThan(2);
  });
});

describe('files of every version of the format', () => {
  const folder = `${root}packages/runtime/test/golden/`;
  const versions = readdirSync(folder);
  const files = versions.flatMap((version) =>
    readdirSync(folder + version)
      .filter((name) => name.endsWith('.bitgrad'))
      .map((name) => ({ version, name: name.replace('.bitgrad', '') })),
  );
  const engines: Engine[] = [jsEngine(), wasmEngine(), wasmEngine({ variant: 'scalar' }), nativeEngine()];

  it('are kept, the present one among them, and the policy names its number', () => {
    expect(versions).toContain(`${formatVersion.major}.${formatVersion.minor}`);
    expect(policy).toContain(`[format ${formatVersion.major}](`);
  });

  it.each(files)('$version/$name: the same bits on every engine', async ({ version, name }) => {
    const [model, stored] = [
      decodeModel(readFileSync(`${folder}${version}/${name}.bitgrad`)),
      JSON.parse(readFileSync(`${folder}${version}/${name}.json`, 'utf8')) as Record<'input' | 'output', string>, // prettier-ignore
    ];
    const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));
    const { type } = model.plan.buffers[model.plan.input]!;
    const input = type === 'u8' ? bytes(stored.input) : new Float32Array(bytes(stored.input).buffer);
    const ran: string[] = [];
    for (const engine of engines) {
      if (!(await engine.probe()).available) continue;
      const executable = await engine.compile(model);
      const got = executable.run(input);
      expect(new Uint8Array(got.buffer, got.byteOffset, got.byteLength), engine.name).toEqual(bytes(stored.output)); // prettier-ignore
      executable.dispose();
      ran.push(engine.name);
    }
    // Native code is only where it was built.
    expect(ran.filter((engine) => engine !== 'native')).toEqual(['js', 'wasm', 'wasm']);
    if (process.env['BITGRAD_REQUIRE']?.includes('native')) expect(ran).toContain('native');
  });
});
