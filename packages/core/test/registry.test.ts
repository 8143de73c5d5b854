// Lookup by name, config and object; duplicates, unknown names, and the one default registry of a process.
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  createRegistry,
  defaultRegistry,
  definePlugin,
  defineQuantizer,
  defineSurrogate,
  quantizerConfig,
  registryWith,
  use,
  type Quantizer,
  type QuantizerSpec,
} from '../src/index.js';
import { binarySignFixture as sign, clippedFixture as clipped } from './fixtures.js';
import { withoutRegistry } from './own-registry.js';

const scaled = (options: { width?: number } = {}) =>
  defineSurrogate({ ...clipped, name: 'scaled', options: { width: options.width ?? 1 } });
const toy = (options: { width?: number } = {}) =>
  defineQuantizer({
    name: 'toy',
    options: { width: options.width ?? 1 },
    description: '',
    forward: sign,
    surrogate: scaled(options),
  });
const plugin = definePlugin({
  name: 'toy-plugin',
  version: '1.2.3',
  quantizers: { toy },
  surrogates: { scaled, clipped: () => clipped },
  forwards: { sign: () => sign },
});
const code = (name: string) => expect.objectContaining({ code: name });

describe('createRegistry', () => {
  const registry = createRegistry([plugin]);

  it('makes members by name, by config and by object', () => {
    expect(registry.quantizer('toy', { width: 3 }).options).toEqual({ width: 3 });
    expect(registry.quantizer({ name: 'toy', options: { width: 4 } }).options).toEqual({ width: 4 });
    expect(registry.quantizer({ name: 'toy' }).options).toEqual({ width: 1 });
    const made = toy({ width: 5 });
    expect(registry.quantizer(made)).toBe(made);
    expect(registry.surrogate({ name: 'scaled', options: { width: 2 } }).options).toEqual({ width: 2 });
    expect(registry.forward('sign')).toBe(sign);
  });

  it('makes pairs, and their configs go through JSON', () => {
    const specs: QuantizerSpec[] = [
      { forward: 'sign', surrogate: { name: 'scaled', options: { width: 2 } } },
      { forward: sign, surrogate: scaled({ width: 2 }) },
    ];
    for (const spec of specs) {
      const config = quantizerConfig(registry.quantizer(spec));
      expect(config).toEqual({
        forward: { name: 'sign', options: {} },
        surrogate: { name: 'scaled', options: { width: 2 } },
      });
      const again = registry.quantizer(JSON.parse(JSON.stringify(config)) as QuantizerSpec);
      expect(again.surrogate.options).toEqual({ width: 2 });
    }
    expect(quantizerConfig(toy({ width: 9 }))).toEqual({ name: 'toy', options: { width: 9 } });
  });

  it('names what is unknown, what is known and what to do', () => {
    const unknown = (message: RegExp) =>
      expect.objectContaining({ code: 'unknown-name', message: expect.stringMatching(message) });
    expect(() => registry.surrogate('clip')).toThrow(unknown(/got "clip".*one of clipped, scaled.*plugin/));
    expect(() => createRegistry().quantizer('toy')).toThrow(unknown(/no plugin is registered/));
    expect(() => registry.quantizer(7 as never)).toThrow(unknown(/got 7/));
    // A member of another kind is not taken for a quantizer.
    expect(() => registry.quantizer(clipped as never)).toThrow(code('unknown-name'));
    expect(() => registry.quantizer('toString')).toThrow(code('unknown-name'));
  });

  it('makes a typed error of whatever a factory throws, and of what is no member', () => {
    const thrown = [null, undefined, 'text', new TypeError('x is undefined')];
    const factories = [
      ...thrown.map((value) => () => {
        throw value;
      }),
      () => undefined,
      () => sign,
    ] as unknown as (() => Quantizer)[];
    for (const factory of factories) {
      const registry = createRegistry([
        definePlugin({ name: 'p', version: '1', quantizers: { odd: factory } }),
      ]);
      expect(() => registry.quantizer('odd')).toThrow(
        expect.objectContaining({
          code: 'invalid-plugin',
          message: expect.stringMatching(/quantizer "odd" of plugin "p" (threw|is none)/),
        }),
      );
    }
  });

  it('refuses a name that another plugin has, and leaves the registry as it was', () => {
    const fresh = createRegistry([plugin]);
    const other = definePlugin({ name: 'other', version: '1', quantizers: { extra: toy, toy } });
    expect(() => fresh.register(other)).toThrow(code('duplicate-name'));
    expect(fresh.entries().some(({ name }) => name === 'extra')).toBe(false);
    expect(fresh.plugins()).toEqual([plugin]);
    fresh.register(other, { replace: true });
    expect(fresh.entries().find(({ name }) => name === 'toy')?.plugin).toBe('other');
  });

  it('takes the same plugin again, and a newer version of it', () => {
    const fresh = createRegistry([plugin]).register(plugin);
    expect(fresh.plugins()).toHaveLength(1);
    fresh.register({ ...plugin, version: '2.0.0' });
    expect(fresh.plugins().map(({ version }) => version)).toEqual(['2.0.0']);
    expect(fresh.entries().every(({ version }) => version === '2.0.0')).toBe(true);
  });

  it('lists its members by kind and name', () =>
    expect(registry.entries().map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'quantizer toy',
      'surrogate clipped',
      'surrogate scaled',
      'forward sign',
    ]));
});

describe('definitions', () => {
  const model = { kind: 'model', description: 'a toy' } as const;
  const dataset = { kind: 'dataset', description: 'some toys' } as const;
  const toys = definePlugin({
    name: 'toys',
    version: '1',
    models: { 'toy-net': model },
    datasets: { toys: dataset },
  });
  const registry = createRegistry([toys]);

  it('are found by kind and name, and listed', () => {
    expect(registry.definition('model', 'toy-net')).toBe(model);
    expect(registry.definitions('dataset')).toEqual({ toys: dataset });
    expect(registry.definitions('optimizer')).toEqual({});
    expect(registry.entries().map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'model toy-net',
      'dataset toys',
    ]);
  });

  it('name what is unknown and what is known', () => {
    for (const [name, message] of [
      ['toy-nte', /model: got "toy-nte", expected one of toy-net\. Did you mean "toy-net"/],
      ['toString', /expected one of toy-net/],
      [undefined, /got "nothing"/],
    ] as const)
      expect(() => registry.definition('model', name as string)).toThrow(
        expect.objectContaining({ code: 'unknown-name', message: expect.stringMatching(message) }),
      );
  });

  it('of a name that another plugin has are refused', () => {
    const other = definePlugin({ name: 'other', version: '1', models: { 'toy-net': model } });
    expect(() => createRegistry([toys, other])).toThrow(code('duplicate-name'));
  });

  it('of a plugin that is always there are registered once, and may be replaced', () => {
    onTestFinished(withoutRegistry());
    expect(registryWith(toys).definition('model', 'toy-net')).toBe(model);
    const better = { ...model, description: 'a better toy' };
    const other = definePlugin({ name: 'other', version: '1', models: { 'toy-net': better } });
    defaultRegistry().register(other, { replace: true });
    expect(registryWith(toys).definition('model', 'toy-net')).toBe(better);
  });
});

describe('the default registry', () => {
  beforeEach(() => withoutRegistry());

  it('is one a process, and use() fills it', () => {
    use(plugin, plugin);
    expect(defaultRegistry()).toBe(defaultRegistry());
    expect(defaultRegistry().quantizer('toy').name).toBe('toy');
  });

  it('is empty until something is registered: importing has no effect', () =>
    expect(defaultRegistry().entries()).toEqual([]));

  it('refuses a copy of core with another contract', () => {
    withoutRegistry({ version: 999, registry: createRegistry() });
    expect(() => defaultRegistry()).toThrow(
      expect.objectContaining({ code: 'contract-version', message: expect.stringContaining('999') }),
    );
  });
});
