// Runs in a page or in a worker of it: networks on every build, on one and two threads, against the JS engine.
import { jsEngine, type EngineReport } from '@bitgrad/runtime';
import { planBuilder } from '../../../bench/plans.js';
import { wasmEngine } from '../../../src/engine/index.js';
import { randomData } from './models.js';

/** What one engine did. */
export interface Outcome {
  variant: string;
  threads: number;
  threadsReason?: string;
  /** Whether all outputs of several runs equal the reference. */
  equal: boolean;
}

/** Runs a small network on 1 and 2 threads of each build. */
export async function main(): Promise<Outcome[]> {
  const b = planBuilder({ type: 'u8', shape: [16, 16, 3] }, 5);
  const x = b.pool('maxPool', b.threshold(b.conv(b.threshold(b.conv(0, 64, 3)), 96, 3)), 2, 2);
  const model = b.build(b.affine(b.dense(b.flatten(x), 10)), 'small');
  const input = randomData('u8', [4 * 16 * 16 * 3], 3) as Uint8Array;
  const expected = (await jsEngine().compile(model)).run(input);
  const outcomes: Outcome[] = [];
  for (const variant of ['scalar', 'simd', 'relaxed-simd'] as const)
    for (const threads of [1, 2]) {
      const executable = await wasmEngine({ variant }).compile(model, { threads });
      let equal = true;
      for (let run = 0; run < 20; run++) {
        const output = await executable.runAsync(input);
        equal &&= output.every((y, i) => Object.is(y, expected[i]));
      }
      const report: EngineReport = executable.report();
      outcomes.push({
        variant,
        threads: report.threads,
        ...(report.threadsReason && { threadsReason: report.threadsReason }),
        equal,
      });
      executable.dispose();
    }
  return outcomes;
}
