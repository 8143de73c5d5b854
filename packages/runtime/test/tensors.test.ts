import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planArena, storageBytes, storageLength } from '../src/index.js';
import { randomPlan } from './support/random-plan.js';

describe('planArena', () => {
  it('never lets two living buffers overlap, aligns them and stays within the sum of sizes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const { plan } = randomPlan(seed, 8);
        const { offsets, bytes } = planArena(plan);
        const alive = plan.buffers.map((_, b) => {
          const steps = plan.ops.flatMap(({ inputs, output }, i) =>
            inputs.includes(b) || output === b ? [i] : [],
          );
          if (b === plan.input) steps.push(-1);
          if (b === plan.output) steps.push(plan.ops.length);
          return [Math.min(...steps), Math.max(...steps)] as const;
        });
        const size = plan.buffers.map(({ type, shape }) => storageBytes(type, shape));
        for (let a = 0; a < size.length; a++) {
          expect(offsets[a]! % 64).toBe(0);
          expect(offsets[a]! + size[a]!).toBeLessThanOrEqual(bytes);
          for (let b = 0; b < a; b++) {
            const together = alive[a]![0] <= alive[b]![1] && alive[b]![0] <= alive[a]![1];
            const apart = offsets[a]! + size[a]! <= offsets[b]! || offsets[b]! + size[b]! <= offsets[a]!;
            expect(!together || apart, `seed ${seed}: buffers ${a} and ${b}`).toBe(true);
          }
        }
        expect(bytes).toBeLessThanOrEqual(size.reduce((sum, s) => sum + Math.ceil(s / 64) * 64, 0));
      }),
      { numRuns: 200, seed: 3 },
    );
  });
});

describe('storage', () => {
  it('packs rows of bits into whole words', () => {
    expect(storageLength('bits', [2, 3, 33])).toBe(12);
    expect(storageBytes('bits', [1])).toBe(4);
    expect(storageBytes('u8', [5, 3])).toBe(15);
    expect(storageBytes('f32', [5, 3])).toBe(60);
  });
});
