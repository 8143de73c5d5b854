// The certificate on generated pairs whose soundness is known by construction: never `holds` for an unsound pair.
// 200 pairs, 600 by `.ci/run`; BITGRAD_PAIRS any number (10,000 take some minutes), BITGRAD_PAIRS_SEED from any seed.
import { createRng } from '@bitgrad/core';
import { amount } from '@bitgrad/tooling/endurance';
import { expect, it } from 'vitest';
import { certify } from '../src/index.js';
import { faultKinds, knownPair, range } from './generated-pairs.js';

const pairs = amount({ test: 200, ci: 600, variable: 'BITGRAD_PAIRS' });
const seed = Number(process.env.BITGRAD_PAIRS_SEED ?? 1);

it(
  `has no false holds, and hardly a false fails, on ${pairs} generated pairs`,
  { timeout: 3_600_000 },
  () => {
    const wrong: string[] = [];
    const made = new Map<string, number>();
    let [sound, refused] = [0, 0];
    for (let i = 0; i < pairs; i++) {
      const { kind, sound: isSound, ...pair } = knownPair(createRng(seed).fork(i));
      made.set(kind, (made.get(kind) ?? 0) + 1);
      const { holds, violations } = certify(pair, { range });
      if (isSound) sound++;
      if (isSound && !holds) {
        refused++;
        if (process.env.BITGRAD_PAIRS) console.log(`refused ${i} (${kind}): ${violations[0]!.explanation}`);
      }
      if (!isSound && holds) wrong.push(`pair ${i} of seed ${seed}: ${kind}`);
    }
    if (process.env.BITGRAD_PAIRS)
      console.log(`${pairs} pairs: ${wrong.length} false holds; ${refused} of ${sound} sound ones refused`);
    expect(wrong).toEqual([]);
    expect(refused / sound).toBeLessThan(0.01);
    for (const kind of faultKinds) expect(made.get(kind), kind).toBeGreaterThan(0);
  },
);
