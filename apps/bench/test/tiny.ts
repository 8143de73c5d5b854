// A comparison that takes seconds, with a third-party quantizer from a folder outside the repository.
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Writes a config and a plugin that depends on published entry points only; returns the config's path. */
export function tinyComparison(extra: object = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const plugin = join(folder, 'soft-step');
  mkdirSync(plugin);
  writeFileSync(
    join(plugin, 'package.json'),
    '{"name":"soft-step","version":"1.2.3","type":"module","exports":"./index.js"}',
  );
  writeFileSync(
    join(plugin, 'index.js'),
    `import { definePlugin, defineForward, defineQuantizer, defineSurrogate, E } from '@bitgrad/core';
const make = () => defineQuantizer({
  name: 'soft-step', options: {}, description: 'sign with a Lorentzian surrogate',
  forward: defineForward({ name: 'soft-step', options: {}, alphabet: 'pm1', levels: [-1, 1], soft: false,
    formula: (x) => (x < 0 ? -1 : 1), expression: () => E.sign(E.input('x')) }),
  surrogate: defineSurrogate({ name: 'lorentz', options: {}, formula: (x) => 1 / (1 + x * x),
    expression: () => E.div(1, E.add(1, E.square(E.input('x')))) }),
});
export default definePlugin({ name: 'soft-step', version: '1.2.3', quantizers: { 'soft-step': make } });
`,
  );
  const config = {
    name: 'tiny',
    data: 'digits',
    limit: 400,
    testLimit: 100,
    model: 'tfc',
    methods: [{ quantizer: 'ste' }, { quantizer: 'soft-step' }],
    seeds: [1, 2],
    budget: { epochs: 1 },
    plugins: ['./soft-step'],
    ...extra,
  };
  writeFileSync(join(folder, 'tiny.json'), JSON.stringify(config));
  return join(folder, 'tiny.json');
}
