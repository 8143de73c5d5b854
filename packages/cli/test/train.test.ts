// `bitgrad train` and `bitgrad eval` in this process: results, files, resume, refusals.
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, relative, sep } from 'node:path';
import { PNG } from 'pngjs';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { loadCheckpoint } from '@bitgrad/training';
import { readRunInfo } from '../src/index.js';
import { cli, lastLine, read, temporaryFolder, type Outcome } from './run.js';

const small = ['--limit', '96', '--test-limit', '40', '--batch', '16', '--backend', 'wasm', '--seed', '3'];
const train = (out: string, ...more: string[]) =>
  cli(['train', '--model', 'mlp', '--out', out, ...small, '--epochs', '2', '--json', ...more]);

const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const above = v.pipe(v.number(), v.gtValue(0));
const trainSchema = v.strictObject({
  testAccuracy: share,
  hardenedTestAccuracy: share,
  softTestAccuracy: share,
  softToHardGap: v.number(),
  trainAccuracy: share,
  trainLoss: above,
  flipRatio: share,
  imagesPerSecond: above,
  seconds: above,
  backend: v.literal('wasm'),
  quantizer: v.literal('ste'),
  model: v.literal('mlp'),
  data: v.literal('digits'),
  seed: v.literal(3),
  epochs: v.literal(2),
  steps: v.literal(12),
  batch: v.literal(16),
  trainImages: v.literal(96),
  testImages: v.literal(40),
  parameters: count,
  binaryParameters: count,
  packedBytes: count,
  kernels: v.record(v.string(), count),
  out: v.string(),
  finished: v.literal(true),
});

describe('train', () => {
  it('ends with one JSON object on stdout and nothing else there', async () => {
    const out = temporaryFolder();
    const { code, stdout, stderr } = await train(join(out, 'run'));
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    const result = v.parse(trainSchema, JSON.parse(lastLine(stdout)));
    expect(result.testAccuracy).toBe(result.hardenedTestAccuracy);
    expect(result.parameters).toBeGreaterThan(result.binaryParameters);
    expect(stderr).toContain('epoch 2/2');
    expect(readdirSync(join(out, 'run')).sort()).toEqual([
      'bitgrad.json',
      'checkpoint',
      'events.out.tfevents.bitgrad',
      'history.jsonl',
      'manifest.json',
      'model.json',
      'weights.bin',
    ]);
    const info = await readRunInfo(join(out, 'run'));
    expect(info).toMatchObject({
      finished: true,
      plugins: [],
      inputShape: [28, 28, 1],
      clock: { step: 12, epoch: 2 },
    });
    expect(info.classes).toHaveLength(10);
  });

  it('gives the same bytes for the same seed', async () => {
    const out = temporaryFolder();
    await train(join(out, 'a'));
    await train(join(out, 'b'));
    await train(join(out, 'c'), '--seed', '4');
    expect(read(out, 'a', 'weights.bin').equals(read(out, 'b', 'weights.bin'))).toBe(true);
    expect(read(out, 'a', 'weights.bin').equals(read(out, 'c', 'weights.bin'))).toBe(false);
  });

  it.each([
    ['sgd', '--optimizer', 'sgd', '--lr-schedule', 'step', '--warmup', '2'],
    ['bop', '--optimizer', 'bop', '--optimizer-options', '{"gamma":0.01}'],
    ['an optimizer wrapped by its quantizer', '--quantizer', 'rpc'],
    ['a pair that hardens', '--quantizer', 'bnn++'],
    ['augmentation and a pair of halves', '--augment', 'shift:2,flip', '--quantizer', 'sign:tanh/ste'],
  ])('stops when told, saves, and resumes to the same bytes: %s', async (_title, ...options) => {
    const out = temporaryFolder();
    await train(join(out, 'whole'), ...options);
    const args = [
      'train',
      '--model',
      'mlp',
      '--out',
      join(out, 'parts'),
      ...small,
      '--epochs',
      '2',
      ...options,
    ];
    const controller = new AbortController();
    const stopped = await cli(args, controller.signal, (text) => {
      if (text.startsWith('epoch 1/2 | loss')) controller.abort('SIGINT');
    });
    expect(stopped.code).toBe(130);
    expect(stopped.stdout).toContain('Go on with the same command and --resume.');
    const checkpoint = loadCheckpoint(read(out, 'parts', 'checkpoint'));
    expect(checkpoint.position).toEqual({ epoch: 1, batch: 0 });
    const resumed = await cli([...args, '--resume']);
    expect(resumed.code).toBe(0);
    expect(resumed.stdout).toContain(`resumed at step ${checkpoint.clock.step} of 12`);
    for (const file of ['weights.bin', 'model.json'])
      expect(read(out, 'parts', file).equals(read(out, 'whole', file)), file).toBe(true);
  });

  it('gives the result again when a finished run is resumed', async () => {
    const out = temporaryFolder();
    const first = JSON.parse(lastLine((await train(join(out, 'run'))).stdout));
    const again = await train(join(out, 'run'), '--resume');
    expect(again.code).toBe(0);
    expect(JSON.parse(lastLine(again.stdout))).toMatchObject({ testAccuracy: first.testAccuracy, steps: 12 });
  });

  it('refuses to resume with other options, and says which', async () => {
    const out = join(temporaryFolder(), 'run');
    await train(out);
    for (const [option, ...changed] of [
      ['kernelQuantizer', '--quantizer', 'ede'],
      ['limit', '--limit', '97'],
      ['epochs', '--epochs', '1'],
      ['learningRate', '--lr', '0.01'],
      ['backend', '--backend', 'cpu'],
      ['seed', '--seed', '8'],
      ['optimizer', '--optimizer', 'sgd', '--lr', '0.001'],
    ]) {
      const { code, stderr } = await train(out, '--resume', ...changed);
      expect([option, code]).toEqual([option, 2]);
      expect(lastLine(stderr)).toContain(`option "${option}" differs from that of the checkpoint`);
    }
  });

  it('trains with the learning rate it is given, wherever that is', async () => {
    const out = temporaryFolder();
    const rates = async (...more: string[]) => {
      const folder = join(out, String(more.length ? more.join('').replaceAll(/\W/g, '') : 'default'));
      expect((await train(folder, '--epochs', '1', ...more)).code).toBe(0);
      const { config } = loadCheckpoint(read(folder, 'checkpoint'));
      return [config.learningRate, (config.optimizer as { learningRate: number }).learningRate];
    };
    expect(await rates()).toEqual([0.001, 0.001]);
    expect(await rates('--optimizer-options', '{"learningRate":0.05}')).toEqual([0.05, 0.05]);
    expect(await rates('--optimizer', 'sgd')).toEqual([0.1, 0.1]);
  });

  it.each([
    [['--lr', '0.01', '--optimizer-options', '{"learningRate":0.05}'], /got 0.01, expected 0.05/],
    [['--optimizer-options', '{"weightDecay":1}'], /adam has no option "weightDecay"/],
    [['--optimizer-options', '{"name":"sgd"}'], /"name" in --optimizer-options: got "sgd"/],
  ])('refuses %j', async (options, message) => {
    const { code, stderr } = await train(join(temporaryFolder(), 'run'), ...options);
    expect(code).toBe(2);
    expect(lastLine(stderr)).toMatch(message);
  });

  it('refuses to write over a run unless told to', async () => {
    const out = join(temporaryFolder(), 'run');
    await train(out);
    const { code, stderr } = await train(out);
    expect(code).toBe(2);
    expect(lastLine(stderr)).toMatch(/--out holds a run already: got ".*--overwrite/);
    expect((await train(out, '--overwrite')).code).toBe(0);
  });

  it('resumes by what the data are, not by where they lie', { timeout: 120_000 }, async () => {
    const folder = temporaryFolder();
    const image = (shade: number): Buffer => {
      const png = new PNG({ width: 8, height: 8 });
      png.data.fill(shade);
      return PNG.sync.write(png);
    };
    for (const [name, shade] of [
      ['dark', 10],
      ['light', 200],
    ] as const) {
      mkdirSync(join(folder, 'data', name), { recursive: true });
      for (let i = 0; i < 6; i++) writeFileSync(join(folder, 'data', name, `${i}.png`), image(shade + 5 * i));
    }
    const out = join(folder, 'run');
    const run = (data: string, ...more: string[]) =>
      cli([
        'train',
        '--model',
        'mlp',
        '--image-size',
        '8',
        '--epochs',
        '1',
        '--batch',
        '4',
        '--backend',
        'wasm',
        '--data',
        data,
        '--out',
        out,
        ...more,
      ]);
    const data = `folder:${join(folder, 'data')}`;
    const first = await run(data);
    expect(first.code, first.stderr).toBe(0);
    expect((await readRunInfo(out)).options.data).toBe(data);
    const spelled = `folder:${relative(process.cwd(), join(folder, 'data'))}${sep}`;
    expect((await run(spelled, '--resume')).code).toBe(0);
    cpSync(join(folder, 'data'), join(folder, 'moved'), { recursive: true });
    expect((await run(`folder:${join(folder, 'moved')}`, '--resume')).code).toBe(0);
    // From anywhere: the path that is kept is absolute.
    expect((await readRunInfo(out)).options.data).toBe(`folder:${join(folder, 'moved')}`);
    expect((await cli(['eval', out])).code).toBe(0);
    renameSync(join(folder, 'data', 'dark'), join(folder, 'data', 'black'));
    const renamed = await run(data, '--resume');
    expect(renamed.code).toBe(2);
    expect(renamed.stderr).toMatch(
      /option "classes" differs.*got \["black","light"\], expected \["dark","light"\]/,
    );
    renameSync(join(folder, 'data', 'black'), join(folder, 'data', 'dark'));
    for (let i = 6; i < 10; i++) writeFileSync(join(folder, 'data', 'dark', `${i}.png`), image(90));
    const more = await run(data, '--resume');
    expect(more.code).toBe(2);
    expect(more.stderr).toMatch(/differs from that of the checkpoint/);
  });

  it('refuses a folder that another run is using, and gives it back', async () => {
    const out = join(temporaryFolder(), 'run');
    const controller = new AbortController();
    let second: Promise<Outcome> | undefined;
    const args = ['train', '--model', 'mlp', '--out', out, ...small, '--epochs', '400'];
    const first = await cli(args, controller.signal, (text) => {
      if (text.startsWith('epoch 1/400 | loss'))
        second ??= train(out, '--overwrite').finally(() => controller.abort('SIGINT'));
    });
    expect(first.code).toBe(130);
    const { code, stderr } = (await second)!;
    expect(code).toBe(1);
    expect(lastLine(stderr)).toContain(`${out} is in use by process ${process.pid}`);
    expect((await train(out, '--overwrite')).code).toBe(0);
    expect(readdirSync(out)).not.toContain('run.lock');
  });

  it('leaves no folder behind when it cannot start', async () => {
    const out = join(temporaryFolder(), 'run');
    expect((await train(out, '--model', 'nope')).code).toBe(2);
    expect(existsSync(out)).toBe(false);
    writeFileSync(out, '');
    const { code, stderr } = await train(out);
    expect(code).toBe(2);
    expect(stderr).toMatch(/--out: got ".*run", expected a folder; this is a file/);
  });

  it('says what is wrong with a damaged checkpoint', async () => {
    const out = join(temporaryFolder(), 'run');
    await train(out);
    const bytes = read(out, 'checkpoint');
    writeFileSync(join(out, 'checkpoint'), bytes.subarray(0, 1000));
    expect((await train(out, '--resume')).stderr).toContain('checkpoint: length: got 1000');
    bytes[2000]! ^= 4;
    writeFileSync(join(out, 'checkpoint'), bytes);
    const { code, stderr } = await train(out, '--resume');
    expect(code).toBe(2);
    expect(lastLine(stderr)).toMatch(/^\[bitgrad\/training\] checkpoint: checksum/);
  });
});

describe('eval', () => {
  it('agrees with the result of training, on both backends', async () => {
    const out = join(temporaryFolder(), 'run');
    const trained = JSON.parse(lastLine((await train(out)).stdout));
    for (const backend of ['wasm', 'cpu']) {
      const { code, stdout } = await cli(['eval', out, '--json', '--backend', backend]);
      expect(code).toBe(0);
      const result = JSON.parse(stdout);
      expect(result).toMatchObject({ testAccuracy: trained.testAccuracy, images: 40, backend, model: 'mlp' });
      expect(result.confusion.flat().reduce((a: number, b: number) => a + b)).toBe(40);
      expect(Object.keys(result.classAccuracy)).toHaveLength(10);
    }
    const text = await cli(['eval', out, '--split', 'train', '--limit', '32']);
    expect(text.stdout).toContain('train, 32 images');
  });

  it.each([
    [['eval', '/nowhere'], /nowhere does not exist/],
    [['eval', '.', '--split', 'both'], /--split/],
  ])('refuses %j', async (args, message) => {
    const folder = temporaryFolder();
    await train(join(folder, 'run'));
    const { code, stderr } = await cli(args.map((arg) => (arg === '.' ? join(folder, 'run') : arg)));
    expect(code).toBe(2);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(message);
  });

  it('refuses weights that were changed, and files of another run', async () => {
    const folder = temporaryFolder();
    const [one, two] = [join(folder, 'one'), join(folder, 'two')];
    await train(one);
    await train(two, '--seed', '4');
    const weights = read(one, 'weights.bin');
    const refused = async (file: string): Promise<void> => {
      for (const args of [
        ['eval', one],
        ['compile', one, '-o', join(folder, 'x.bitgrad')],
      ]) {
        const { code, stderr } = await cli(args);
        expect([file, args[0], code]).toEqual([file, args[0], 2]);
        expect(stderr).toContain(`${join(one, file)} is not the file that belongs to this run`);
      }
    };
    const flipped = Buffer.from(weights);
    for (let i = 0; i < 2000; i++) flipped[4 * i + 3]! ^= 128;
    writeFileSync(join(one, 'weights.bin'), flipped);
    await refused('weights.bin');
    writeFileSync(join(one, 'weights.bin'), weights);
    copyFileSync(join(two, 'bitgrad.json'), join(one, 'bitgrad.json'));
    await refused('bitgrad.json');
    expect(existsSync(join(folder, 'x.bitgrad'))).toBe(false);
    // The checkpoint is whole: resuming writes the files anew.
    expect((await train(one, '--resume')).code).toBe(0);
    expect((await cli(['eval', one])).code).toBe(0);
  });

  it('opens a folder of an earlier version, and says that it is not checked', async () => {
    const out = join(temporaryFolder(), 'run');
    await train(out);
    rmSync(join(out, 'manifest.json'));
    const { code, stderr } = await cli(['eval', out]);
    expect(code).toBe(0);
    expect(stderr).toContain('has no manifest.json');
  });

  it('names what is no run', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'x.bitgrad'), '');
    mkdirSync(join(folder, 'begun'));
    writeFileSync(join(folder, 'begun', 'checkpoint'), '');
    for (const [name, message] of [
      ['x.bitgrad', /x\.bitgrad is a packed model already.*bitgrad run/],
      ['nothing', /nothing does not exist/],
      ['begun', /holds a checkpoint and no model yet.*--resume/],
      ['.', /bitgrad\.json is missing/],
    ] as const)
      for (const args of [
        ['eval', join(folder, name)],
        ['compile', join(folder, name), '-o', join(folder, 'out')],
      ]) {
        const { code, stderr } = await cli(args);
        expect(code).toBe(2);
        expect(stderr).toMatch(message);
      }
  });

  it('refuses files that are not a model', async () => {
    const out = join(temporaryFolder(), 'run');
    await train(out);
    // Unchecked, as in a folder of an earlier version.
    rmSync(join(out, 'manifest.json'));
    for (const [file, contents] of [
      ['model.json', '{"modelTopology":1}'],
      ['bitgrad.json', '{}'],
    ] as const) {
      writeFileSync(join(out, file), contents);
      const { code, stderr } = await cli(['eval', out]);
      expect([file, code]).toEqual([file, 2]);
      expect(lastLine(stderr)).toMatch(/^\[bitgrad\/recipe\] /);
    }
  });
});
