import { describe, expect, it } from 'vitest';
import {
  BitgradError,
  topClasses,
  validateMetadata,
  type ClassSource,
  type OutputKind,
} from '../src/index.js';

const failureOf = (run: () => unknown): { code: string; message: string } => {
  try {
    run();
  } catch (error) {
    if (error instanceof BitgradError) return error;
    throw error;
  }
  return expect.fail('nothing was thrown');
};

const model = (output: OutputKind | undefined, classes: string[], shape = [classes.length]): ClassSource => ({
  metadata: { classes, ...(output ? { output } : {}) },
  output: { type: 'f32', shape },
});
const named = (scores: ReturnType<typeof topClasses>) => scores.map(({ name, probability }) => [name, probability]); // prettier-ignore

describe('topClasses', () => {
  it('sorts by probability, which is the softmax of logits', () => {
    const got = topClasses(Float32Array.of(1, 3, 2), ['a', 'b', 'c'], 2);
    expect(got.map(({ name, index }) => [name, index])).toEqual([
      ['b', 1],
      ['c', 2],
    ]);
    const total = Math.exp(1) + Math.exp(2) + Math.exp(3);
    expect(got[0]!.probability).toBeCloseTo(Math.exp(3) / total, 12);
    expect(topClasses(Int32Array.of(5, 5))).toEqual([
      { index: 0, name: '0', probability: 0.5 },
      { index: 1, name: '1', probability: 0.5 },
    ]);
    expect(topClasses(Float32Array.of(1000, -1000))[0]!.probability).toBe(1);
  });
  it('takes probabilities as they are', () => {
    const y = Float32Array.of(0.25, 0.75);
    expect(named(topClasses(y, model('probabilities', ['a', 'b'])))).toEqual([
      ['b', 0.75],
      ['a', 0.25],
    ]);
    // Metadata alone tell it too.
    expect(named(topClasses(y, { classes: ['a', 'b'], output: 'probabilities' }, 1))).toEqual([['b', 0.75]]);
  });
  it('takes one sigmoid output for two classes', () => {
    const both = [
      ['cat', 0.75],
      ['not cat', 0.25],
    ];
    const y = Float32Array.of(0.75);
    expect(named(topClasses(y, model('sigmoid', ['cat'])))).toEqual(both);
    expect(named(topClasses(y, model('sigmoid', ['dog', 'cat'], [1])))).toEqual([both[0], ['dog', 0.25]]);
    expect(named(topClasses(y, model('sigmoid', [], [1])))).toEqual([['1', 0.75], ['0', 0.25]]); // prettier-ignore
    expect(named(topClasses(Float32Array.of(0), model('logits', ['cat'])))).toEqual([['not cat', 0.5], ['cat', 0.5]]); // prettier-ignore
  });
  it('takes several sigmoid outputs for independent labels', () => {
    const y = Float32Array.of(0.75, 0.875, 0.125);
    expect(named(topClasses(y, model('sigmoid', ['a', 'b', 'c'])))).toEqual([['b', 0.875], ['a', 0.75], ['c', 0.125]]); // prettier-ignore
  });
  it('takes one pixel of an output with positions', () => {
    const pixels = model('probabilities', ['sky', 'sea'], [4, 4, 2]);
    expect(topClasses(Float32Array.of(0.25, 0.75), pixels)[0]!.name).toBe('sea');
    const whole = failureOf(() => topClasses(new Float32Array(32), pixels));
    expect(whole.code).toBe('shape-mismatch');
    expect(whole.message).toMatch(/got 32, expected 2, one row .* output\.subarray\(i \* 2/);
  });
  it('takes 300,000 outputs', () => {
    const y = new Float32Array(300_000).fill(-1);
    y[123_456] = 50;
    expect(topClasses(y)[0]).toEqual({ index: 123_456, name: '123456', probability: 1 });
  });
  it('takes a file without the kind for logits, where that can be', () => {
    expect(topClasses(Float32Array.of(0, 3), model(undefined, ['a', 'b']))[0]!.name).toBe('b');
    // A softmax of a softmax, and of one output, would be wrong without an error.
    for (const y of [Float32Array.of(0.25, 0.75), Float32Array.of(0.75)]) {
      const error = failureOf(() => topClasses(y, y.length === 1 ? ['cat'] : ['a', 'b']));
      expect(error.code).toBe('invalid-option');
      expect(error.message).toMatch(/topClasses\(output, model\)/);
    }
  });
  it('refuses what has no classes', () => {
    const error = failureOf(() => topClasses(Float32Array.of(3), model('regression', [], [1])));
    expect(error.code).toBe('incompatible');
    expect(error.message).toMatch(/Read the values themselves/);
  });
  it.each([Number.NaN, Infinity, -Infinity])('refuses %s', (v) => {
    const kinds = ['logits', 'probabilities', 'sigmoid'] as const;
    for (const kind of kinds)
      expect(failureOf(() => topClasses(Float32Array.of(1, v), model(kind, ['a', 'b']))).code).toBe('not-finite'); // prettier-ignore
    expect(failureOf(() => topClasses(Float32Array.of(v), model('sigmoid', ['a']))).code).toBe('not-finite');
  });
  it.each([
    [() => topClasses(Float32Array.of(1, 2, 3), ['a', 'b']), 'shape-mismatch'],
    [() => topClasses(new Float32Array(0)), 'shape-mismatch'],
    [() => topClasses(Float32Array.of(1, 2), [], 0), 'invalid-option'],
    [() => topClasses(Float32Array.of(1, 2), null as never), 'invalid-option'],
    [() => topClasses(Float32Array.of(1, 2), 'ab' as never), 'invalid-option'],
    [() => topClasses(undefined as never, ['a']), 'invalid-option'],
    [() => topClasses(Promise.resolve(1) as never, ['a']), 'invalid-option'],
  ])('refuses wrong arguments (%#)', (call, code) => {
    expect(failureOf(call).code).toBe(code);
  });
});

describe('metadata.output', () => {
  it('is one of the kinds', () => {
    expect(validateMetadata({ output: 'sigmoid' })).toEqual({ output: 'sigmoid' });
    const error = failureOf(() => validateMetadata({ output: 'softmax' }));
    expect([error.code, error.message]).toEqual(['invalid-file', expect.stringMatching(/metadata\.output: got "softmax"/)]); // prettier-ignore
  });
});
