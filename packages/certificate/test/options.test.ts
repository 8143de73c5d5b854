// Option objects of every function of the package: unknown names and bad values are errors that name the known ones.
import { triangle } from '@bitgrad/quantizer-ste';
import { describe, expect, it } from 'vitest';
import { certify, match, matchedForward, proximalOf, sampleCells, synthesize } from '../src/index.js';

const pair = { F: (x: number) => x, B: () => 1 };
const identity = { name: 'identity', value: (x: number) => x };
const parts = { proximal: identity, transform: { ...identity, slope: () => 1 } };
const { surrogate } = triangle();

/** A function of an option object, an option with a typing error, and values that are none. */
const cases: [string, (options: never) => unknown, meant: string, bad: object[]][] = [
  [
    'certify',
    (o) => certify(pair, o),
    'tolerance',
    [
      { tolerance: 1 },
      { range: [0] },
      { mu: [] },
      { scalars: [{ mu: NaN }] },
      { strength: 0 },
      { progress: [2] },
    ],
  ],
  [
    'sampleCells',
    (o) => sampleCells(pair, { range: [0, 1], ...(o as object) }),
    'maxCells',
    [{ cells: 0 }, { range: [1, 0] }],
  ],
  [
    'synthesize',
    (o) => synthesize({ ...parts, ...(o as object) }),
    'levels',
    [
      { levels: [1, -1] },
      { limits: [0, 1] },
      { transform: {} },
      { proximal: 3 },
      { reach: 0 },
      { unit: { kernelUnit: 'one' } },
    ],
  ],
  ['match', (o) => match(surrogate, o), 'schedule', [{ range: 0 }, { schedule: {} }, { name: 3 }]],
  [
    'proximalOf',
    (o) => proximalOf(Math.abs, o),
    'candidates',
    [{ candidates: 1 }, { domain: [1, 0] }, { strength: 'x' }],
  ],
];

const invalid = (text: RegExp) =>
  expect.objectContaining({ code: 'invalid-option', message: expect.stringMatching(text) });

describe.each(cases)('%s', (owner, call, meant, bad) => {
  it('names an unknown option and the nearest known one', () => {
    const typed = meant.slice(0, -2) + meant.at(-1)! + meant.at(-2)!;
    expect(() => call({ [typed]: 1 } as never)).toThrow(
      invalid(new RegExp(`${owner} has no option "${typed}".*Did you mean "${meant}"`)),
    );
  });

  it.each(bad)('refuses %j', (options) => {
    expect(() => call(options as never)).toThrow(invalid(new RegExp(Object.keys(options)[0]!)));
  });
});

it('what is no function, surrogate or option object is named', () => {
  for (const wrong of [undefined, null, 3, 'triangle', {}]) {
    expect(() => match(wrong as never)).toThrow(invalid(/surrogate given to match/));
    expect(() => matchedForward(wrong as never)).toThrow(invalid(/surrogate given to matchedForward/));
    expect(() => proximalOf(wrong as never)).toThrow(invalid(/regularizer/));
  }
  for (const wrong of [null, 3, 'x', [1]])
    expect(() => certify(pair, wrong as never)).toThrow(invalid(/options of certify/));
});
