// `bitgrad certify`: verdicts, JSON, pictures, plugins of others; and that every claim in the list is what is computed.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRegistry } from '@bitgrad/core';
import { certify } from '@bitgrad/certificate';
import { builtInPlugins } from '../src/plugins.js';
import { cli, ended, start, temporaryFolder } from './run.js';

describe('bitgrad certify', () => {
  it('says that bnn++ holds, at the values of mu that are asked for', async () => {
    const { code, stdout } = await cli(['certify', 'bnn++', '--mu', '1,10,100']);
    expect(code).toBe(0);
    expect(stdout).toContain('bnn++: the certificate holds');
    expect(stdout).toContain('mu = 100');
  });

  it('says why bnn+ fails, with code 1, as one JSON object', async () => {
    const { code, stdout, stderr } = await cli(['certify', 'bnn+', '--json']);
    expect(code).toBe(1);
    expect(stderr).toBe('');
    const result = JSON.parse(stdout) as { holds: boolean; violations: Record<string, unknown>[] };
    expect(result.holds).toBe(false);
    expect(result.violations).toHaveLength(2);
    expect(result.violations[0]).toMatchObject({ condition: 3, interval: [expect.any(Number), 0] });
  });

  it('takes pairs, options and a tolerance', async () => {
    const pair = await cli(['certify', 'hard-sign:box-pass', '--json']);
    expect(JSON.parse(pair.stdout)).toMatchObject({ holds: true });
    const levels = await cli(['certify', 'pc', '--options', '{"levels":"ternary"}', '--json']);
    expect(JSON.parse(levels.stdout)).toMatchObject({ holds: true, name: 'pc' });
    expect((await cli(['certify', 'bnn+', '--tolerance', '0.5'])).code).toBe(2);
  });

  it('draws F and B, and P, T and r where they exist', async () => {
    const folder = temporaryFolder();
    const draw = async (name: string) => {
      const path = join(folder, `${name}.svg`);
      await cli(['certify', name, '--svg', path]);
      return readFileSync(path, 'utf8');
    };
    const sound = await draw('bnn++');
    expect(sound).toMatch(/^<svg/);
    for (const title of ['F(x)', 'B(x)', 'P(x)', 'T(p)', 'r(p)', 'sound'])
      expect(sound.replaceAll('&#x28;', '(')).toContain(title);
    const unsound = await draw('bnn+');
    expect(unsound).toContain('not sound');
    expect(unsound).not.toContain('P(x)');
    const missing = await cli(['certify', 'bnn', '--svg', join(folder, 'none', 'x.svg')]);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain('picture cannot be written');
  });

  it('certifies the quantizers of a plugin that nobody here has seen', async () => {
    const path = join(temporaryFolder(), 'plugin.mjs');
    writeFileSync(
      path,
      `import { defineForward, defineSurrogate, defineQuantizer, definePlugin, E } from '@bitgrad/core';
const forward = defineForward({ name: 'step', options: {}, alphabet: 'pm1', levels: [-1, 1], soft: false,
  formula: (x) => (x < 0 ? -1 : 1), expression: () => E.sign(E.input('x')) });
const bump = defineSurrogate({ name: 'bump', options: {}, formula: (x) => Math.exp(-x * x),
  expression: () => E.exp(E.neg(E.square(E.input('x')))) });
const make = () => defineQuantizer({ name: 'outsider', options: {}, description: 'a test', forward, surrogate: bump });
export default definePlugin({ name: 'outside', version: '1.0.0', quantizers: { outsider: make } });`,
    );
    // As a process: a plugin resolves @bitgrad/core to the command's own copy there.
    const { code, stdout } = await ended(start(['certify', '--plugin', path, '--json']));
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ name: 'outsider', holds: false });
    const list = JSON.parse((await ended(start(['list', '--plugin', path, '--json']))).stdout) as {
      quantizers: { name: string; certificate: { holds: boolean; reason: string } }[];
    };
    const mine = list.quantizers.find(({ name }) => name === 'outsider')!;
    expect(mine.certificate.holds).toBe(false);
    expect(mine.certificate.reason).toContain('F is constant');
  });

  it('refuses wrong use', async () => {
    expect((await cli(['certify'])).code).toBe(2);
    expect((await cli(['certify', 'nothing-of-that-name'])).code).toBe(2);
    expect((await cli(['certify', 'bnn++', '--mu', 'x'])).code).toBe(2);
    expect((await cli(['certify', 'fda', '--mu', '2'])).stderr).toContain('has no scalar mu');
  });
});

it('every certificate that a quantizer claims is what certify computes', async () => {
  const plugins = await builtInPlugins();
  const registry = createRegistry(plugins);
  const wrong = plugins
    .flatMap((plugin) => Object.keys(plugin.quantizers))
    .map((name) => registry.quantizer(name))
    .filter(({ certificate }) => certificate)
    .filter((quantizer) => certify(quantizer).holds !== quantizer.certificate!.holds)
    .map(({ name }) => name);
  expect(wrong).toEqual([]);
});
