// Running a trial on the engine under test and on the runtime's JavaScript engine.
import { jsEngine, validateModel, type Engine, type OutputArray, type PackedModel } from '@bitgrad/runtime';
import { agrees } from '../compare.js';
import { fail } from '../case.js';
import { runDirty } from './dirty.js';
import type { Trial } from './model.js';

/**
 * How much is tried: `quick` is for engines that take long to compile a model, `brief` for those that take very long,
 * `thorough` runs every combination of channels, pools and moves, for an hour instead of seconds.
 */
export type Effort = 'brief' | 'quick' | 'normal' | 'thorough';

/** An engine under test. */
export interface EngineSubject {
  create(): Engine;
  /**
   * Largest error of an f32 output, relative to max(1, |value|): what the engine documents for divisions, square roots
   * and smooth functions. Default 0: bit for bit, as an engine on a CPU. Integer outputs are always compared exactly.
   */
  readonly tolerance?: number;
  /** How many of the networks to run; default `normal`. */
  readonly effort?: Effort;
}

/** @throws BitgradError `verification-failed` where an output differs by more than its type allows */
export function compareOutputs(label: string, got: OutputArray, want: OutputArray, tolerance = 0): void {
  if (got.length !== want.length || got.constructor.name !== want.constructor.name)
    fail(
      `${label}: output`,
      `${got.constructor.name} of ${got.length}`,
      `${want.constructor.name} of ${want.length}`,
    );
  const allowed = want instanceof Float32Array ? tolerance : 0;
  for (let i = 0; i < want.length; i++)
    if (!agrees(got[i]!, want[i]!, allowed))
      fail(`${label}: element ${i}`, got[i], `${want[i]} within ${allowed}`);
}

/** What the reference engine gives. */
export async function reference(model: PackedModel, input: Uint8Array | Float32Array): Promise<OutputArray> {
  const executable = await jsEngine().compile(model);
  const result = await runDirty(executable, input);
  executable.dispose();
  return result;
}

/** Compares the engine with the reference on the trial of every item, each run twice, on memory full of noise. */
export async function checkTrials<T>(
  { create, tolerance }: EngineSubject,
  items: readonly T[],
  build: (item: T) => Trial,
): Promise<void> {
  const engine = create();
  // Engines on a GPU share one device between models: keep it alive from trial to trial.
  let previous: { dispose(): void } | undefined;
  try {
    for (const item of items) {
      const model = build(item);
      validateModel(model);
      const want = await reference(model, model.input);
      const executable = await engine.compile(model);
      previous?.dispose();
      previous = executable;
      compareOutputs(model.label, await runDirty(executable, model.input), want, tolerance);
      compareOutputs(`${model.label}, second run`, await runDirty(executable, model.input), want, tolerance);
    }
  } finally {
    previous?.dispose();
  }
}
