// Help, listings and wrong use.
import { homedir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cli, temporaryFolder } from './run.js';

describe('help', () => {
  it.each([['--help'], ['train', '--help'], ['eval', '--help'], ['list', '--help']])(
    '%s %s',
    async (...args) => {
      const { code, stdout } = await cli(args.filter(Boolean));
      expect(code).toBe(0);
      expect(stdout).toContain('Usage: bitgrad');
    },
  );

  it('names every option of train that the README has', async () => {
    const { stdout } = await cli(['train', '--help']);
    for (const option of [
      'model',
      'quantizer',
      'input-quantizer',
      'backend',
      'data',
      'epochs',
      'batch',
      'lr',
      'seed',
      'out',
      'resume',
      'json',
      'plugin',
      'limit',
      'optimizer',
    ])
      // prettier-ignore
      expect(stdout).toContain(`--${option}`);
  });

  it('is shown, with code 2, when nothing is asked for', async () => {
    const { code, stderr } = await cli([]);
    expect(code).toBe(2);
    expect(stderr).toContain('Usage');
  });
});

describe('wrong use', () => {
  it.each([
    [['train', '--bogus'], /unknown option '--bogus'/],
    [['fly'], /unknown command 'fly'/],
    [['train', '--epochs', 'many'], /--epochs.*Expected an integer, 1 or more/],
    [['train', '--lr', '0'], /--lr.*above 0/],
    [['train', '--backend', 'abacus'], /--backend.*auto, native, wasm, node-gpu, webgpu, webgl, cpu/],
    [['train', '--backend', 'webgl'], /backend webgl cannot start: .*runs in browsers/],
    [
      ['train', '--data', 'mnist:/nowhere', '--optimizer-options', '{"beta3":1}'],
      /adam has no option "beta3".*Did you mean "beta1"/,
    ],
    [['train', '--data', 'folder:~/no-such-folder'], new RegExp(`cannot read ${homedir()}/no-such-folder`)],
    [['train', '--optimizer', 'adamx'], /optimizer: got "adamx", expected one of adam, .*sgd/],
    [['train', '--quantizer', 'nope'], /quantizer is not registered: got "nope", expected one of .*ste/],
    [['train', '--quantizer', 'ste/nope'], /got "nope"/],
    [['train', '--quantizer', 'ste/ste/ste'], /KERNEL-NAME\/INPUT-NAME/],
    [['train', '--quantizer', 'ste/ste', '--input-quantizer', 'ede'], /two input quantizers/],
    [['train', '--quantizer', 'sign:nope'], /surrogate is not registered: got "nope"/],
    [['train', '--quantizer-options', '{"clip":-1}'], /option "clip" of/],
    [['train', '--quantizer-options', 'clip=1'], /It is not JSON/],
    [
      // Before data are read, which may take long: there are none at that path.
      ['train', '--model', 'nope', '--data', 'folder:/nowhere'],
      /model: got "nope", expected one of mlp/,
    ],
    [['train', '--resume', '--overwrite'], /--resume and --overwrite: got "both"/],
    [
      ['train', '--optimizer-options', '{"name":"sgd"}'],
      /"name" in --optimizer-options.*--optimizer decides it/,
    ],
    [['train', '--model-options', '{"seed":3}'], /"seed" in --model-options.*--seed decides it/],
    [['train', '--model-options', '{"classes":3}'], /"classes" in --model-options.*The data decides it/],
    [['train', '--quantizer', 'none', '--quantizer-options', '{"clip":1}'], /The kernels are float/],
    [['train', '--quantizer', 'ste/none', '--input-quantizer-options', '{"clip":1}'], /The inputs are float/],
    [['train', '--quantizer-options', '{"clipp":1}'], /no option "clipp".*Did you mean "clip"/],
    [['train', '--quantizer-options', 'null'], /Expected a JSON object/],
    [['train', '--grey'], /--grey: got true. It is for --data folder:DIR/],
    [['train', '--image-size', '8'], /--image-size: got 8/],
    [['train', '--augment', 'flip,flip'], /--augment.*at most once/],
    [['run', 'x', '--data', 'digits', '--invert'], /--invert: got true. It is for --image/],
    [['run', 'x', '--image', 'x.png', '--limit', '3'], /--limit: got 3. It is for --data/],
    [['certify', 'sign:tanh', '--options', '{"a":1}'], /--options of a pair/],
    [['certify', 'sign:tanh:x'], /what to certify.*FORWARD:SURROGATE/],
    [['train', '--data', 'nope'], /data set: got "nope"/],
    [['train', '--data', 'mnist:/nowhere'], /nowhere/],
    [['train', '--augment', 'shift'], /--augment: got "shift"/],
    [['train', '--plugin', './nowhere'], /there is no plugin at .*nowhere/],
    [['train', '--plugin', 'no-such-package'], /plugin no-such-package does not load/],
  ])('%j: code 2 and one line that says why', async (args, message) => {
    const { code, stderr, stdout } = await cli([...args]);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^\[bitgrad\/[a-z-]+\] /);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });
});

describe('JSON options', () => {
  const small = ['--model', 'mlp', '--limit', '8', '--test-limit', '8', '--epochs', '1', '--backend', 'cpu'];
  it.each([
    ['--optimizer-options', '{"lr":5}', /adam has no option "lr".*Did you mean "learningRate"/],
    [
      '--optimizer-options',
      '{"weightDecay":0.01}',
      /adam has no option "weightDecay": expected one of learningRate, beta1/,
    ],
    [
      '--optimizer-options',
      '{"beta1":2}',
      /option "beta1" of adam: got 2, expected a number from 0 to below 1/,
    ],
    ['--optimizer-options', '{"learningRate":"x"}', /option "learningRate" of adam: got "x"/],
    ['--model-options', '{"widht":2}', /has no option "widht".*Did you mean "width"/],
    ['--model-options', '{"hidden":"x"}', /option "hidden" of createModel/],
  ])('%s %s is refused by the package that it is for', async (option, json, message) => {
    const out = join(temporaryFolder(), 'run');
    const { code, stderr } = await cli(['train', ...small, option, json, '--out', out]);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(existsSync(out)).toBe(false);
  });
});

describe('plugins that are none', () => {
  it.each([
    ['without a plugin', 'export const x = 1;', /exports no plugin \(it exports x\)/],
    ['with an error', 'throw new Error("broken inside")', /does not load \(broken inside\)/],
    ['of the wrong shape', 'export default { name: "x", quantizers: 1 };', /exports no plugin/],
  ])('a module %s', async (_title, text, message) => {
    const file = join(temporaryFolder(), 'plugin.mjs');
    writeFileSync(file, text);
    const { code, stderr } = await cli(['list', '--plugin', file]);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  it('a folder without an entry', async () => {
    const { code, stderr } = await cli(['list', '--plugin', temporaryFolder()]);
    expect(stderr).toMatch(/has no entry/);
    expect(code).toBe(2);
  });
});

describe('list', () => {
  it('gives arrays of objects with a name', async () => {
    const { code, stdout } = await cli(['list', '--json']);
    expect(code).toBe(0);
    const listing = JSON.parse(stdout) as Record<string, { name: string }[]>;
    for (const key of ['plugins', 'quantizers', 'surrogates', 'models', 'backends', 'engines']) {
      expect(listing[key]!.length, key).toBeGreaterThan(0);
      for (const { name } of listing[key]!) expect(typeof name, key).toBe('string');
    }
    const names = (key: string) => listing[key]!.map(({ name }) => name);
    expect(names('quantizers')).toEqual(expect.arrayContaining(['ste', 'ede', 'bireal']));
    expect(names('models')).toEqual(expect.arrayContaining(['cnn', 'mlp', 'vgg-small', 'resnet20']));
    expect(names('backends')).toEqual(['native', 'wasm', 'node-gpu', 'webgpu', 'webgl', 'cpu']);
    expect(names('engines')).toEqual(['native', 'wasm', 'node-gpu', 'webgpu', 'webgl', 'js']);
    type Row = { name: string; available: boolean; reason: string };
    for (const { name, available, reason } of [...listing.backends!, ...listing.engines!] as Row[]) {
      if (name.startsWith('webg')) expect(available).toBe(false);
      if (available) expect(reason).toBe('');
      // What is missing, and what to do about it.
      else expect(reason, name).toMatch(/browser|install|allowSoftware|Vulkan/);
    }
    expect(listing.backends).toContainEqual(
      expect.objectContaining({ name: 'cpu', available: true, reason: '' }),
    );
    const ste = listing.quantizers!.find(({ name }) => name === 'ste');
    expect(ste).toMatchObject({ plugin: '@bitgrad/quantizer-ste', certificate: { holds: true } });
  });

  it('as text names the same', async () => {
    const { stdout } = await cli(['list']);
    for (const text of ['quantizers', 'ste ', 'backends', 'cnn', 'certificate holds', 'certificate fails'])
      expect(stdout).toContain(text);
  });
});
