// Runs in a Node with relaxed SIMD, on memory full of noise: random plans, networks of every number of filters and a large
// one, against the plain build and the JS engine.
import { dirtyMemory, jsEngine } from '@bitgrad/runtime';
import { channelNet, channelNets, noise, randomPlan } from '@bitgrad/testkit/engine';
import { vggSmall } from '../../../bench/plans.js';
import { wasmEngine } from '../../../src/engine/index.js';
import { convolution, randomData, type Case } from './models.js';

/** Compares the builds and prints what it found as JSON. */
export async function main(): Promise<void> {
  const cases: Case[] = [];
  for (let seed = 1; seed <= 150; seed++) {
    const model = randomPlan(seed, 1 + (seed % 9));
    cases.push({ model, input: model.input });
  }
  for (const c of [1, 31, 32, 33, 127, 8000])
    for (const padValue of [1, 0, -1])
      cases.push(convolution({ type: 'bits', size: [5, 4], c, cOut: 67, pads: [1, 1, 1, 1], padValue }));
  for (let filters = 1; filters <= 130; filters++)
    for (const net of channelNets(filters, 'quick')) {
      const model = channelNet(net);
      cases.push({ model, input: model.input });
    }
  cases.push({ model: vggSmall(), input: randomData('u8', [3072], 4) as Uint8Array });

  let differing = 0;
  for (const { model, input } of cases) {
    const executables = await Promise.all([
      wasmEngine({ variant: 'relaxed-simd' }).compile(model),
      wasmEngine({ variant: 'simd' }).compile(model),
      jsEngine().compile(model),
    ]);
    const [relaxed, plain, reference] = executables.map((executable) => {
      executable[dirtyMemory]!(noise);
      return executable.run(input);
    });
    if (relaxed!.some((x, i) => !Object.is(x, plain![i]) || !Object.is(x, reference![i]))) differing++;
  }
  const report = (await wasmEngine().compile(vggSmall())).report();
  process.stdout.write(
    JSON.stringify({
      cases: cases.length,
      differing,
      variant: report.variant,
      kernel: report.ops[2]!.kernel,
    }),
  );
}
