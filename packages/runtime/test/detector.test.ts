// Words are heard once, where the mean of the last answers says so, and never the background.
import { expect, it } from 'vitest';
import { BitgradError } from '@bitgrad/bits';
import { createDetector, type DetectorOptions } from '../src/index.js';

const names = ['yes', 'no', 'noise'];
/** What is heard of probabilities of yes and no, ten a second. */
const heard = (answers: readonly (readonly [number, number])[], options?: DetectorOptions) => {
  const detector = createDetector(options);
  return answers.flatMap(([yes, no], i) => {
    const scores = [yes, no, 1 - yes - no].map((probability, index) => ({
      index,
      name: names[index]!,
      probability,
    }));
    const found = detector.push(
      scores.sort((a, b) => b.probability - a.probability),
      i / 10,
    );
    return found ? [`${found.seconds} ${found.name} ${found.probability.toFixed(3)}`] : [];
  });
};
const times = (n: number, yes: number, no = 0): [number, number][] =>
  Array.from({ length: n }, () => [yes, no]);

it('takes the mean of the last answers', () => {
  // 0.2, 0.9, 0.9, 0.9 are 0.725 in the mean; one more 0.9 makes 0.9.
  expect(heard([...times(4, 0.2), ...times(4, 0.9)])).toEqual(['0.7 yes 0.900']);
  expect(heard([...times(4, 0.2), ...times(4, 0.9)], { threshold: 0.7 })).toEqual(['0.6 yes 0.725']);
  expect(
    heard(
      [
        [0, 0],
        [1, 0],
        [0, 0],
        [1, 0],
      ],
      { smoothing: 1 },
    ),
  ).toEqual(['0.1 yes 1.000']);
  expect(heard(times(3, 1))).toEqual([]);
});

it('hears a word once, and the next after a rest', () => {
  expect(heard(times(8, 1))).toEqual(['0.3 yes 1.000']);
  expect(heard([...times(8, 1), ...times(8, 0, 1)])).toEqual(['0.3 yes 1.000', '1.1 no 1.000']);
  expect(heard(times(8, 1), { rest: 0 })).toEqual(['0.3 yes 1.000', '0.7 yes 1.000']);
});

it('never hears the background', () => {
  expect(heard(times(8, 0))).toEqual([]);
  expect(heard(times(8, 0), { background: [] })).toEqual(['0.3 noise 1.000']);
  expect(heard(times(8, 1), { background: ['yes'] })).toEqual([]);
});

it('refuses what is no answer', () => {
  expect(() => createDetector({ threshold: 0 })).toThrow(BitgradError);
  expect(() => createDetector().push([], 0)).toThrow(BitgradError);
});
