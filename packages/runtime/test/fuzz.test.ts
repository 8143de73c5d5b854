// Mutated model files: a typed error or a correct result, on memory full of noise; never another error, a hang or memory
// beyond the limit.
// 2,000 cases; `pnpm fuzz` (vitest --mode fuzz) runs 100,000, BITGRAD_FUZZ any number, BITGRAD_FUZZ_SEED from any seed.
import { describe, expect, it } from 'vitest';
import {
  BitgradError,
  decodeModel,
  dirtyMemory,
  encodeModel,
  jsEngine,
  type Limits,
  type PackedModel,
} from '../src/index.js';
import { affineModel, convModel } from './support/models.js';
import { noise } from './support/noise.js';
import { mutate } from './support/mutate.js';
import { oracle } from './support/oracle.js';
import { randomPlan } from './support/random-plan.js';
import { testRandom } from './support/random.js';
import { amount } from '@bitgrad/tooling/endurance';

const runs = amount({ test: process.env.MODE === 'fuzz' ? 100_000 : 2_000, variable: 'BITGRAD_FUZZ' });
const firstSeed = Number(process.env.BITGRAD_FUZZ_SEED ?? 1);
const limits: Limits = {
  fileBytes: 2 ** 20,
  headerBytes: 2 ** 18,
  memoryBytes: 2 ** 22,
  elements: 2 ** 18,
  ops: 256,
  operations: 2e6,
};

const models: PackedModel[] = [
  affineModel(),
  convModel(),
  ...Array.from({ length: 60 }, (_, i) => randomPlan(900 + i, 2 + (i % 6))),
];
const files = models.map(({ plan, weights, metadata }) => encodeModel(plan, weights, metadata));

/** A cheap stand-in for the cost of the oracle. */
const size = ({ plan }: PackedModel): number =>
  plan.buffers.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0) +
  plan.weights.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);

/** What became of a file, and how long the runtime was busy with it: the oracle that checks it is not counted. */
async function tryFile(file: Uint8Array, seed: number): Promise<{ outcome: string; ms: number }> {
  // Of this process: other work on the machine does not count.
  const start = process.cpuUsage();
  const done = (outcome: string) => ({ outcome, ms: process.cpuUsage(start).user / 1000 });
  let model: PackedModel;
  let got: ArrayLike<number>;
  const random = testRandom(seed);
  let input: Uint8Array | Float32Array;
  try {
    model = decodeModel(file, limits);
    const { type, shape } = model.plan.buffers[model.plan.input]!;
    const n = shape.reduce((a, b) => a * b, 1);
    input = type === 'u8' ? new Uint8Array(n) : new Float32Array(n);
    for (let i = 0; i < n; i++) input[i] = type === 'u8' ? random.int(0, 255) : random.int(-16, 16) / 4;
    const executable = await jsEngine().compile(model, { memoryBytes: limits.memoryBytes });
    const { arenaBytes, weightBytes } = executable.report();
    expect(arenaBytes + weightBytes).toBeLessThanOrEqual(limits.memoryBytes);
    executable[dirtyMemory]!(noise);
    got = executable.run(input);
  } catch (error) {
    if (error instanceof BitgradError) return done(error.code);
    throw new Error(`seed ${seed}`, { cause: error });
  }
  if (size(model) > 20_000) return done('ran');
  const { ms } = done('');
  const expected = oracle(model, input, { float32: true })[model.plan.output]!;
  for (let i = 0; i < expected.length; i++)
    if (got[i] !== expected[i] && !(Number.isNaN(got[i]!) && Number.isNaN(expected[i]!)))
      expect.fail(`seed ${seed}: element ${i} is ${got[i]}, expected ${expected[i]}`);
  return { outcome: 'correct', ms };
}

describe('fuzzing', () => {
  it(`${runs} mutated files from seed ${firstSeed}`, { timeout: 3_600_000 }, async () => {
    const outcomes = new Map<string, number>();
    let [slowest, slowestSeed] = [0, 0];
    const before = process.memoryUsage.rss();
    let peak = before;
    for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
      const file = mutate(files[seed % files.length]!, seed);
      const { outcome, ms } = await tryFile(file, seed);
      if (ms > slowest) [slowest, slowestSeed] = [ms, seed];
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      if (seed % 500 === 0) peak = Math.max(peak, process.memoryUsage.rss());
    }
    const summary = [...outcomes].sort((a, b) => b[1] - a[1]).map(([code, n]) => `${code} ${n}`);
    process.stdout.write(
      `fuzz: ${runs} files, slowest ${slowest.toFixed(0)} ms (seed ${slowestSeed}), memory +${((peak - before) / 2 ** 20).toFixed(0)} MiB: ${summary.join(', ')}\n`,
    );
    expect(slowest).toBeLessThan(1000);
    // The garbage collector decides how much of this is garbage; a leak of one arena a file would be gigabytes.
    expect(peak - before).toBeLessThan(600 * 2 ** 20);
    // The damage must reach all kinds of checks and leave some files valid.
    for (const outcome of [
      'correct',
      'checksum-mismatch',
      'invalid-file',
      'truncated-file',
      'unsupported-op',
      'limit-exceeded',
    ])
      expect(outcomes.get(outcome) ?? 0, outcome).toBeGreaterThan(runs / 2000);
  });
});
