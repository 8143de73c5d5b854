// Option objects: unknown names, bad values, nested objects; names that were probably meant; marks across copies.
import { describe, expect, it } from 'vitest';
import { BitgradError, brand, checkOptions, nearestName, option } from '../src/index.js';

interface Options {
  learningRate?: number;
  batchSize?: number;
  mode?: 'a' | 'b';
  noise?: { until?: number };
  engine: unknown;
  sizes?: readonly number[];
}
const check = (options: unknown) =>
  checkOptions<Options>('training', 'createTrainer', options as Options, {
    learningRate: option.positive,
    batchSize: option.integer(1),
    mode: option.oneOf('a', 'b'),
    noise: option.inside({ until: option.number(0, 1) }),
    engine: option.required(option.any),
    sizes: option.list(option.integer(1, 9), 1),
  });
const messageOf = (options: unknown): string => {
  try {
    check(options);
  } catch (error) {
    expect(error).toBeInstanceOf(BitgradError);
    expect((error as BitgradError).code).toBe('invalid-option');
    return (error as Error).message;
  }
  return 'accepted';
};

describe('checkOptions', () => {
  it('takes what the rules allow, undefined for a default, and gives it back', () => {
    const options = {
      engine: null,
      learningRate: undefined,
      batchSize: 1,
      mode: 'b',
      noise: { until: 1 },
      sizes: [9],
    };
    expect(check(options)).toBe(options);
  });
  it.each([
    [
      { engine: 1, lr: 1 },
      /createTrainer has no option "lr": expected one of learningRate, batchSize.*Did you mean "learningRate"\?/,
    ],
    [{ engine: 1, batch_size: 1 }, /"batch_size".*Did you mean "batchSize"/],
    [{ engine: 1, noise: { untill: 1 } }, /no option "noise.untill": expected one of until.*"until"/],
    [{ engine: 1, zzzz: 1 }, /no option "zzzz": expected one of [^?]*$/],
    [
      { engine: 1, batchSize: 0 },
      /option "batchSize" of createTrainer: got 0, expected an integer, 1 or more/,
    ],
    [{ engine: 1, batchSize: '8' }, /got "8"/],
    [{ engine: 1, learningRate: Number.NaN }, /got NaN, expected a finite number above 0/],
    [{ engine: 1, mode: 'A' }, /got "A", expected one of "a", "b"/],
    [{ engine: 1, noise: { until: 2 } }, /"noise.until".*got 2, expected a number from 0 to 1/],
    [{ engine: 1, noise: 3 }, /"noise".*got 3, expected an object/],
    [{ engine: 1, sizes: [1, 10] }, /each an integer from 1 to 9/],
    [{ engine: 1, sizes: [] }, /a list of at least 1/],
    [{}, /option "engine".*got "nothing"/],
    ['adam', /options of createTrainer: got "adam", expected an object/],
    [null, /got null, expected an object/],
    [[], /expected an object/],
  ])('refuses %j', (options, message) => expect(messageOf(options)).toMatch(message));
  it('knows no names that every object has', () =>
    expect(messageOf({ engine: 1, constructor: 1 })).toMatch(/no option "constructor"/));
});

describe('nearestName', () => {
  const known = ['kernelQuantizer', 'learningRate', 'weightDecay', 'width', 'threads', 'clipNorm', 'int8'];
  it.each([
    ['widht', 'width'],
    ['kernel_quantizer', 'kernelQuantizer'],
    ['kernelQuantiser', 'kernelQuantizer'],
    ['lr', 'learningRate'],
    ['wd', 'weightDecay'],
    ['thread', 'threads'],
    ['clipnorm', 'clipNorm'],
    ['INT8', 'int8'],
    ['lrean', undefined],
    ['learningRtae', 'learningRate'],
    ['rotate', undefined],
  ])('%s -> %s', (name, meant) => expect(nearestName(name, known)).toBe(meant));
  it('of equally near names takes the one with more of the letters', () => {
    const models = ['mnist-cnn', 'mnist-tfc', 'spoken-digits'];
    expect(nearestName('mnist-tcf', models)).toBe('mnist-tfc');
    expect(nearestName('mnist-ncn', models)).toBe('mnist-cnn');
    expect(nearestName('mnist-tcf', [...models].reverse())).toBe('mnist-tfc');
  });
  it('does not compare very long names', () => expect(nearestName('x'.repeat(1e6), known)).toBeUndefined());
});

describe('brand', () => {
  it('is one mark for every copy, seen through prototypes, not enumerable', () => {
    class Layer {}
    brand('test.Layer').mark(Layer.prototype);
    const layer = new (class extends Layer {})();
    expect(brand('test.Layer').has(layer)).toBe(true);
    expect(brand('test.Other').has(layer)).toBe(false);
    expect([undefined, null, 1, {}].some((x) => brand('test.Layer').has(x))).toBe(false);
    expect(Object.keys(Layer.prototype)).toEqual([]);
  });
});
