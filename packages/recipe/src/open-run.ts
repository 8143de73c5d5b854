// A run from its recipe: backend, data, model and trainer, and what is done with them.
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { BitgradError, checkOptions, option, type BackendAdapter, type JsonObject } from '@bitgrad/core';
import { symmetricNormalization, type Dataset, type Examples } from '@bitgrad/datasets';
import {
  evaluateGap,
  weightsChecksum,
  type Checkpoint,
  type GapEvaluation,
  type Trainer,
  type TrainerOptions,
} from '@bitgrad/training';
import type { CompileResult } from '@bitgrad/compiler';
import { startBackend, type BackendSource } from './backends.js';
import { createCourse, type CoursePlan, type RunProgress, type TrainRunOptions } from './course.js';
import { openData, recipeData, withValidation } from './data.js';
import { modelContents } from './model-files.js';
import { flagOf } from './option.js';
import { aboutOf, packModel, type PackOptions } from './pack.js';
import type { Parts } from './parts.js';
import { chooseQuantizers, type ChosenQuantizers } from './quantizers.js';
import { checkRecipe, identityOf, resolveRecipe, type Recipe, type RecipeInput } from './recipe.js';
import { resultOf, type RunResult } from './result.js';
import { infoContents, infoName } from './run-info.js';
import { stagesOf } from './stages.js';

/** Files by name. */
export type Files = Readonly<Record<string, Uint8Array | string>>;

/** Where files go when a path is given: Node has one (package `bitgrad`), a page gives handlers instead. */
export interface Storage {
  folder(path: string, files: Files): Promise<void>;
  file(path: string, bytes: Uint8Array): Promise<void>;
}

/** What a recipe, being data, cannot hold. */
export interface OpenOptions {
  /** What may train, best first; the recipe's `backend` names one, or auto. Default: the backend of tfjs that runs. */
  readonly backends?: readonly BackendSource[];
  /** Data of one's own, instead of what the recipe names. */
  readonly dataset?: Dataset<Examples>;
  /** Quantizers of one's own, instead of those that the recipe names. */
  readonly quantizers?: ChosenQuantizers;
  /** A model whose weights the run starts from, by name and shape; called when the backend runs, and disposed. */
  readonly initial?: () => LayersModel | Promise<LayersModel>;
  /** A model whose logits the run learns from; called when the backend runs, and disposed with the run. */
  readonly teacher?: () => LayersModel | Promise<LayersModel>;
  /** Further options of the trainer, such as `evaluateEvery`. */
  readonly trainer?: Pick<TrainerOptions, 'evaluateEvery' | 'flipEvery' | 'yieldEveryMs'>;
  readonly storage?: Storage;
  /** Called with what was decided and what takes long, in words. */
  readonly note?: (text: string) => void;
}

/** A run that is ready to be trained. */
export interface Run {
  readonly recipe: Recipe;
  readonly backend: BackendAdapter;
  readonly quantizers: ChosenQuantizers;
  readonly data: Dataset<Examples>;
  /** Of the present stage. */
  readonly model: LayersModel;
  /** Of the present stage: its steps and epochs are counted from the stage's beginning. */
  readonly trainer: Trainer;
  /** What a resumed run must have in common with this one. */
  readonly identity: JsonObject;
  /**
   * Trains to the end, or until the signal stops it between two steps; called again, it goes on.
   * @param options.onEvent called for each step and epoch, and awaited; steps and epochs are counted over all stages
   * @returns whether it is finished
   */
  train(options?: TrainRunOptions): Promise<boolean>;
  /** Evaluates on a split (default `test`), as deployed and as trained; undefined when the signal stopped it. */
  evaluate(split?: 'test' | 'train' | 'validation', signal?: AbortSignal): Promise<GapEvaluation | undefined>;
  /** Where it stands, counted from the beginning. */
  progress(): RunProgress;
  /** The figures so far. */
  result(): RunResult;
  /** All that {@link Run.resume} needs; between two steps. */
  checkpoint(): Promise<Uint8Array>;
  /** @throws BitgradError `incompatible` that names the option which differs; as `loadCheckpoint` */
  resume(bytes: Uint8Array): Checkpoint;
  /** The files of the run, for `bitgrad eval` and `compile`: the model, and `bitgrad.json` with `about` in it. */
  files(about?: RunAbout): Promise<Files>;
  /** Saves the files in a folder, or hands them over. */
  save(target: string | ((files: Files) => unknown)): Promise<void>;
  /** Compiles the model into one file, compared with it on test images; written where a path or a handler is given. */
  pack(target?: string | ((bytes: Uint8Array) => unknown), options?: PackOptions): Promise<CompileResult>;
  /** Frees model, trainer and backend. */
  dispose(): Promise<void>;
}

/** What `bitgrad.json` says besides: where the data lie, and the plugins that were named. */
export interface RunAbout {
  readonly data?: string;
  readonly plugins?: readonly string[];
  readonly result?: JsonObject;
}

const rules = {
  backends: option.list(option.object),
  dataset: option.object,
  initial: option.callback,
  teacher: option.callback,
  quantizers: option.object,
  trainer: option.object,
  storage: option.object,
  note: option.callback,
};

/**
 * Opens a run: starts the backend, reads the data, makes the model and its trainer. Quantizers, models, data sets, optimizers and
 * recipes are found by name among the registered plugins.
 * @param recipe options as `bitgrad train` takes them: `{ model: 'cnn', data: 'digits', epochs: 5 }`
 * @throws BitgradError `invalid-option`, `unknown-name`, `backend-unavailable`, and from what reads the data
 */
export async function openRun(recipe: RecipeInput = {}, options: OpenOptions = {}): Promise<Run> {
  const resolved = resolveRecipe(recipe);
  const {
    backends = [],
    note = () => {},
    dataset,
    storage,
    trainer,
  } = checkOptions<OpenOptions>('recipe', 'openRun', options, rules);
  const quantizers = options.quantizers ?? chooseQuantizers(resolved);
  checkRecipe(resolved, quantizers, dataset !== undefined);
  checkTeacher(resolved, options.teacher !== undefined);
  const { backend, skipped } = await startBackend(backends, resolved.backend);
  for (const { name, reason } of skipped) note(`backend ${name} not used: ${reason}`);
  const data = await (dataset ? ownData(dataset, resolved) : openData(recipeData(resolved), note));
  const stages = stagesOf(resolved, quantizers, data, options.quantizers !== undefined);
  for (const { name, recipe: of, quantizers: q } of stages) if (name !== undefined) note(`stage ${name}: ${of.epochs} epochs, ${q.label}`); // prettier-ignore
  const teacher = await options.teacher?.();
  const identity = {
    ...identityOf(resolved, quantizers, backend.name),
    classes: [...data.classes],
    ...(teacher && { teacher: await weightsChecksum(teacher) }),
  };
  const initial = await options.initial?.();
  try {
    const shared = { backend, data, teacher, trainer, note };
    return runOf({ recipe: resolved, quantizers, identity, stages, shared, storage, initial });
  } finally {
    initial?.dispose();
  }
}

const ownData = (dataset: Dataset<Examples>, { validation, seed }: Recipe): Dataset<Examples> =>
  validation === undefined ? dataset : withValidation(dataset, validation, seed);

/** @throws BitgradError `invalid-option` for options of a teacher that is not there */
function checkTeacher(recipe: Recipe, there: boolean): void {
  for (const name of ['temperature', 'teacherShare'] as const)
    if (!there && recipe[name] !== undefined)
      throw new BitgradError({
        code: 'invalid-option',
        source: 'recipe',
        what: flagOf(name),
        got: recipe[name],
        next: 'It is for a run with a teacher (--teacher DIR).',
      });
}

/** A run as a whole. */
interface Whole extends CoursePlan, Pick<Run, 'recipe' | 'quantizers'> {
  readonly storage?: Storage;
}

/** The model's files, and the description that the compiler and `eval` read. */
async function filesOf(
  { recipe, identity, shared: { data: set } }: Whole,
  { model, trainer }: Parts,
  figures: RunResult,
  { data = recipe.data, plugins = [], result = {} }: RunAbout = {},
): Promise<Files> {
  const { classes: _, ...kept } = identity;
  const info = infoContents({
    version: 1,
    options: { ...kept, data, ...trainer.config },
    plugins,
    classes: set.classes,
    inputShape: set.shape,
    ...(set.train.type && { inputType: set.train.type }),
    normalize: symmetricNormalization,
    ...(set.picture && { picture: set.picture }),
    ...(set.sound && { sound: set.sound }),
    clock: trainer.kept()?.clock ?? trainer.clock(),
    finished: figures.finished,
    result: JSON.parse(JSON.stringify({ ...figures, ...result })) as JsonObject,
  });
  return { ...(await modelContents(model)), [infoName]: info };
}

function runOf(whole: Whole): Run {
  const { recipe, identity, quantizers, shared, storage } = whole;
  const { backend, data, teacher } = shared;
  const course = createCourse(whole);
  const { parts } = course;
  const stored = (path: string): Storage => {
    if (storage) return storage;
    throw new BitgradError({
      code: 'invalid-option',
      source: 'recipe',
      what: 'a path where nothing can write it',
      got: path,
      expected: 'a function that takes the bytes',
      next: 'In Node, openRun of package bitgrad takes paths.',
    });
  };
  const run: Run = {
    ...{ recipe, backend, quantizers, data, identity },
    get model() {
      return parts().model;
    },
    get trainer() {
      return parts().trainer;
    },
    train: course.train,
    evaluate: (split = 'test', signal) =>
      evaluateGap(parts().model, data[split]!, { batchSize: recipe.batch, signal }),
    progress: course.progress,
    result: () => resultOf({ ...parts(), recipe, quantizers, backend, data }, course.done(), course.finished()), // prettier-ignore
    checkpoint: course.checkpoint,
    resume: course.resume,
    files: (about) => filesOf(whole, parts(), run.result(), about),
    async save(target) {
      const files = await run.files();
      await (typeof target === 'string' ? stored(target).folder(target, files) : target(files));
    },
    async pack(target, options) {
      if (typeof target === 'string') stored(target);
      const about = { name: recipe.model, picture: data.picture, sound: data.sound, ...aboutOf(data) };
      const compiled = await packModel(parts().model, data.test, about, options);
      if (typeof target === 'string') await stored(target).file(target, compiled.bytes);
      else await target?.(compiled.bytes);
      return compiled;
    },
    async dispose() {
      course.dispose();
      teacher?.dispose();
      await backend.dispose();
    },
  };
  return Object.freeze(run);
}
