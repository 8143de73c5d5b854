// `bitgrad compile`, `run`, `inspect` and `bench`: from a trained run to a packed file and its answers.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { PNG } from 'pngjs';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDigits } from '@bitgrad/datasets';
import { decodeModel, jsEngine, type PackedModel } from '@bitgrad/runtime';
import { histogram } from '../src/histogram.js';
import { chooseEngine } from '../src/index.js';
import { cli, type Outcome } from './run.js';

/** The engine that runs here. */
const best = (await chooseEngine('auto')).engine.name;

let folder: string;
let packed: string;
let compiled: Outcome;
const run = (): string => join(folder, 'run');

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bitgrad-packed-'));
  packed = join(folder, 'deep', 'mlp.bitgrad');
  const train = [
    'train',
    '--model',
    'mlp',
    '--limit',
    '400',
    '--test-limit',
    '60',
    '--batch',
    '20',
    '--seed',
    '3',
  ];
  const trained = await cli([...train, '--epochs', '2', '--out', run(), '--json']);
  expect(trained.code).toBe(0);
  compiled = await cli(['compile', run(), '-o', packed, '--limit', '50', '--time', '--json']);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const above = v.pipe(v.number(), v.gtValue(0));
const object = (outcome: Outcome): Record<string, unknown> => {
  expect(outcome.stderr).toBe('');
  expect(outcome.code).toBe(0);
  expect(outcome.stdout.trimEnd().split('\n')).toHaveLength(1);
  return JSON.parse(outcome.stdout) as Record<string, unknown>;
};

describe('compile', () => {
  it('writes one file and reports sizes, agreement and times', () => {
    const schema = v.strictObject({
      out: v.literal(packed),
      packedBytes: v.literal(readFileSync(packed).length),
      floatBytes: count,
      ratio: above,
      agreement: v.literal(1),
      maxDifference: v.pipe(v.number(), v.minValue(0), v.maxValue(1e-3)),
      relativeDifference: v.pipe(v.number(), v.minValue(0), v.maxValue(1e-4)),
      bound: v.literal(1e-4),
      ties: v.literal(0),
      verifiedBy: v.strictTuple([v.literal(best), v.literal('js')]),
      images: v.literal(50),
      verifiedOn: v.literal('test'),
      dataUnavailable: v.null(),
      testAccuracy: share,
      firstLayer: v.null(),
      lastLayer: v.null(),
      fallbacks: v.array(v.object({ layer: v.string(), reason: v.string() })),
      engine: v.string(),
      floatMs: above,
      packedMs: above,
      backend: v.string(),
    });
    const result = v.parse(schema, object(compiled));
    expect(result.ratio).toBeCloseTo(result.floatBytes / result.packedBytes, 10);
    expect(result.ratio).toBeGreaterThan(15);
    expect(readdirSync(join(folder, 'deep'))).toEqual(['mlp.bitgrad']);
  });

  it('hands the first layer to the compiler, which says that there is none', async () => {
    const out = join(folder, 'none.bitgrad');
    const { code, stderr } = await cli(['compile', run(), '--out', out, '--first-layer', 'integers']);
    expect(code).toBe(2);
    expect(stderr).toContain('no float convolution of bytes begins the model');
  });

  it('stores class names and the normalization of the run', () => {
    const { metadata } = decodeModel(readFileSync(packed));
    expect(metadata).toMatchObject({
      name: 'mlp',
      classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
      normalization: { mean: [127.5], std: [127.5] },
      quantizers: ['ste'],
    });
  });

  it('prints a table, and gives the same bytes again', async () => {
    const out = join(folder, 'again.bitgrad');
    const { code, stdout } = await cli(['compile', run(), '--out', out, '--limit', '50']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/packed file +[\d.]+ kB, [\d.]+x smaller/);
    expect(stdout).toContain('100.00 % of 50 test images give the same class');
    expect(readFileSync(out).equals(readFileSync(packed))).toBe(true);
  });

  it('compares on random images when the data of the training is gone, and says so', async () => {
    const moved = join(folder, 'moved');
    const info = JSON.parse(readFileSync(join(run(), 'bitgrad.json'), 'utf8'));
    mkdirSync(moved);
    for (const name of ['model.json', 'weights.bin']) copyFileSync(join(run(), name), join(moved, name));
    info.options.data = `mnist:${join(folder, 'gone')}`;
    writeFileSync(join(moved, 'bitgrad.json'), JSON.stringify(info));
    const outcome = await cli(['compile', moved, '-o', join(folder, 'moved.bitgrad'), '--json']);
    expect(outcome.stderr).toMatch(/^.*moved has no manifest\.json .*\n$/);
    const result = object({ ...outcome, stderr: '' });
    expect(result).toMatchObject({ verifiedOn: 'random', testAccuracy: null, agreement: 1 });
    expect(result.dataUnavailable).toMatch(/gone/);
    const asked = await cli([
      'compile',
      moved,
      '-o',
      join(folder, 'x'),
      '--data',
      `mnist:${join(folder, 'gone')}`,
    ]);
    expect(asked.code).toBe(2);
    expect(asked.stderr).toMatch(/gone/);
  });
});

describe('run', () => {
  const engines = ['js', 'wasm'] as const;

  it('gives the accuracy that the labels give, on every engine', async () => {
    const { test } = createDigits({ seed: 7, train: 1, test: 80 });
    const executable = await jsEngine().compile(decodeModel(readFileSync(packed)));
    const output = executable.run(test.images);
    let right = 0;
    for (let r = 0; r < 80; r++) {
      const row = output.subarray(r * 10, r * 10 + 10);
      if (row.indexOf(Math.max(...row)) === test.labels[r]) right += 1;
    }
    for (const engine of engines) {
      const args = [
        'run',
        packed,
        '--data',
        'digits',
        '--seed',
        '7',
        '--limit',
        '80',
        '--engine',
        engine,
        '--json',
      ];
      const result = object(await cli(args));
      expect(result).toMatchObject({
        testAccuracy: right / 80,
        images: 80,
        engine,
        threads: 1,
        split: 'test',
      });
    }
  });

  it('names the classes of a picture', async () => {
    const { test } = createDigits({ seed: 7, train: 1, test: 1 });
    const png = new PNG({ width: 28, height: 28 });
    test.images.forEach((byte, i) => png.data.set([byte, byte, byte, 255], 4 * i));
    const picture = join(folder, 'digit.png');
    writeFileSync(picture, PNG.sync.write(png));
    const executable = await jsEngine().compile(decodeModel(readFileSync(packed)));
    const logits = executable.run(test.images);
    const best = logits.indexOf(Math.max(...logits));
    for (const engine of engines) {
      const result = object(
        await cli(['run', packed, '--image', picture, '--engine', engine, '--top', '2', '--json']),
      );
      expect(result.classes).toHaveLength(2);
      expect((result.classes as { index: number }[])[0]!.index).toBe(best);
    }
    const { stdout } = await cli(['run', packed, '--image', picture]);
    expect(stdout).toMatch(new RegExp(`^  ${best} +[\\d.]+ %$`, 'm'));
    expect((await cli(['run', packed, '--image', packed])).stderr).toMatch(
      /neither PNG, JPEG, WebP, GIF nor BMP/,
    );
  });
});

describe('export', () => {
  it('writes C, in the layout that is asked for', async () => {
    const out = join(folder, 'firmware');
    const found = object(await cli(['export', packed, '--to', 'c', '-o', out, '--name', 'net', '--layout', 'arduino', '--json'])); // prettier-ignore
    const files = found.files as Record<string, number>;
    expect(Object.keys(files).toSorted()).toEqual(['examples/net_run/net_run.ino', 'library.json', 'library.properties', 'src/net.c', 'src/net.h']); // prettier-ignore
    for (const [path, bytes] of Object.entries(files))
      expect(readFileSync(join(out, path))).toHaveLength(bytes);
    expect(readFileSync(join(out, 'src/net.h'), 'utf8')).toContain(
      'int net_run(const uint8_t *input, float *output);',
    );
  });

  it('refuses a name that C would not take, and writes nothing', async () => {
    const out = join(folder, 'none');
    const { code, stderr } = await cli(['export', packed, '--to', 'c', '-o', out, '--name', '9 lives']);
    expect(code).toBe(2);
    expect(stderr).toContain('a C identifier');
    expect(existsSync(out)).toBe(false);
  });

  it('writes nothing outside of the folder', async () => {
    const { code, stderr } = await cli([
      'export',
      packed,
      '--to',
      'onnx',
      '-o',
      join(folder, 'a'),
      '--name',
      '../b',
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain('a name of files in');
    expect(existsSync(join(folder, 'b.onnx'))).toBe(false);
  });
});

describe('inspect', () => {
  it('counts what the plan says', async () => {
    const found = object(await cli(['inspect', packed, '--json']));
    const model: PackedModel = decodeModel(readFileSync(packed));
    expect(found.fileBytes).toBe(readFileSync(packed).length);
    expect((found.ops as unknown[]).length).toBe(model.plan.ops.length);
    // 784-64-64-64-10, all binary.
    expect(found.binaryMacs).toBe(784 * 64 + 2 * 64 * 64 + 64 * 10);
    expect(found.macs).toBe(found.binaryMacs);
    for (const value of Object.values(found.negativeShare as Record<string, number>)) {
      expect(value).toBeGreaterThan(0.2);
      expect(value).toBeLessThan(0.8);
    }
    expect(Object.keys(found.negativeShare as object)).toEqual(['dense1', 'dense2', 'dense3', 'logits']);
  });

  it('prints tables and histograms', async () => {
    const { stdout, code } = await cli(['inspect', packed]);
    expect(code).toBe(0);
    for (const text of ['multiply-accumulates', 'dense1', 'threshold', '% of the weights are -1', 'classes'])
      expect(stdout).toContain(text);
  });

  it('bins by value, and counts unreachable thresholds apart', () => {
    const h = histogram([0, 1, 2, 3, 3, 4, -(2 ** 31), 2 ** 31 - 1], 4);
    expect(h).toMatchObject({ low: 0, high: 4, counts: [1, 1, 1, 3], constant: 2 });
    expect(h.bars).toHaveLength(4);
    expect(h.bars.at(-1)).toBe('█');
    expect(histogram([5, 5], 2)).toMatchObject({ low: 5, high: 5, counts: [2, 0] });
    expect(histogram([-(2 ** 31)], 2)).toMatchObject({ low: 0, high: 0, counts: [0, 0], constant: 1 });
  });
});

describe('bench', () => {
  it.each([
    ['js', 1],
    ['wasm', 1],
    ['wasm', 2],
  ] as const)('times %s on %i threads', async (engine, threads) => {
    const args = [
      'bench',
      packed,
      '--engine',
      engine,
      '--threads',
      String(threads),
      '--seconds',
      '0.1',
      '--json',
    ];
    const result = object(await cli(args));
    expect(result).toMatchObject({ engine, threads });
    const [low, median, high] = [result.p5Ms, result.medianMs, result.p95Ms] as number[];
    expect(low).toBeGreaterThan(0);
    expect(median).toBeGreaterThanOrEqual(low!);
    expect(high).toBeGreaterThanOrEqual(median!);
  });

  it('says why there are fewer threads than were asked for', async () => {
    const asked = ['bench', packed, '--engine', 'js', '--threads', '4', '--seconds', '0.01', '--json'];
    const { stdout, stderr } = await cli(asked);
    const threadsReason = 'the JavaScript engine has one thread';
    expect(JSON.parse(stdout)).toMatchObject({ threads: 1, threadsReason });
    expect(stderr).toBe(`one thread: ${threadsReason}\n`);
  });
});

describe('wrong use', () => {
  it.each<[string[], RegExp]>([
    [['compile', '/nowhere', '-o', 'x.bitgrad'], /nowhere does not exist/],
    [['compile', '.'], /required option '-o, --out <file>'/],
    [['run', '/nowhere.bitgrad', '--data', 'digits'], /nowhere\.bitgrad cannot be read \(ENOENT\)/],
    [['run', 'PACKED'], /what to run on: got "nothing"/],
    [['run', 'PACKED', '--data', 'digits', '--image', 'x.png'], /--data and --image/],
    [['run', 'PACKED', '--image', '/nowhere.png'], /cannot read \/nowhere\.png/],
    [
      ['run', 'PACKED', '--data', 'digits', '--engine', 'abacus'],
      /--engine.*auto, native, wasm, node-gpu, webgpu, webgl, js/,
    ],
    [['bench', 'PACKED', '--threads', '0'], /--threads.*1 or more/],
    [['inspect', 'RUN/weights.bin'], /this is no \.bitgrad file/],
  ])('%j: code 2 and one line that says why', async (args, message) => {
    const given = args.map((arg) => arg.replace('PACKED', packed).replace('RUN', run()));
    const { code, stderr, stdout } = await cli(given);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(/^\[bitgrad\/[a-z-]+\] /);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });
});
