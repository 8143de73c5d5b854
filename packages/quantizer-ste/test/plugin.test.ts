// The plugin as a whole: names, version, and use by name through a registry.
import { createRegistry, quantizerConfig } from '@bitgrad/core';
import { describe, expect, it } from 'vitest';
import { version } from '../package.json';
import { ste, stePlugin } from '../src/index.js';

describe('stePlugin', () => {
  it('carries the version of its package', () => {
    expect(stePlugin.version).toBe(version);
  });

  it('gives every member under the name it is registered by', () => {
    const registry = createRegistry([stePlugin]);
    for (const { kind, name } of registry.entries())
      expect(registry[kind as 'quantizer' | 'surrogate' | 'forward'](name).name).toBe(name);
  });

  it('makes the same quantizer by name, config and object', () => {
    const registry = createRegistry([stePlugin]);
    const byName = registry.quantizer('ste', { clip: 2 });
    const again = registry.quantizer(JSON.parse(JSON.stringify(quantizerConfig(byName))));
    expect(again.options).toEqual({ clip: 2, scale: 'none', scaledGradient: true });
    expect(registry.quantizer(ste({ clip: 2 })).options).toEqual(again.options);
  });

  it('names the option, the value and what is allowed', () => {
    expect(() => ste({ clip: 0 })).toThrow(
      expect.objectContaining({ code: 'invalid-option', message: expect.stringMatching(/"clip".*got 0/) }),
    );
    expect(() => ste({ clop: 1 } as never)).toThrow(/clop/);
  });
});
