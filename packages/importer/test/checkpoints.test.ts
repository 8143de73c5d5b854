// Published networks on published data, where a folder `checkpoints` stands beside that of BITGRAD_TEST_DATA.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { testData } from '@bitgrad/tooling/test-data';
import { importModel, type SourceFile } from '../src/index.js';
import { readFiles } from '../src/node.js';
import { run } from './support.js';

const { folder: mnist, missing } = testData('mnist');
const checkpoints = join(mnist, '../../checkpoints');
const absent = missing || (existsSync(checkpoints) ? '' : `no ${checkpoints}`);
const unzipped = (name: string, head: number): Uint8Array =>
  new Uint8Array(gunzipSync(readFileSync(join(mnist, name)))).slice(head);

async function accuracy(files: readonly SourceFile[]) {
  const images = unzipped('t10k-images-idx3-ubyte.gz', 16);
  const labels = unzipped('t10k-labels-idx1-ubyte.gz', 8);
  const { model, fallbacks, agreement } = await importModel(files, { input: 'u8', samples: images.subarray(0, 4 * 784) }); // prettier-ignore
  const output = await run(model, images);
  let right = 0;
  for (const [i, label] of labels.entries()) {
    const row = output.subarray(10 * i, 10 * i + 10);
    if (row.every((v) => v <= row[label]!)) right += 1;
  }
  return { accuracy: right / labels.length, fallbacks, agreement };
}

describe.skipIf(absent !== '')(`published networks ${absent}`, { timeout: 300_000 }, () => {
  it.each([
    ['TFC_1W2A', 0.9479],
    ['TFC_2W2A', 0.966],
  ])('%s of QONNX: within 0.15 points of %f, as sums of bits', async (name, published) => {
    const found = await accuracy(await readFiles(join(checkpoints, `qonnx/${name}.onnx`)));
    expect(found).toMatchObject({ fallbacks: [], agreement: { argmax: 1, ties: 0 } });
    expect(Math.abs(found.accuracy - published)).toBeLessThan(0.0015);
  });

  it('lfcW1A1 of BNN-PYNQ: at least 98.3 %, its bits unchanged', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bitgrad-finn-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    execFileSync('tar', ['xzf', join(checkpoints, 'bnn-pynq-lfcW1A1-mnist.tar.gz'), '-C', folder]);
    const found = await accuracy(await readFiles(join(folder, 'lfcW1A1')));
    expect(found).toMatchObject({ fallbacks: [], agreement: { argmax: 1, maxDifference: 0 } });
    expect(found.accuracy).toBeGreaterThanOrEqual(0.983);
  });
});
