// A CNV of Brevitas in QONNX beside its integer sums, both written by apps/bench/reference/brevitas_cnv.py (weights are random).
// BITGRAD_CNV names a folder that it wrote with more inputs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { importModel } from '../src/index.js';
import { inputs, type Answer } from './framework.js';
import { run, sizeOf } from './support.js';

const folder = process.env.BITGRAD_CNV ?? join(import.meta.dirname, 'fixtures/brevitas');

it('the sums of the last layer are those of Brevitas, to the last bit, from products of bits alone', async () => {
  const bytes = new Uint8Array(gunzipSync(readFileSync(join(folder, 'cnv.onnx.gz'))));
  const { shape, outputs } = JSON.parse(readFileSync(join(folder, 'cnv.json'), 'utf8')) as Answer;
  const x = inputs(sizeOf(shape), outputs.length);
  const { model, fallbacks, agreement } = await importModel([{ name: 'cnv.onnx', bytes }], { samples: x.subarray(0, sizeOf(shape)) }); // prettier-ignore
  expect(fallbacks).toEqual([]);
  expect(agreement).toMatchObject({ argmax: 1, maxDifference: 0 });
  const products = model.plan.ops.filter(({ op }) => op === 'conv' || op === 'dense');
  expect(products).toHaveLength(9);
  for (const { inputs: [from], output } of products) {
    expect(model.plan.buffers[from!]!.type).toBe('bits');
    expect(model.plan.buffers[output]!.type).toBe('i32');
  } // prettier-ignore
  const got = Array.from(await run(model, x), (v) => v + 0);
  expect(got).toEqual(outputs.flat().map((v) => v + 0));
}, 60_000); // prettier-ignore
