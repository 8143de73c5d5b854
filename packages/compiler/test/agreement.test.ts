// Packed models against their hardened training graphs on MNIST test images. BITGRAD_FULL=1: all 10,000 images, every
// quantizer, a few hundred steps of training, with the trained and with random batch norms; else a small sample.
// BITGRAD_FIGURES=FILE writes what was found as JSON.
import { writeFileSync } from 'node:fs';
import '@tensorflow/tfjs-layers';
import { defaultRegistry, use } from '@bitgrad/core';
import { wasm } from '@bitgrad/backend-wasm';
import { wasmEngine } from '@bitgrad/backend-wasm/engine';
import type { Dataset } from '@bitgrad/datasets';
import { loadDataset } from '@bitgrad/datasets/node';
import { fdaPlugin } from '@bitgrad/quantizer-fda';
import { proxConnectPlugin } from '@bitgrad/quantizer-proxconnect';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { testData } from '@bitgrad/tooling/test-data';
import { full } from '@bitgrad/tooling/endurance';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agreementOf, type AgreementCase, type AgreementFigures } from './agreement.js';

const { folder, missing } = testData('mnist');

const plugins = [stePlugin, proxConnectPlugin, fdaPlugin];
const quantizers = [...new Set(plugins.flatMap(({ quantizers: table }) => Object.entries(table)).map(([name]) => name))].filter((name) => name !== 'dorefa'); // prettier-ignore

const steps = full ? 200 : 6;
const nets = [
  { model: 'tfc', width: 1 },
  { model: 'lfc', width: 1 },
  { model: 'cnn', width: full ? 1 : 0.5 },
  { model: 'vgg-small', width: full ? 0.25 : 0.125 },
  { model: 'resnet20', width: full ? 0.5 : 0.25 },
  { model: 'birealnet18', width: full ? 0.25 : 0.125 },
  { model: 'vit-float-attention', width: 1, steps: full ? 200 : 60 },
];

// On WebAssembly the graph and the packed model take the same steps: every sum and every class is equal, and logits but for
// the last dense layer's bias. Not with the scale of `xnor`, which the graph has in its sums and the packed model behind
// them: past a real-valued shortcut, a value within rounding of a threshold may fall on the other side. Shares of the
// images for which it may, and by how much of the largest logit.
const exact = { sums: 0, argmax: 0, logits: 1e-6 };
const scaled = { sums: 0.002, argmax: 0.0005, logits: 0.005 };
const withShortcuts = ['resnet20', 'birealnet18', 'vit-float-attention'];
const allowedFor = ({ model, quantizer }: AgreementCase): typeof exact =>
  quantizer === 'xnor' && withShortcuts.includes(model) ? scaled : exact;

const some = ['ste', 'xnor', 'bnn++', 'fda'];
const norms = [undefined, 'moderate', 'extreme'] as const;

/** Of a full run: every quantizer on two models, the rest on some, each kind of norms with `ste` and in turn elsewhere. */
const fullCases = (model: string): Pick<AgreementCase, 'quantizer' | 'norms'>[] =>
  (['tfc', 'cnn'].includes(model) ? quantizers : some).flatMap((quantizer, i) =>
    quantizer === 'ste'
      ? norms.map((kind) => ({ quantizer, norms: kind }))
      : [{ quantizer, norms: norms[i % 3] }],
  );

const cases: AgreementCase[] = nets.flatMap((net) => {
  const { model } = net;
  const sample = (model === 'cnn' ? some : ['ste']).map((quantizer) => ({
    quantizer,
    norms: 'moderate' as const,
  }));
  return (full ? fullCases(model) : sample).map((c) => ({ steps, ...net, ...c }));
});

describe.skipIf(missing)(`packed equals hardened on MNIST${missing ? ` (${missing})` : ''}`, () => {
  const backend = wasm();
  const rows: (AgreementCase & AgreementFigures)[] = [];
  let data: Dataset;
  beforeAll(async () => {
    use(...plugins);
    await backend.start();
    data = await loadDataset(`mnist:${folder}`);
    expect(defaultRegistry().plugins()).toEqual(expect.arrayContaining(plugins));
  });
  afterAll(() => backend.dispose());

  it.each(cases)('$model $quantizer, norms $norms', { timeout: full ? 600_000 : 60_000 }, async (c) => {
    const images = full ? 10_000 : 60;
    const figures = await agreementOf(c, data, images, wasmEngine(), full ? 500 : 20);
    rows.push({ ...c, ...figures });
    if (process.env.BITGRAD_FIGURES)
      writeFileSync(process.env.BITGRAD_FIGURES, JSON.stringify(rows, null, 1));
    expect(figures.identicalEngines).toBe(figures.comparedEngines);
    const allowed = allowedFor(c);
    expect(figures.sameArgmax).toBeGreaterThanOrEqual((1 - allowed.argmax) * images);
    expect(figures.exactImages).toBeGreaterThanOrEqual((1 - allowed.sums) * images);
    expect(figures.relativeDifference).toBeLessThan(allowed.logits);
  });
});
