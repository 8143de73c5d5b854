// What `bitgrad list --verbose` says of options, against what takes them.
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  BitgradError,
  defaultRegistry,
  type JsonObject,
  type MemberOption,
  type Quantizer,
} from '@bitgrad/core';
import { createModel } from '@bitgrad/models';
import { createOptimizer } from '@bitgrad/training';
import type { Listing } from '../src/index.js';
import { atLeast } from '../src/doctor.js';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { cli, listed } from './run.js';

let all: Listing;
beforeAll(async () => {
  await tf.setBackend('cpu');
  // Registers what the command has, in this process.
  await cli(['list']);
  all = await listed<Listing>('--verbose');
}, 60_000);

const inside = (takes: readonly MemberOption[]): MemberOption[] =>
  takes.flatMap((each) => [each, ...inside(each.inner ?? [])]);

/** Whether a factory takes a value for an option; an error of another option counts as taken. */
const takes = (make: (options: object) => unknown, name: string, value: unknown): boolean => {
  try {
    make({ [name]: value });
    return true;
  } catch (error) {
    if (!(error instanceof BitgradError)) throw error;
    return !error.message.includes(`option "${name}"`);
  }
};

/** Values that the words of a number allow, and values that they do not. */
function around(words: string): { allowed: number[]; refused: unknown[] } | undefined {
  const [, low, high] = /from (\S+) to ([^ ,]+)/.exec(words) ?? [];
  const above = /above (\S+?)(?:,|$)/.exec(words)?.[1];
  const least = low ?? /(?:^|, )(\S+) or more/.exec(words)?.[1];
  const most = high ?? /at most (\S+?)(?:,|$)/.exec(words)?.[1];
  if (!/^(a|an) (finite |)(number|integer)/.test(words)) return undefined;
  return {
    allowed: [least, most].filter((bound) => bound !== undefined).map(Number),
    refused: [
      'text',
      ...(above === undefined ? [] : [Number(above)]),
      ...(least === undefined ? [] : [Number(least) - 1]),
      ...(most === undefined ? [] : [Number(most) + 1]),
      ...(words.startsWith('an integer') ? [1.5] : []),
    ],
  };
}

describe('quantizers, surrogates and forwards', () => {
  it.each(['quantizer', 'surrogate', 'forward'] as const)('%s', (kind) => {
    const rows = all[`${kind}s`];
    let checked = 0;
    for (const { name, options, takes: listed } of rows) {
      expect(listed, `${kind} ${name}`).not.toBeNull();
      const make = (given: object): { options: JsonObject } =>
        (defaultRegistry()[kind] as (name: string, given: object) => Quantizer)(name, given);
      // The options as resolved are the defaults as listed, and as the factory takes them.
      const defaults = Object.fromEntries(listed!.flatMap((each) => ('default' in each ? [[each.name, each.default]] : []))); // prettier-ignore
      expect(defaults, `${kind} ${name}`).toEqual(options);
      expect(make(defaults).options).toEqual(options);
      for (const each of inside(listed!)) expect(each.text, `${kind} ${name}: ${each.name}`).not.toBe('');
      for (const each of listed!) {
        const values = around(each.expected);
        // Its words say that another option limits it further.
        const tied = listed!.some(
          (other) => other !== each && new RegExp(`\\b${other.name}\\b`).test(each.text),
        );
        for (const value of (tied ? [] : values?.allowed) ?? []) expect(takes(make, each.name, value), `${name} ${each.name} ${String(value)}`).toBe(true); // prettier-ignore
        for (const value of values?.refused ?? []) expect(takes(make, each.name, value), `${name} ${each.name} ${String(value)}`).toBe(false); // prettier-ignore
        checked += values?.refused.length ?? 0;
        if (each.expected.startsWith('one of')) {
          for (const value of JSON.parse(`[${each.expected.slice(7)}]`.replace(/, or .*/, ']')) as unknown[])
            expect(takes(make, each.name, value), `${name} ${each.name} ${String(value)}`).toBe(true);
          expect(takes(make, each.name, 'of no list')).toBe(false);
        }
      }
    }
    expect(checked).toBeGreaterThan(5);
  });
});

it('models: a default that is given changes nothing', () => {
  const base = { inputShape: [28, 28, 1], classes: 10, kernelQuantizer: 'ste' } as const;
  const config = (name: string, options: object): unknown => JSON.parse(JSON.stringify(createModel(name, { ...base, ...options }).toJSON(null, false))); // prettier-ignore
  for (const { name, takes: own } of all.models) {
    for (const each of inside(own!)) expect(each.text, `${name}: ${each.name}`).not.toBe('');
    if (!['mlp', 'kws', 'vit-binary', 'vit-float-attention'].includes(name)) continue;
    const given = [...own!, ...all.everyModel.takes].filter((each) => 'default' in each);
    expect(given.length).toBeGreaterThan(5);
    const defaults = Object.fromEntries(
      given.map((each) => [each.name, (each as { default: unknown }).default]),
    );
    expect(config(name, defaults), name).toEqual(config(name, {}));
  }
  for (const each of inside(all.everyModel.takes)) expect(each.text, each.name).not.toBe('');
});

it('optimizers: a default that is given changes nothing', () => {
  const model = createModel('tfc', { inputShape: [4, 4, 1], classes: 2, kernelQuantizer: 'ste' });
  for (const { name, takes: listed } of all.optimizers) {
    const defaults = Object.fromEntries(listed.flatMap((each) => ('default' in each ? [[each.name, each.default]] : []))); // prettier-ignore
    expect(Object.keys(defaults).length).toBeGreaterThan(1);
    const config = (options: object) => createOptimizer({ name, ...options }, model).getConfig();
    expect(config(defaults), name).toEqual(config({}));
    for (const each of listed) expect(each.text, `${name}: ${each.name}`).not.toBe('');
  }
});

it('data sets: each option has its words, those of flags where it is one', () => {
  const csv = all.datasets.find(({ name }) => name === 'csv')!;
  expect(csv.takes.find(({ name }) => name === 'target')!.text).toContain('the column that is predicted');
  for (const { name, takes: listed } of all.datasets)
    for (const each of listed) expect(each.text, `${name}: ${each.name}`).not.toBe('');
});

it('as text: an option on a line below what takes it; without --verbose none', async () => {
  const verbose = (await cli(['list', '--verbose'])).stdout.split('\n');
  const at = verbose.findIndex((line) => line.startsWith('  biper '));
  expect(verbose[at + 1]).toMatch(/^ {6}frequency {2}a number from 1 to 64, default 20: /);
  const brief = await cli(['list', '--json']);
  expect(brief.stdout).not.toContain('"takes"');
  expect((await cli(['list'])).stdout).not.toContain('a number from 1 to 64');
});

describe('doctor', () => {
  it('says what trains and runs here, and why the rest does not', async () => {
    const { code, stdout } = await cli(['doctor', '--json']);
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as Record<
      string,
      { name: string; available: boolean; reason: string }[]
    >;
    expect(report).toMatchObject({ ok: true, problems: [], node: { version: process.version, ok: true }, trains: expect.any(String), runs: expect.any(String) }); // prettier-ignore
    for (const row of [...report.backends!, ...report.engines!, ...report.packages!, ...report.tools!])
      expect(row.available ? row.reason === '' : row.reason.length > 10, row.name).toBe(true);
    expect(report.zoo!.map(({ name }) => name)).toContain('mnist-tfc');
    const text = (await cli(['doctor'])).stdout;
    for (const name of ['native', 'wasm', 'webgpu', 'js', 'cargo', '@bitgrad/zoo', process.version]) expect(text).toContain(name); // prettier-ignore
  });

  it('fails for what is required and missing, with the reason', async () => {
    expect((await cli(['doctor', '--require', 'engine:js', '--require', 'cpu'])).code).toBe(0);
    const { code, stdout } = await cli(['doctor', '--require', 'webgl']);
    expect(code).toBe(1);
    expect(stdout).toContain('backend webgl is required: ');
    expect(stdout).toContain('engine webgl is required: ');
    const unknown = await cli(['doctor', '--require', 'abacus']);
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringMatching(/--require: got "abacus", expected one of native/) }); // prettier-ignore
  });

  it('compares versions by their numbers', () => {
    const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { engines: { node: string } }; // prettier-ignore
    expect(atLeast('v20.19.0', engines.node)).toBe(true);
    expect(['v20.19.0', 'v20.20.2', 'v22.0.0', 'v100.1.0'].map((have) => atLeast(have, '>=20.19'))).toEqual([true, true, true, true]); // prettier-ignore
    expect(['v20.9.9', 'v18.99.0', 'v20.18.3'].map((have) => atLeast(have, '>=20.19'))).toEqual([false, false, false]); // prettier-ignore
  });
});
