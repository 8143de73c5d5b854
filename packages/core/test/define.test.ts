// Shape checks where members are made: what is missing is named, what is made is frozen.
import { describe, expect, it } from 'vitest';
import {
  defineForward,
  defineMember,
  definePlugin,
  defineQuantizer,
  defineSurrogate,
  pairQuantizer,
  type Definition,
} from '../src/index.js';
import { binarySignFixture as sign, clippedFixture as clipped } from './fixtures.js';

const invalid = (part: RegExp) =>
  expect.objectContaining({ code: 'invalid-plugin', message: expect.stringMatching(part) });
const without = <T extends object>(object: T, ...keys: (keyof T)[]): never =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key as keyof T))) as never;

describe('defineSurrogate', () => {
  it('gives a frozen surrogate', () => {
    expect(clipped.kind).toBe('surrogate');
    expect(Object.isFrozen(clipped)).toBe(true);
  });
  it.each([
    [{ ...clipped, name: 'Bad Name' }, /name of a surrogate.*"Bad Name"/],
    [{ ...clipped, name: 'a+++' }, /name/],
    [{ ...clipped, options: { f: () => 0 } }, /options/],
    [{ ...clipped, options: [] }, /options/],
    [{ ...clipped, options: { x: Number.NaN } }, /options/],
    [{ ...clipped, options: { inner: [new Date(0)] } }, /options/],
    [without(clipped, 'formula'), /formula/],
    [without(clipped, 'expression'), /expression or a derivative/],
    [{ ...clipped, breakpoint: () => [] }, /no member "breakpoint".*Did you mean "breakpoints"/],
  ])('refuses %#', (definition, message) =>
    expect(() => defineSurrogate(definition as never)).toThrow(invalid(message)),
  );
  it('takes the names of the field', () => {
    for (const name of ['a', 'sign-swish', 'bnn+', 'bnn++', 'k2-bit'])
      expect(defineSurrogate({ ...clipped, name }).name).toBe(name);
  });
});

describe('defineForward', () => {
  it.each([
    [without(sign, 'formula'), /formula/],
    [without(sign, 'expression'), /expression or a forward/],
    [{ ...sign, soft: true }, /hardExpression or harden/],
    [{ ...sign, levels: [1] }, /levels/],
    [without(sign, 'levels'), /levels/],
    [{ ...sign, statistic: () => ({}) }, /no member "statistic".*Did you mean "statistics"/],
  ])('refuses %#', (definition, message) =>
    expect(() => defineForward(definition as never)).toThrow(invalid(message)),
  );
});

describe('defineQuantizer', () => {
  const definition = { name: 'q', options: {}, description: '', forward: sign, surrogate: clipped };
  it('fills in a constant schedule and capabilities', () => {
    const quantizer = defineQuantizer(definition);
    expect(quantizer.schedule.values({} as never)).toEqual({});
    expect(quantizer.capabilities).toEqual({
      roles: ['kernel', 'input'],
      needsClock: false,
      hasParameters: false,
    });
    expect(Object.isFrozen(quantizer) && Object.isFrozen(quantizer.capabilities)).toBe(true);
    expect(defineQuantizer({ ...definition, parameters: () => [] }).capabilities.hasParameters).toBe(true);
    expect(defineQuantizer({ ...definition, capabilities: { roles: ['input'] } }).capabilities.roles).toEqual(
      ['input'],
    );
  });
  it.each([
    [{ ...definition, forward: clipped }, /forward/],
    [{ ...definition, surrogate: undefined }, /surrogate/],
    [{ ...definition, options: undefined }, /options/],
    [{ ...definition, parameter: () => [] }, /no member "parameter".*Did you mean "parameters"/],
    [{ ...definition, capabilities: { needClock: true } }, /capabilities of .*Did you mean "needsClock"/],
  ])('refuses %#', (wrong, message) =>
    expect(() => defineQuantizer(wrong as never)).toThrow(invalid(message)),
  );
});

describe('pairQuantizer', () => {
  it('joins two halves and says which', () =>
    expect(pairQuantizer(sign, clipped)).toMatchObject({
      name: 'pair',
      forward: sign,
      surrogate: clipped,
      description: 'sign forward with clipped backward',
    }));
});

interface Toy extends Definition {
  readonly kind: 'model';
  build(): number;
}

describe('definePlugin', () => {
  it('fills in empty kinds and freezes', () => {
    const plugin = definePlugin({ name: '@x/y', version: '1.0.0' });
    const kinds = [
      'quantizers',
      'surrogates',
      'forwards',
      'models',
      'datasets',
      'optimizers',
      'importers',
      'recipes',
    ];
    expect(plugin).toEqual({
      name: '@x/y',
      version: '1.0.0',
      ...Object.fromEntries(kinds.map((kind) => [kind, {}])),
    });
    expect(Object.isFrozen(plugin)).toBe(true);
  });
  it.each([
    [{ version: '1' }, /name of a plugin/],
    [{ name: 'x' }, /version of plugin "x"/],
    [{ name: 'x', version: '1', quantizer: {} }, /no member "quantizer".*Did you mean "quantizers"/],
    [{ name: 'x', version: '1', quantizers: { 'Bad One': () => 0 } }, /Bad One/],
    [{ name: 'x', version: '1', forwards: { good: 7 } }, /forwards "good".*got 7/],
    [{ name: 'x', version: '1', models: { good: () => 0 } }, /models "good".*what defineModel/],
    [{ name: 'x', version: '1', datasets: { good: null } }, /datasets "good".*what defineDataset/],
    [
      { name: 'x', version: '1', optimizers: { good: { kind: 'model' } } },
      /optimizers "good".*defineOptimizer/,
    ],
  ])('refuses %#', (wrong, message) => expect(() => definePlugin(wrong as never)).toThrow(invalid(message)));
});

describe('defineMember', () => {
  it('makes a frozen definition of a kind', () => {
    const member = defineMember<Toy>('model', { description: 'a toy', build: () => 7 }, ['build']);
    expect(member).toMatchObject({ kind: 'model', description: 'a toy' });
    expect(Object.isFrozen(member)).toBe(true);
  });
  it.each<[unknown, RegExp]>([
    [undefined, /a model/],
    [{ build: () => 7 }, /description of a model.*a sentence/],
    [{ description: 'a toy' }, /build of a model.*a function/],
    [{ description: 'a toy', build: () => 7, option: {} }, /a model has no member "option"/],
  ])('refuses %#', (wrong, message) =>
    expect(() => defineMember<Toy>('model', wrong as never, ['build'])).toThrow(invalid(message)),
  );
});
