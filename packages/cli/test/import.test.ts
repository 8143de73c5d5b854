// A packed model as ONNX, and back.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { createPlanBuilder, decodeModel, encodeModel, jsEngine } from '@bitgrad/runtime';
import { modelOf } from '@bitgrad/recipe';
import { cli, temporaryFolder } from './run.js';

/** Signs of four bytes, and a dense layer of them. */
function packed(): Uint8Array {
  const b = createPlanBuilder();
  const x = b.buffer('u8', [2, 2, 1]);
  const flat = b.op({ op: 'reshape', inputs: [x] }, [4]);
  const t = [b.weight('i32', [4], Int32Array.of(10, 100, 128, 200)), b.weight('bits', [4], Uint32Array.of(4))] as const; // prettier-ignore
  const bits = b.op({ op: 'threshold', inputs: [flat], weights: t });
  const sums = b.op({
    op: 'dense',
    inputs: [bits],
    weights: [b.weight('bits', [2, 4], Uint32Array.of(5, 9))],
  });
  const w = [
    b.weight('f32', [2], Float32Array.of(1, 0.5)),
    b.weight('f32', [2], Float32Array.of(0, 1)),
  ] as const;
  const { plan, weights } = b.finish(x, b.op({ op: 'affine', inputs: [sums], weights: w }));
  return encodeModel(plan, weights, { classes: ['a', 'b'], output: 'logits' });
}

it.each(['onnx', 'qonnx'])('export --to %s, then import: the same outputs', async (to) => {
  const folder = temporaryFolder();
  const [file, onnx, again] = ['m.bitgrad', 'signs.onnx', 'again.bitgrad'].map((name) => join(folder, name)) as [string, string, string]; // prettier-ignore
  writeFileSync(file, packed());
  const written = await cli(['export', file, '--to', to, '-o', folder, '--name', 'signs', '--json']);
  expect(written).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(written.stdout)).toMatchObject({
    to,
    files: { 'signs.onnx': readFileSync(onnx).length },
  });
  const read = await cli(['import', onnx, '-o', again, '--json']);
  expect(read).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(read.stdout)).toMatchObject({ format: 'onnx', fallbacks: [], agreement: { argmax: 1, samples: 16 }, testAccuracy: null }); // prettier-ignore
  const [first, second] = await Promise.all([file, again].map((p) => jsEngine().compile(decodeModel(readFileSync(p))))); // prettier-ignore
  expect(decodeModel(readFileSync(again)).metadata.classes).toEqual(['a', 'b']);
  for (let n = 0; n < 50; n++) {
    const x = Uint8Array.from({ length: 4 }, (_, i) => (n * 83 + i * 61) % 256);
    expect(second!.run(x)).toEqual(first!.run(x));
  }
});

it('says what is wrong, and writes nothing', async () => {
  const folder = temporaryFolder();
  const [file, out] = [join(folder, 'm.onnx'), join(folder, 'm.bitgrad')];
  writeFileSync(file, 'no model');
  const { code, stderr } = await cli(['import', file, '-o', out]);
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/the file is no ONNX model/);
  expect((await cli(['import', join(folder, 'nowhere'), '-o', out])).stderr).toMatch(
    /nowhere.*cannot be read/,
  );
  expect((await cli(['import', file, '-o', out, '--mean', '1'])).stderr).toMatch(
    /--std.*both of --mean and --std/,
  );
  expect(() => readFileSync(out)).toThrow(/ENOENT/);
});

it('is listed', async () => {
  const { stdout } = await cli(['list', '--json']);
  expect((JSON.parse(stdout) as { importers: { name: string }[] }).importers.map(({ name }) => name)).toEqual(['finn', 'keras', 'onnx', 'pytorch']); // prettier-ignore
});

it('import --to layers: a model of Larq that loads again, latent weights and all', async () => {
  const folder = temporaryFolder();
  const [file, out] = [join(folder, 'bireal.keras'), join(folder, 'layers')];
  const fixture = join(import.meta.dirname, '../../importer/test/fixtures/keras/bireal_block.keras.gz');
  writeFileSync(file, gunzipSync(readFileSync(fixture)));
  const refused = await cli(['import', file, '--to', 'layers', '-o', out, '--mean', '1', '--std', '2']);
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(/mean with --to layers/) });
  expect(existsSync(out)).toBe(false);
  const { code, stdout, stderr } = await cli(['import', file, '--to', 'layers', '-o', out, '--json']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const result = JSON.parse(stdout) as { out: string; weights: number; files: Record<string, number> };
  const files = new Map(Object.keys(result.files).map((name) => [name, new Uint8Array(readFileSync(join(out, name)))])); // prettier-ignore
  const model = await modelOf(out, files);
  expect([model.inputs[0]!.shape, model.outputs[0]!.shape]).toEqual([[null, 8, 8, 6], [null, 4]]); // prettier-ignore
  // Two binary kernels of 3x3x6x6 and 3x3x6x10, the shortcut's 6x10, the dense layer, four numbers a channel of four norms.
  expect(result).toMatchObject({ out, weights: 9 * 36 + 9 * 60 + 60 + 44 + 4 * (6 + 10 + 10) });
  const latent = await model.getWeights()[0]!.data();
  expect(new Set(Array.from(latent, Math.abs)).size).toBeGreaterThan(100);
});
