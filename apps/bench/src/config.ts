// What a comparison is: a validated file. Every method of a comparison shares data order, initialization and budget,
// because only the method and the seed differ between its trials.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BitgradError, reasonOf } from '@bitgrad/core';
import { kinds, listRecipes, parseAugment, recipeEntries } from '@bitgrad/recipe';
import { speakersOf } from '@bitgrad/datasets';
import { baseRateOf } from '@bitgrad/training';
import * as v from 'valibot';

const json = kinds.json;
const { limit, testLimit, lr, lrSchedule, sound, copies, noises, temperature, teacherShare } = recipeEntries;
const positive = kinds.integer(1);

/** Text that may be shown on a terminal. */
const text = v.pipe(
  v.string(),
  v.nonEmpty('something is expected'),
  v.maxLength(1000),
  v.regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u, 'control characters are not allowed'),
);

/** What a function of another package says of a part of a config. */
const checked = <T>(check: (value: T) => unknown) =>
  v.rawCheck<T>(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    try {
      check(dataset.value);
    } catch (error) {
      addIssue({ message: reasonOf(error) });
    }
  });

const optimizer = v.pipe(
  v.looseObject({ name: text }),
  v.forward(
    v.check(
      (value) => value.learningRate === undefined,
      'give the rate beside the optimizer, as learningRate of the method or of the config',
    ),
    ['learningRate'],
  ),
  checked<{ name: string } & { [option: string]: unknown }>(baseRateOf),
);

/** Recipes that this package knows; those of plugins are known once these are loaded. */
const knownRecipe = (name: string): boolean => listRecipes().some((each) => each.name === name);

/** A network whose logits a method learns from. It is trained first, for each seed, and its time is no part of the budget. */
const teacher = v.strictObject({
  /** Default: the comparison's, with its options. */
  model: v.optional(text),
  modelOptions: v.optional(json),
  quantizer: v.optional(text, 'none'),
  epochs: positive,
  learningRate: lr,
  /** Default: the trial's. */
  seed: v.optional(kinds.integer(0)),
});

const methodEntries = v.strictObject({
  /** Label in reports; default: the quantizers. */
  label: v.optional(text),
  /** KERNEL or KERNEL/INPUT, as on the command line; `none` is float. */
  quantizer: text,
  quantizerOptions: v.optional(json),
  inputQuantizer: v.optional(text),
  inputQuantizerOptions: v.optional(json),
  /** What this method needs to be trained otherwise, stated in the report. */
  optimizer: v.optional(optimizer),
  learningRate: lr,
  /** Stages, as `bitgrad train --recipe`; they share the budget. */
  recipe: v.optional(text),
  teacher: v.optional(teacher),
  temperature,
  teacherShare,
});

const method = v.pipe(
  methodEntries,
  v.check(
    ({ teacher: of, temperature: t, teacherShare: share }) => of !== undefined || (t ?? share) === undefined,
    'temperature and teacherShare are for methods with a teacher',
  ),
);

const configEntries = v.strictObject({
  name: v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]*$/, 'letters, digits and dashes')),
  description: v.optional(text),
  /** As of `bitgrad train`; folders are relative to the config file. */
  data: text,
  limit,
  testLimit,
  /** Recordings: how they become bytes, and what is made of them, as of `bitgrad train`. */
  audio: v.optional(v.strictObject({ sound, copies, noises })),
  /**
   * Recordings named {label}_{speaker}_{index}.wav: speakers who are for testing alone, each in trials of its own; `each` of
   * those in the folder.
   */
  testSpeakers: v.optional(v.union([v.literal('each'), v.pipe(v.array(text), v.nonEmpty('at least one'))])),
  augment: v.optional(v.pipe(text, checked(parseAugment)), 'none'),
  model: text,
  modelOptions: v.optional(json, {}),
  methods: v.pipe(v.array(method), v.nonEmpty('at least one')),
  optimizer: v.optional(optimizer, { name: 'adam' }),
  /** Of every method whose optimizer has none of its own; default: each optimizer's. */
  learningRate: lr,
  schedule: lrSchedule,
  batchSize: v.optional(positive, 100),
  seeds: v.optional(v.pipe(v.array(kinds.integer(0)), v.nonEmpty('at least one')), [1]),
  /** Training length: epochs, or images seen, or minutes (measured by each trial, so not reproducible exactly). */
  budget: v.union([
    v.strictObject({ epochs: positive }),
    v.strictObject({ images: positive }),
    v.strictObject({ minutes: kinds.positive }),
  ]),
  /** Evaluate after every so many epochs, and after the last. */
  evaluateEvery: v.optional(positive, 1),
  backend: v.optional(text, 'wasm'),
  /** Compile the trained model, time it on every engine, and compare it with the graph. */
  compile: v.optional(v.boolean(), true),
  /** Plugins by package name or path (relative to the config file). */
  plugins: v.optional(v.array(text), []),
});

/** The schema of a config file: the recipe of a run, with several methods and seeds. */
export const configSchema = v.pipe(
  configEntries,
  v.check(
    ({ plugins, methods }) =>
      plugins.length > 0 || methods.every(({ recipe }) => recipe === undefined || knownRecipe(recipe)),
    () =>
      `recipe of a method: expected one of ${listRecipes()
        .map(({ name }) => name)
        .join(', ')}`,
  ),
  v.check(
    ({ budget, methods }) => !('minutes' in budget) || methods.every((each) => !each.recipe && !each.teacher),
    'a budget in minutes is for methods without recipe and teacher: their length is measured by steps of one kind',
  ),
);

/** A validated comparison. */
export type BenchConfig = v.InferOutput<typeof configSchema>;
/** One method of a comparison. */
export type Method = BenchConfig['methods'][number];

/** One training run: a method and a seed of a config, and who is for testing alone. */
export interface Trial {
  /** Hash of everything that decides its result. */
  readonly id: string;
  readonly label: string;
  readonly seed: number;
  readonly speaker?: string;
  readonly method: Method;
  readonly config: BenchConfig;
}

const presetsFolder = fileURLToPath(new URL('../presets/', import.meta.url));

/** Names of the presets. */
export const presetNames = (): string[] =>
  readdirSync(presetsFolder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort();

/** What is wrong with a value, in words. */
export const problems = (issues: readonly v.BaseIssue<unknown>[]): string =>
  issues.map((issue) => `${v.getDotPath(issue) ?? '(top)'}: ${issue.message}`).join('; ');

/** A value as a config. @throws BitgradError `invalid-option` that names the fields */
export function parseConfig(value: unknown, source = 'config'): BenchConfig {
  const result = v.safeParse(configSchema, value);
  if (result.success) return result.output;
  throw new BitgradError({
    code: 'invalid-option',
    source: 'bench',
    what: `${source} is not a valid config (${problems(result.issues)})`,
    next: 'See apps/bench/README.md; apps/bench/presets has examples.',
  });
}

/** Data as KIND:FOLDER, the folder absolute. */
export function absoluteData(data: string, base: string): string {
  const [kind, folder] = data.split(/:(.*)/s);
  return folder ? `${kind}:${resolve(base, folder)}` : data;
}

/**
 * Reads a config: the name of a preset, or the path of a JSON file. Paths in it become absolute.
 * @throws BitgradError `io`, `invalid-file`, `invalid-option`
 */
export function readConfig(nameOrPath: string, directory = process.cwd()): BenchConfig {
  const preset = `${presetsFolder}${nameOrPath}.json`;
  const path =
    /^[a-z0-9-]+$/.test(nameOrPath) && existsSync(preset) ? preset : resolve(directory, nameOrPath);
  if (!existsSync(path))
    throw new BitgradError({
      code: 'io',
      source: 'bench',
      what: 'config',
      got: nameOrPath,
      expected: `a path of a JSON file, or one of ${presetNames().join(', ')}`,
    });
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new BitgradError({
      code: 'invalid-file',
      source: 'bench',
      what: `${path} is not JSON (${(cause as Error).message})`,
      cause,
    });
  }
  const config = parseConfig(value, path);
  const base = dirname(path);
  const absolute = (text: string): string => (isAbsolute(text) ? text : resolve(base, text));
  return {
    ...config,
    data: absoluteData(config.data, base),
    plugins: config.plugins.map((plugin) => (/^\.{1,2}\//.test(plugin) ? absolute(plugin) : plugin)),
  };
}

/** With the names of those whom `each` of testSpeakers means. @throws BitgradError `invalid-option` */
export function withSpeakers(config: BenchConfig): BenchConfig {
  const { data, testSpeakers } = config;
  if (testSpeakers !== 'each') return config;
  const [kind, folder] = data.split(/:(.*)/s);
  const speakers = kind === 'audio' && existsSync(folder!) ? speakersOf(readdirSync(folder!)) : [];
  if (speakers.length > 1) return { ...config, testSpeakers: speakers };
  throw new BitgradError({
    code: 'invalid-option',
    source: 'bench',
    what: 'testSpeakers "each" of data without two speakers',
    got: data,
    expected: 'audio:DIR, where the files are named {label}_{speaker}_{index}.wav',
  });
}

/** JSON with sorted keys, for hashing. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, v: unknown) =>
    typeof v === 'object' && v !== null && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1)))
      : v,
  );

/** The label of a method. */
export const labelOf = (method: Method): string =>
  method.label ?? [method.quantizer, method.inputQuantizer].filter(Boolean).join('/');

/** A trial in words. */
export const trialName = ({ label, seed, speaker }: Pick<Trial, 'label' | 'seed' | 'speaker'>): string =>
  `${label} seed ${seed}${speaker === undefined ? '' : `, tested on ${speaker}`}`;

/** Sixteen hex digits of the hash of a value. */
export const hashOf = (value: unknown): string =>
  createHash('sha256').update(canonical(value)).digest('hex').slice(0, 16);

/**
 * Every trial of a config, seeds outermost, so that a partial run already compares all methods.
 * @throws BitgradError `duplicate-name`; `invalid-option` for speakers that {@link withSpeakers} has not looked up
 */
export function trialsOf(config: BenchConfig): Trial[] {
  const { methods, seeds, testSpeakers, description: _, ...shared } = config;
  const labels = methods.map(labelOf);
  const twice = labels.find((label, i) => labels.indexOf(label) !== i);
  if (twice !== undefined)
    throw new BitgradError({
      code: 'duplicate-name',
      source: 'bench',
      what: 'two methods have the same label',
      got: twice,
      next: 'Give each a label of its own.',
    });
  if (testSpeakers === 'each')
    throw new BitgradError({
      code: 'invalid-option',
      source: 'bench',
      what: 'testSpeakers of trials',
      got: testSpeakers,
      expected: 'their names',
    });
  const speakers = testSpeakers?.map((speaker) => ({ speaker })) ?? [{}];
  // Where the data lies is no part of what a trial is: another machine's result counts.
  const learningRate = shared.learningRate ?? baseRateOf(shared.optimizer);
  const identity = { ...shared, learningRate, data: shared.data.split(':')[0], name: '' };
  return seeds.flatMap((seed) =>
    speakers.flatMap((speaker) =>
      methods.map((method) => ({
        id: hashOf({ ...identity, method: { ...method, label: '' }, seed, ...speaker }),
        label: labelOf(method),
        seed,
        ...speaker,
        method,
        config,
      })),
    ),
  );
}
