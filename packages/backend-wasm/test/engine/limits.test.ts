// Small files that ask for much: refused with a typed error before memory is taken, or run in the memory that is reported.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeModel, encodeModel } from '@bitgrad/runtime';
import { wasmEngine } from '../../src/engine/index.js';
import { bundle } from './support/bundle.js';
import { chain, huge, type Huge } from './support/huge.js';
import type { Outcome } from './support/limits-main.js';

describe('in a process of its own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bitgrad-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  beforeAll(async () => {
    const chunks = await bundle(
      `import { main } from './test/engine/support/limits-main.js'; await main(...process.argv.slice(2));`,
      'node',
    );
    for (const { name, text } of chunks)
      writeFileSync(join(folder, name.replace(/\.js$/, '.mjs')), text.replaceAll('.js"', '.mjs"'));
  });
  const outcome = (name: Huge, engine: 'js' | 'wasm', run = true): Outcome =>
    JSON.parse(
      execFileSync(process.execPath, [join(folder, 'stdin.mjs'), name, engine, run ? 'run' : ''], {
        encoding: 'utf8',
      }),
    ) as Outcome;

  it.each([
    ['a row for each of 2^24 elements', 1],
    ['parameters for lines of 2^24 pixels, ten times', undefined],
  ] as const)('%s: what the report says is what it takes', (name, first) => {
    const { code, took, reported, first: got } = outcome(name, 'wasm', first !== undefined);
    expect({ name, code }).toEqual({ name, code: 'ran' });
    if (first !== undefined) expect(got).toBe(first);
    // Besides: the input and the result of the run, 64 MiB each, and the module.
    expect(took).toBeLessThan(reported + 128 + 80);
  });

  it.each(['start values for 2^27 padded rows', 'levels of 67.6 million rows, moved'] as const)(
    '%s: refused, quickly, without taking memory',
    (name) => {
      const { code, took } = outcome(name, 'wasm');
      expect({ name, code }).toEqual({ name, code: 'limit-exceeded' });
      expect(took).toBeLessThan(80);
    },
  );

  it('the JS engine answers where no limit stands against it', () => {
    expect(outcome('levels of 67.6 million rows, moved', 'js')).toMatchObject({ code: 'ran', first: 3 });
  });
});

it.each(Object.keys(huge) as Huge[])('%s: a file of less than 2 KiB', (name) => {
  expect(huge[name]().length).toBeLessThan(2048);
});

it('days of work in 800 bytes are refused by default', () => {
  const one: [['f32', number[], Float32Array], ['f32', number[], Float32Array]] = [
    ['f32', [1], Float32Array.of(1)],
    ['f32', [1], Float32Array.of(1)],
  ];
  const window = { kernel: [1000, 1], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] };
  const file = chain(
    { type: 'u8', shape: [2 ** 14, 2 ** 13, 1] },
    [
      { op: { op: 'maxPool', ...window }, type: 'u8', shape: [2 ** 14 - 999, 2 ** 13, 1] },
      { op: { op: 'slice', begin: [0, 0, 0] }, type: 'u8', shape: [1, 1, 1] },
      { op: { op: 'affine' }, type: 'f32', shape: [1, 1, 1], weights: one },
    ],
    { operations: 1e15 },
  );
  expect(file.length).toBeLessThan(800);
  expect(() => decodeModel(file)).toThrow(
    expect.objectContaining({
      code: 'limit-exceeded',
      message: expect.stringMatching(
        /operations of one inference: got \d{11,}, expected at most 20000000000/,
      ),
    }),
  );
});

it('a model that no WebAssembly memory can hold is refused where no limit is given', async () => {
  const model = decodeModel(huge['start values for 2^27 padded rows']());
  const wide = { ...model, plan: { ...model.plan } };
  await expect(wasmEngine().compile(wide, { memoryBytes: 2 ** 31 })).rejects.toMatchObject({
    code: 'limit-exceeded',
  });
});

it('a plan with as many ops and inputs as a file may have compiles', async () => {
  const most = 4094;
  const buffers = Array.from({ length: most + 1 }, (_, i) => ({ type: 'f32' as const, shape: [i ? 64 : 1] }));
  const ops = Array.from({ length: most }, (_, i) => ({
    op: 'concat' as const,
    axis: 0,
    inputs: new Array<number>(64).fill(0),
    output: i + 1,
  }));
  const model = decodeModel(
    encodeModel({ version: 1, input: 0, output: most, buffers, weights: [], ops }, []),
  );
  const executable = await wasmEngine().compile(model, { memoryBytes: 2 ** 28 });
  expect([...executable.run(Float32Array.of(3))]).toEqual(new Array<number>(64).fill(3));
  executable.dispose();
});
