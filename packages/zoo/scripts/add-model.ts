// `pnpm add-model RUN NAME`: packs a finished run, measures it on its whole test set and on every engine of Node, and writes
// models/NAME: the packed file, the card, and the folder of latent weights. models/NAME/about.json has the words.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SoundSettings } from '@bitgrad/bits';
import { decodeModel, jsEngine, loadModel, type Engine } from '@bitgrad/runtime';
import { wasmEngine } from '@bitgrad/backend-wasm/engine';
import { nativeEngine } from '@bitgrad/backend-native/engine';
import { loadDataset } from '@bitgrad/datasets/node';
import type { Latency, ModelCard, SoundCard } from '../src/card.js';
import { commandWords } from '@bitgrad/tooling/processes';
import { cardText } from './card-text.js';
import { halved } from './halved.js';
import { predictedClasses } from './predicted.js';

interface About {
  readonly title: string;
  readonly intendedUse: string;
  readonly limits: readonly string[];
  readonly dataLicence: string;
  /** What the data is called in commands, such as `mnist:data/mnist`. */
  readonly data: string;
}
interface RunInfo {
  readonly options: Record<string, unknown> & { readonly data: string };
  readonly result: Record<string, unknown>;
  readonly finished: boolean;
  readonly sound?: SoundSettings;
}

const [run, name, speakers] = process.argv.slice(2);
if (!run || !name) throw new Error('pnpm add-model RUN NAME [RESULTS of speakers left out]');
const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = fileURLToPath(new URL(`../models/${name}`, import.meta.url));
const readJson = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T;
const write = (path: string, contents: string | Uint8Array): void =>
  writeFileSync(join(folder, path), contents);
const about = readJson<About>(join(folder, 'about.json'));
const info = readJson<RunInfo>(join(run, 'bitgrad.json'));
if (!info.finished) throw new Error(`${run} is not finished`);
const { options, result } = info;
/** The command. */
const bitgrad = (...args: string[]): Record<string, never> => {
  const out = execFileSync(process.execPath, [...commandWords, ...args, '--json'], { cwd: join(root, 'packages/cli'), encoding: 'utf8' }); // prettier-ignore
  return JSON.parse(out.trim().split('\n').at(-1)!) as Record<string, never>;
};

/** The latent weights, with the data where the commands of the card have them. */
function writeLatent(): void {
  mkdirSync(join(folder, 'latent'), { recursive: true });
  const { json, bytes } = halved(readFileSync(join(run!, 'model.json'), 'utf8'), readFileSync(join(run!, 'weights.bin'))); // prettier-ignore
  const own = {
    ...info,
    options: { ...options, data: about.data },
    result: { ...result, data: about.data, out: undefined },
  };
  const files: Record<string, Uint8Array> = {
    'model.json': Buffer.from(json),
    'weights.bin': bytes,
    'bitgrad.json': Buffer.from(`${JSON.stringify(own, null, 2)}\n`),
  };
  const sum = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
  const entries = Object.entries(files).map(([file, bytes]) => {
    write(`latent/${file}`, bytes);
    return [file, { bytes: bytes.length, sha256: sum(bytes), written: `${file}.0.partial` }];
  });
  write(
    'latent/manifest.json',
    `${JSON.stringify({ version: 1, files: Object.fromEntries(entries) }, null, 2)}\n`,
  );
}

/** The options of the run that are not the defaults of the command. */
function commandOf(): string {
  const { model, modelOptions = {}, kernelQuantizer, epochs, batchSize, seed, backend, learningRate, augment } = options; // prettier-ignore
  const own = JSON.stringify(modelOptions);
  const network = own === '{}' ? String(model) : `${model} --model-options '${own}'`;
  const sounds = ['copies', 'noises'].filter((name) => options[name] !== undefined).map((name) => ` --${name} ${String(options[name])}`).join(''); // prettier-ignore
  const more = learningRate === 0.001 ? '' : ` --lr ${String(learningRate)}`;
  const moved = augment === null ? '' : ` --augment ${Object.entries(augment as object).map(([kind, v]) => (v === true ? kind : `${kind}:${typeof v === 'object' ? (v as { padding: number }).padding : v}`)).join(',')}`; // prettier-ignore
  return `bitgrad train --model ${network} --quantizer ${kernelQuantizer} --data ${about.data}${sounds} --epochs ${epochs} --batch ${batchSize}${more}${moved} --backend ${backend} --seed ${seed}`;
}

/** Each engine of Node, by the command that users have. */
const measured = (file: string) =>
  ['js', 'wasm', 'native'].map((engine) => {
    const { variant, threads, medianMs, p5Ms, p95Ms, soundSecond } = bitgrad('bench', file, '--engine', engine, '--seconds', '3') as unknown as Latency & { soundSecond?: { medianMs: number } }; // prettier-ignore
    const latency: Latency = { engine, variant: variant ?? null, threads, medianMs, p5Ms, p95Ms };
    return { latency, second: { engine, medianMs: soundSecond?.medianMs ?? 0 } };
  });

/** Of files larger than this the portable engine, which takes a tenth of a second an image then, is asked a part. */
const [largeBytes, part] = [200_000, 0.05];

/** What the model says of the test set: on each engine the same. */
async function answers(bytes: Uint8Array, images: Uint8Array, count: number): Promise<Uint8Array> {
  const said = async (engine: Engine, some: number): Promise<Uint8Array> => {
    const model = await loadModel(bytes, { engine, strict: true });
    const classes = await predictedClasses(model, images.subarray(0, (some * images.length) / count));
    model.dispose();
    return classes;
  };
  const all = await said(nativeEngine(), count);
  const few = bytes.length > largeBytes ? Math.ceil(count * part) : count;
  for (const [engine, some] of [
    [wasmEngine(), count],
    [jsEngine(), few],
  ] as const)
    // prettier-ignore
    if (Buffer.compare(await said(engine, some), all.subarray(0, some)) !== 0)
      throw new Error('engines differ in classes');
  return all;
}

/** What it hears where nobody speaks. */
function soundCard(settings: SoundSettings, second: SoundCard['second']): SoundCard {
  const minutes = 60;
  const { perHour } = bitgrad('run', file, '--false-accepts', String(minutes)) as unknown as SoundCard['falseAccepts']; // prettier-ignore
  const command = `bitgrad run models/${name}/model.bitgrad --false-accepts ${minutes}`;
  return { settings, falseAccepts: { command, minutes, perHour }, second, ...(speakers && { speakers: speakerCard(speakers) }) }; // prettier-ignore
}

/** Accuracy on each speaker who was left out, of the results of `bench run`. */
function speakerCard(results: string): NonNullable<SoundCard['speakers']> {
  const { name: preset } = readJson<{ name: string }>(join(results, 'config.json'));
  const lines = readFileSync(join(results, 'results.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { speaker?: string; hardened: number });
  const accuracy = Object.fromEntries(lines.map((line) => [line.speaker!, line.hardened]));
  const mean = Object.values(accuracy).reduce((a, b) => a + b, 0) / lines.length;
  return { command: `pnpm bench run ${preset}`, accuracy, mean };
}

writeLatent();
const file = join(folder, 'model.bitgrad');
// Of the weights as they are published, so that who goes on from them begins with this model.
bitgrad('compile', join(folder, 'latent'), '--data', options.data, '-o', file);
const bytes = readFileSync(file);
const { plan, metadata } = decodeModel(bytes);
// Words alone: what was synthesized for training is counted by false accepts.
const { sound, classes: labels = [] } = metadata;
const { test } = await loadDataset(options.data, sound ? { sound, classes: labels } : {});
const said = await answers(bytes, test.images, test.size);
const right = (n: number): number =>
  said.subarray(0, n).reduce((sum, c, i) => sum + Number(c === test.labels[i]), 0);
const confusion = labels.map(() => labels.map(() => 0));
said.forEach((c, i) => (confusion[test.labels[i]!]![c]! += 1));
const input = plan.buffers[plan.input]!;
const times = measured(file);
const card: ModelCard = {
  name,
  title: about.title,
  licence: 'MIT',
  dataLicence: about.dataLicence,
  intendedUse: about.intendedUse,
  limits: about.limits,
  labels,
  input: { shape: input.shape, type: input.type },
  training: {
    command: commandOf(),
    seed: options.seed as number,
    epochs: options.epochs as number,
    images: options.trainImages as number,
    seconds: Math.round(result.seconds as number),
    backend: options.backend as string,
  },
  test: {
    data: about.data,
    command: `bitgrad run models/${name}/model.bitgrad --data ${about.data}`,
    images: test.size,
    right: right(test.size),
    accuracy: right(test.size) / test.size,
    first: { 300: right(300), 2000: right(2000) },
    confusion,
  },
  bytes: {
    packed: bytes.length,
    float: metadata.floatBytes!,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  },
  ...(sound && {
    sound: soundCard(
      sound,
      times.map(({ second }) => second),
    ),
  }),
  latency: times.map(({ latency }) => latency),
  machine: `${cpus()[0]!.model.trim()}, ${cpus().length} cores, Node ${process.version}`,
};
write('card.json', `${JSON.stringify(card, null, 2)}\n`);
write('README.md', cardText(card));
const manifestPath = fileURLToPath(new URL('../package.json', import.meta.url));
const manifest = readJson<{
  exports: Record<string, unknown>;
  typesVersions: { '*': Record<string, string[]> };
}>(manifestPath);
manifest.typesVersions['*'][name] = [`./dist/generated/${name}.d.ts`];
manifest.exports[`./${name}`] = {
  '@bitgrad/source': `./src/generated/${name}.ts`,
  types: `./dist/generated/${name}.d.ts`,
  default: `./dist/generated/${name}.js`,
};
writeFileSync(manifestPath, `${JSON.stringify(manifest, null, 2)}\n`);
execFileSync('npx', ['prettier', '--write', '--log-level', 'warn', folder, manifestPath], { cwd: root, stdio: 'inherit' }); // prettier-ignore
execFileSync('pnpm', ['codegen'], { cwd: fileURLToPath(new URL('..', import.meta.url)), stdio: 'inherit' });
