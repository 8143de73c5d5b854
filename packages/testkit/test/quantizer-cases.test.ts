// The kit itself: a good member passes every case, and each broken one fails exactly the case it was made for.
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import {
  forwardCases,
  quantizerCases,
  surrogateCases,
  testQuantizer,
  type ConformanceCase,
} from '../src/index.js';
import { brokenForwards, brokenSurrogates } from './broken-halves.js';
import { brokenQuantizers } from './broken-quantizers.js';
import { failures } from './failures.js';
import { goodForward, goodQuantizer, goodSurrogate, tried } from './good.js';

const suite = <S>(
  title: string,
  cases: readonly ConformanceCase<S>[],
  good: S,
  broken: Readonly<Record<string, S>>,
): void => {
  describe(title, () => {
    it('has one broken fixture a case', () => {
      expect(Object.keys(broken).sort()).toEqual(cases.map(({ name }) => name).sort());
    });
    it('passes a good member', async () => {
      expect(await failures(cases, good)).toEqual([]);
    });
    for (const [name, subject] of Object.entries(broken))
      it(`notices, by this case alone: ${name}`, async () => {
        expect(await failures(cases, subject)).toEqual([name]);
      });
  });
};

suite('quantizerCases', quantizerCases, { ...tried, create: goodQuantizer }, brokenQuantizers);
suite('forwardCases', forwardCases, { ...tried, create: goodForward }, brokenForwards);
suite('surrogateCases', surrogateCases, { ...tried, create: goodSurrogate }, brokenSurrogates);

// The runner turns every case, and the extra ones, into tests.
let extraRan = 0;
testQuantizer({
  ...tried,
  create: goodQuantizer,
  extra: () => it('runs extra tests', () => void extraRan++),
});
it('ran the extra test of the runner', () => expect(extraRan).toBe(1));
