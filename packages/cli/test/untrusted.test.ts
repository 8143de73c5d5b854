// Files and plugins of strangers: their names do nothing to a terminal, their size does nothing to the command, and what
// they throw is one line.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { createRng } from '@bitgrad/core';
import { encodeModel, type ModelMetadata, type Plan } from '@bitgrad/runtime';
import { histogram } from '../src/histogram.js';
import { plain, writable } from '../src/text.js';
import { cli, temporaryFolder } from './run.js';

/** A model that multiplies each of its inputs by 1. */
function scaleModel(outputs: number, metadata: ModelMetadata, name = 'scale'): Uint8Array {
  const plan = {
    version: 1,
    input: 0,
    output: 1,
    buffers: [
      { type: 'u8', shape: [1, 1, outputs] },
      { type: 'f32', shape: [1, 1, outputs] },
    ],
    weights: [
      { type: 'f32', shape: [outputs] },
      { type: 'f32', shape: [outputs] },
    ],
    ops: [{ op: 'affine', inputs: [0], output: 1, weights: [0, 1], name }],
  } as unknown as Plan;
  return encodeModel(plan, [new Float32Array(outputs).fill(1), new Float32Array(outputs)], metadata);
}

const escape = '\u001b';
/** Clears the screen, sets the title, hides, turns text around, goes back a line, and so on. */
const attacks = [
  `${escape}[2J`,
  `${escape}]0;title\u0007`,
  `${escape}[8m`,
  `${escape}[32m`,
  '\u009b2J',
  '\rOK',
  '\nbitgrad: all is well',
  '\u202egpj.exe',
  '\u2028next',
  '\u007f\b',
];
/** Everything that may act on a terminal. */
const acting = /[^\P{Cc}\n\t]|\p{Bidi_Control}|[\u2028\u2029]/u;

describe('names of strangers', () => {
  it.each(attacks.map((attack, i) => [i, attack]))('attack %i in a file does nothing', async (_, attack) => {
    const folder = temporaryFolder();
    const file = join(folder, `model${attack.replaceAll(/[\n\r/\\]/g, '')}.bitgrad`);
    const metadata: ModelMetadata = {
      name: `net${attack}`,
      classes: ['a', 'b', 'c'].map((name) => name + attack),
      producer: `made${attack}`,
      quantizers: [`q${attack}`],
    };
    writeFileSync(file, scaleModel(3, metadata, `layer${attack}`));
    for (const args of [
      ['inspect', file],
      ['bench', file, '--seconds', '0.01', '--engine', 'js'],
      ['run', file, '--image', join(folder, `none${attack}.png`)],
      ['inspect', join(folder, `none${attack}`)],
      ['eval', join(folder, `none${attack}`)],
      ['list', '--plugin', `./none${attack}`],
      [`fly${attack}`],
      ['train', `--bogus${attack}`],
      ['train', '--out', folder, '--quantizer', `none${attack}`],
    ]) {
      const { stdout, stderr } = await cli(args);
      expect(stdout, args.join(' ')).not.toMatch(acting);
      expect(stderr, args.join(' ')).not.toMatch(acting);
      expect(stdout + stderr, args.join(' ')).not.toMatch(/^(OK|bitgrad: all is well)/m);
    }
    const { stdout } = await cli(['inspect', file, '--json']);
    expect(JSON.parse(stdout).metadata).toMatchObject(metadata);
    expect(stdout.trimEnd()).not.toMatch(acting);
  });

  it('are shown as JSON shows them; own colours and lines pass', () => {
    expect(plain('a\u001b[31mb\n\u009b')).toBe('a\\u001b[31mb\\u000a\\u009b');
    expect(plain('été 犬 🐶 -> ✓')).toBe('été 犬 🐶 -> ✓');
    expect(writable('\u001b[1mx\u001b[22m\ny\tz\u001b[2J')).toBe('\u001b[1mx\u001b[22m\ny\tz\\u001b[2J');
    const rng = createRng(1);
    for (let i = 0; i < 1000; i++) {
      const text = String.fromCharCode(...Array.from({ length: 20 }, () => rng.integer(0x2100)));
      expect(JSON.parse(writable(JSON.stringify(text)))).toBe(text);
      expect(plain(text)).not.toMatch(/[^\P{Cc}]|\p{Bidi_Control}/u);
    }
  });
});

describe('large files', () => {
  it('200,000 classes are inspected and run', { timeout: 120_000 }, async () => {
    const folder = temporaryFolder();
    const [file, image] = [join(folder, 'large.bitgrad'), join(folder, 'x.png')];
    const classes = Array.from({ length: 200_000 }, (_, i) => `class ${i}`);
    writeFileSync(file, scaleModel(200_000, { name: 'large', classes }));
    const { code, stdout } = await cli(['inspect', file]);
    expect(code).toBe(0);
    expect(stdout).toContain('class 99, ... (200000 in all)');
    const bench = await cli(['bench', file, '--engine', 'js', '--seconds', '0.01']);
    expect(bench.code, bench.stderr).toBe(0);
    // No picture has so many channels: refused, not overflowed.
    writeFileSync(image, '');
    const run = await cli(['run', file, '--image', image]);
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(/^\[bitgrad\/[a-z]+\] /);
  });

  it('200,000 thresholds make a histogram', () => {
    const found = histogram(Float32Array.from({ length: 200_000 }, (_, i) => i % 1000));
    expect(found).toMatchObject({ low: 0, high: 999, constant: 0 });
    expect(found.counts.reduce((a, b) => a + b)).toBe(200_000);
    expect(histogram([])).toMatchObject({ low: 0, high: 0, constant: 0 });
  });

  it('layers with names of objects are all listed', async () => {
    for (const name of ['__proto__', 'toString', 'constructor']) {
      const file = join(temporaryFolder(), 'm.bitgrad');
      writeFileSync(file, scaleModel(2, { name }, name));
      const { code, stdout } = await cli(['inspect', file, '--json']);
      expect(code).toBe(0);
      expect(JSON.parse(stdout).ops[0].name).toBe(name);
    }
  });
});

describe('plugins that misbehave', () => {
  const valid = '{ name: "x", version: "1", quantizers: {}, surrogates: {}, forwards: {} }';
  it.each([
    ['throws null', 'throw null;', /does not load \(null\)/],
    ['throws undefined', 'throw undefined;', /does not load \(undefined\)/],
    ['throws text', 'throw "no";', /does not load \("no"\)/],
    ['throws an object', 'throw { message: 1 };', /does not load \(\{"message":1\}\)/],
    ['throws escapes', 'throw new Error("\\x1b[2J gone");', /does not load \(\\u001b\[2J gone\)/],
    ['has a getter that throws', 'export default { get name() { throw null; } };', /does not load \(null\)/],
    ['exports null', 'export default null;', /exports no plugin/],
    [
      'has a factory that throws null',
      `export default { ...${valid}, quantizers: { bad: () => { throw null; } } };`,
      undefined,
    ],
  ])('%s', async (_, source, message) => {
    const file = join(temporaryFolder(), 'plugin.mjs');
    writeFileSync(file, source);
    const { code, stderr } = await cli(['list', '--plugin', file]);
    if (message) {
      expect(stderr).toMatch(message);
      expect(stderr.trimEnd().split('\n')).toHaveLength(1);
      expect(code).toBe(2);
    } else {
      expect(code, stderr).toBe(0);
      const trained = await cli(['train', '--plugin', file, '--quantizer', 'bad']);
      expect(trained.code).not.toBe(0);
      expect(trained.stderr.trimEnd().split('\n')).toHaveLength(1);
      expect(trained.stderr).toMatch(/^\[bitgrad\//);
    }
  });
});

it('the name of a quantizer is no path for its picture', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'plugin.mjs');
  const member = (name: string) =>
    `${JSON.stringify(name)}: () => ({ ...stePlugin.quantizers.ste(), name: ${JSON.stringify(name)} })`;
  writeFileSync(
    file,
    `const { stePlugin } = globalThis;
     export default { name: 'x', version: '1', quantizers: { ${member('../../up')}, ${member('b')} }, surrogates: {}, forwards: {} };`,
  );
  // From sources, a file out there finds no packages.
  vi.stubGlobal('stePlugin', stePlugin);
  mkdirSync(join(folder, 'in'));
  const { stderr } = await cli(['certify', '--plugin', file, '--svg', join(folder, 'in', 'p.svg')]);
  expect(stderr).toBe('');
  expect(readdirSync(join(folder, 'in')).sort()).toEqual(['p-.._.._up.svg', 'p-b.svg']);
});

describe('errors', () => {
  it('are an object on stdout too with --json', async () => {
    for (const [args, code] of [
      [['inspect', '/nowhere', '--json'], 'io'],
      [['train', '--epochs', 'many', '--json'], 'invalid-option'],
      [['eval', '/nowhere', '--json'], 'io'],
    ] as const) {
      const { stdout, stderr } = await cli(args);
      const { error } = JSON.parse(stdout);
      expect(error.code).toBe(code);
      expect(stderr).toContain(plain(error.message).slice(0, 40));
    }
  });

  it('name files that are no models, folders and what they look like', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'page.bitgrad');
    writeFileSync(file, '<!doctype html><html></html>'.padEnd(200));
    mkdirSync(join(folder, 'run'));
    for (const command of [['inspect'], ['bench'], ['run', '--data', 'digits']]) {
      const [name, ...options] = command as [string, ...string[]];
      const page = await cli([name, file, ...options]);
      expect(page.code).toBe(2);
      expect(page.stderr).toContain(`${file}: this is no .bitgrad file: it looks like an HTML page`);
      const run = await cli([name, join(folder, 'run'), ...options]);
      expect(run.code).toBe(2);
      expect(run.stderr).toMatch(/is a folder\. `bitgrad compile` makes/);
      expect((await cli([name, join(file, 'x'), ...options])).stderr).toMatch(/cannot be read \(ENOTDIR\)/);
    }
  });
});
