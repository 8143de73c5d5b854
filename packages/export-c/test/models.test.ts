// Reference models of @bitgrad/models as C, against the reference engine, bit for bit; and that small is small.
import { wasm } from '@bitgrad/backend-wasm';
import { createRng } from '@bitgrad/bits';
import { compileModel } from '@bitgrad/compiler';
import { use } from '@bitgrad/core';
import { createModel, modelNames, type ModelName } from '@bitgrad/models';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { planArena } from '@bitgrad/runtime';
import { beforeAll, expect, it } from 'vitest';
import { exportC } from '../src/index.js';
import { isHere, reference, runInC, toolchains, wordsOf } from './support/run.js';

/** Not optimized, which takes half of the time: random plans and the models of the zoo are. */
const gcc = { ...toolchains[0]!, flags: toolchains[0]!.flags.map((flag) => (flag === '-O2' ? '-O0' : flag)) };
/** Widths of deep networks, and of wide ones. */
const narrow: Partial<Record<ModelName, number>> = { resnet18: 0.1, 'reactnet-a': 0.07, quicknet: 0.1 };

beforeAll(async () => {
  use(stePlugin);
  // Packing runs the graph: on the plain backend for longer than what is compared.
  await wasm().start();
});

it.skipIf(!isHere(gcc)).each(modelNames.filter((name) => name !== 'birealnet18'))(
  '%s gives the same bits in C, in as little memory (needs gcc)',
  { timeout: 120_000 },
  async (name) => {
    const model = createModel(name, { inputShape: [12, 12, 3], classes: 10, kernelQuantizer: 'ste', seed: 1, width: narrow[name] ?? 0.25 }); // prettier-ignore
    const normalization = { mean: [127.5], std: [127.5] };
    const packed = (
      await compileModel(model, {
        input: 'u8',
        normalization,
        lastLayer: 'float',
      })
    ).model;
    model.dispose();
    const { integer } = createRng(7);
    const cases = [1, 2, 3].map(() => ({ model: packed, input: Uint8Array.from({ length: 432 }, () => integer(256)) })); // prettier-ignore
    const got = runInC(cases, gcc);
    const { type } = packed.plan.buffers[packed.plan.output]!;
    for (const [i, one] of cases.entries())
      expect(wordsOf(got[i]!, type)).toEqual(wordsOf(await reference(one), type));
    // A row, or a patch of bits, between ops that an engine on a larger machine gives a whole buffer.
    expect(exportC(packed).arenaBytes).toBeLessThanOrEqual(planArena(packed.plan).bytes + 64);
  },
);
