// The tables of the documentation are those of the kept results.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { afterAll, describe, expect, it } from 'vitest';
import {
  drawPlots,
  filesWithTables,
  keepRun,
  kept,
  keptRuns,
  repository,
  withTables,
} from '../src/commands/publish.js';
import { parseConfig } from '../src/config.js';
import { headline } from '../src/report/headline.js';
import type { TrialResult } from '../src/result.js';

describe('the documentation', () => {
  it.each(filesWithTables())('%s is as `bench publish` makes it', async (file) => {
    const path = join(repository, file);
    const text = readFileSync(path, 'utf8');
    const made = await format(withTables(text), { ...(await resolveConfig(path)), parser: 'markdown' });
    expect(made).toBe(text);
  });
  it('keeps no path of a machine', () => {
    for (const name of keptRuns())
      for (const file of ['config.json', 'results.jsonl'])
        expect(readFileSync(join(repository, kept, name, file), 'utf8')).not.toMatch(
          /"[^"]*\/(home|root|tmp|Users)\//,
        );
  });
});

describe('the headline', () => {
  const row = { engine: 'bitgrad-wasm-relaxed', threads: 1, medianMs: 1234.5, bestMs: 1, p5Ms: 1, p95Ms: 1 };
  const inference = [
    { ...row, net: 'vgg-small', cpuMedianMs: 1, samples: 1, gmacs: 1 },
    { ...row, net: 'vgg-small', threads: 2, medianMs: 7, cpuMedianMs: null, samples: 1, gmacs: 1 },
  ];
  it('rounds figures, takes one thread for one thread, and says what is missing', () => {
    const made = headline({ training: [], inference, tfc: [], cnn: [] });
    expect(made).toContain(
      '| native: -; WebAssembly, relaxed SIMD: 1,230 ms | onnxruntime-node int8: -; onnxruntime-web int8: -; TensorFlow.js wasm: - |',
    );
    expect(made).not.toContain('7 ms');
    expect(made).not.toMatch(/NaN|null|undefined/);
  });
});

describe('publish', () => {
  const root = mkdtempSync(join(tmpdir(), 'bench-publish-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const trial = (label: string, seed: number, hardened: number): TrialResult => ({
    ...{ id: `${label}${seed}`, label, seed, model: 'tfc', data: 'digits', finishedAt: '', commit: 'abc' },
    ...{
      versions: {},
      backend: 'wasm',
      kernels: { A: 1 },
      epochs: [0.002, 0.001, 0].map((flipRatio, i) => ({
        ...{ epoch: i + 1, loss: 1, trainAccuracy: hardened, soft: null, hardened: null, flipRatio },
      })),
      hardened,
      soft: hardened + 0.01 * seed,
    },
    ...{ gap: 0.01 * seed, imagesPerSecond: 1, seconds: 1, peakMemoryMiB: 1, parameters: 1 },
    machine: { cpu: 'cpu', cores: 1, memoryGiB: 1, os: 'os', node: 'v1' },
    packed: {
      bytes: 100 * seed,
      floatBytes: 3200,
      agreement: 1,
      images: 10,
      lastLayer: null,
      latency: [],
      fallbacks: 0,
    },
  });
  const run = join(root, 'run');
  mkdirSync(run);
  mkdirSync(join(root, kept), { recursive: true });
  const config = parseConfig(
    {
      name: 'small',
      data: 'folder:/somewhere/pictures',
      model: 'tfc',
      methods: [{ quantizer: 'ste' }, { quantizer: 'pc' }, { quantizer: 'fda' }],
      seeds: [1, 2],
      budget: { epochs: 1 },
    },
    'config',
  );
  writeFileSync(join(run, 'config.json'), JSON.stringify(config));
  const trials = [trial('pc', 2, 0.92), trial('pc', 1, 0.9), trial('ste', 1, 0.8), trial('fda', 1, 0.7)];
  writeFileSync(join(run, 'results.jsonl'), trials.map((t) => `${JSON.stringify(t)}\n`).join(''));

  it('keeps a run in the order of its methods and seeds, without the path of its data', () => {
    expect(keepRun(run, root)).toBe('small');
    const lines = readFileSync(join(root, kept, 'small', 'results.jsonl'), 'utf8')
      .trim()
      .split('\n');
    expect(lines.map((line) => (JSON.parse(line) as TrialResult).id)).toEqual(['ste1', 'pc1', 'pc2', 'fda1']);
    expect(readFileSync(join(root, kept, 'small', 'config.json'), 'utf8')).not.toContain('somewhere');
  });
  it('says how each speaker fared who was left out', () => {
    const spoken = (speaker: string, seed: number, hardened: number) => ({ ...trial('ste', seed, hardened), id: `${speaker}${seed}`, speaker }); // prettier-ignore
    const folder = join(root, kept, 'spoken');
    mkdirSync(folder);
    const own = { ...config, name: 'spoken', audio: { copies: 3 }, testSpeakers: ['bo', 'ann'] };
    writeFileSync(join(folder, 'config.json'), JSON.stringify(own));
    const lines = [spoken('bo', 1, 0.9), spoken('ann', 1, 0.7), spoken('ann', 2, 0.8)];
    writeFileSync(join(folder, 'results.jsonl'), lines.map((t) => `${JSON.stringify(t)}\n`).join(''));
    const text = withTables('<!-- results:spoken:start -->\n<!-- results:spoken:end -->', root);
    expect(text).toContain('3 examples of each recording for training, each speaker in turn left out');
    expect(text).toContain('| `ste` | 80.00 ± 10.00 % (3) |');
    expect(text).toContain('| tested on | ann | bo |\n| --- | --- | --- |\n| `ste` | 75.00 % | 90.00 % |');
  });
  it('draws plots that are the same each time', () => {
    const drawn = (): string[] => {
      drawPlots('small', root);
      return ['accuracy', 'size'].map((plot) =>
        readFileSync(join(root, kept, 'small', `${plot}.svg`), 'utf8'),
      );
    };
    const first = drawn();
    for (const svg of first) expect(svg).toContain('</svg>');
    expect(drawn()).toEqual(first);
    // Nothing was evaluated twice.
    expect(existsSync(join(root, kept, 'small', 'curves.svg'))).toBe(false);
  });
  it('writes tables of all methods and of some, and leaves the rest of the text alone', () => {
    const all = withTables('a\n<!-- results:small:start -->\nprevious\n<!-- results:small:end -->\nb', root);
    expect(all).toMatch(/^a\n[^]*\nb$/);
    expect(all).not.toContain('previous');
    // Mean 91 and sample deviation sqrt(2) of 90 and 92; gaps 1 and 2; flips 0.2, 0.1 and 0 % in an epoch.
    expect(all).toContain('| `pc` | 91.00 ± 1.41 % (2) | 1.50 (2.00) | 0.100 % |');
    expect(all.indexOf('`pc`')).toBeLessThan(all.indexOf('`ste`'));
    const some = withTables('<!-- results:small:ste|fda:start -->\n<!-- results:small:ste|fda:end -->', root);
    expect(some).not.toContain('`pc`');
    expect(some).toContain('`fda`');
    expect(withTables(some, root)).toBe(some);
  });
});
