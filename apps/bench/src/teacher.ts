// The teacher of a trial: a network that is trained first, by the comparison's own data and settings, or taken from where an earlier
// trial of the run has left it.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Dataset, Examples } from '@bitgrad/datasets';
import { modelOf, openRun, type RecipeInput } from '@bitgrad/recipe';
import { hashOf, type Trial } from './config.js';
import { backends } from './parts.js';
import { writeWholeFolder } from './whole-file.js';

/** What a result says of the teacher. */
export interface TeacherRow {
  readonly model: string;
  readonly quantizer: string;
  readonly epochs: number;
  /** Its test accuracy as deployed. */
  readonly accuracy: number;
  /** That its training took, which is no part of the trial's own. */
  readonly seconds: number;
}

/** A teacher that is ready. */
export interface Teacher {
  readonly row: TeacherRow;
  open(): Promise<LayersModel>;
}

const rowName = 'teacher.json';

/** The recipe of a teacher: the trial's, with the teacher's own model, quantizer and length. */
function recipeOf(trial: Trial, student: RecipeInput): RecipeInput {
  const { model, modelOptions, quantizer, epochs, learningRate, seed } = trial.method.teacher!;
  const { recipe: _, temperature: __, teacherShare: ___, ...shared } = student;
  return {
    ...shared,
    model: model ?? student.model,
    modelOptions: modelOptions ?? (model === undefined ? student.modelOptions : {}),
    quantizer,
    quantizerOptions: undefined,
    inputQuantizer: undefined,
    inputQuantizerOptions: undefined,
    epochs,
    lr: learningRate ?? student.lr,
    seed: seed ?? trial.seed,
  };
}

type Files = ReadonlyMap<string, Uint8Array>;

const filesIn = (folder: string): Files =>
  new Map(readdirSync(folder).map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]));

async function trained(recipe: RecipeInput, dataset: Dataset<Examples>): Promise<Files> {
  const run = await openRun(recipe, { backends, dataset });
  try {
    await run.train();
    const { model, quantizer, epochs, hardenedTestAccuracy, seconds } = run.result();
    const row: TeacherRow = { model, quantizer, epochs, accuracy: hardenedTestAccuracy!, seconds };
    const files = { ...(await run.files()), [rowName]: JSON.stringify(row) };
    const bytes = (text: Uint8Array | string): Uint8Array => typeof text === 'string' ? new TextEncoder().encode(text) : text; // prettier-ignore
    return new Map(Object.entries(files).map(([name, contents]) => [name, bytes(contents)]));
  } finally {
    await run.dispose();
  }
}

/**
 * The teacher of a trial; undefined where its method has none. Trials whose teachers are trained alike share one.
 * @param student the trial's recipe
 * @param dataset the trial's
 * @param keep folder of the run, where teachers are left
 */
export async function teacherOf(
  trial: Trial,
  student: RecipeInput,
  dataset: Dataset<Examples>,
  keep?: string,
): Promise<Teacher | undefined> {
  if (!trial.method.teacher) return undefined;
  const recipe = recipeOf(trial, student);
  const { limit, testLimit, audio } = trial.config;
  const { speaker } = trial;
  const id = hashOf({ ...recipe, limit, testLimit, audio, speaker });
  const folder = keep && join(keep, 'teachers', id);
  const left = folder !== undefined && existsSync(join(folder, rowName));
  const files = left ? filesIn(folder) : await trained(recipe, dataset);
  if (folder !== undefined && !left) writeWholeFolder(folder, files, rowName);
  const row = JSON.parse(new TextDecoder().decode(files.get(rowName))) as TeacherRow;
  return { row, open: () => modelOf(folder ?? 'teacher', files) };
}
