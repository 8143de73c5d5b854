// The course of a run through its stages, each of them a model with its trainer: where it stands, on to the next, and a checkpoint of
// it. A run without a recipe has one stage.
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { BitgradError, type JsonObject } from '@bitgrad/core';
import {
  checkConfig,
  loadCheckpoint,
  restoreCheckpoint,
  saveCheckpoint,
  type Checkpoint,
  type EpochEvent,
  type TrainEvent,
} from '@bitgrad/training';
import { openParts, type Parts, type Shared, type StagePlan } from './parts.js';
import { savedIdentity } from './recipe.js';
import { afterStage, doneOf, inRun, nothingDone, type Done, type Length } from './stages.js';

/** Where a run stands, over all its stages. */
export interface RunProgress {
  readonly step: number;
  readonly totalSteps: number;
  readonly epochs: number;
  readonly history: readonly EpochEvent[];
  /** Name of the present stage; absent where there is one only. */
  readonly stage?: string;
}

/** Options of `Run.train`. */
export interface TrainRunOptions {
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TrainEvent) => unknown;
}

/** What a course is of. */
export interface CoursePlan {
  readonly stages: readonly StagePlan[];
  readonly shared: Shared;
  /** What a resumed run must have in common. */
  readonly identity: JsonObject;
  /** Whose weights the first stage starts from. */
  readonly initial?: LayersModel;
}

/** See the members of `Run` of the same names. */
export interface Course {
  /** The present stage. */
  parts(): Parts;
  /** What the stages before did. */
  done(): Done;
  finished(): boolean;
  progress(): RunProgress;
  train(options?: TrainRunOptions): Promise<boolean>;
  checkpoint(): Promise<Uint8Array>;
  resume(bytes: Uint8Array): Checkpoint;
  dispose(): void;
}

interface State {
  index: number;
  done: Done;
  parts: Parts;
}

/** Length of the whole run, as the present stage and those to come make it. */
const lengthOf = ({ stages, shared: { data } }: CoursePlan, { index, done, parts }: State): Length => ({
  epochs: stages
    .slice(index + 1)
    .reduce((sum, { recipe }) => sum + recipe.epochs, done.epochs + parts.recipe.epochs),
  totalSteps: stages
    .slice(index + 1)
    .reduce(
      (sum, { recipe: { epochs, batch } }) => sum + epochs * Math.ceil(data.train.size / batch),
      done.steps + parts.trainer.totalSteps,
    ),
});

function close({ trainer, model }: Parts): void {
  trainer.dispose();
  model.dispose();
}

/** The state in a checkpoint. @throws BitgradError `incompatible`, `invalid-option` */
function savedState(
  { stages, shared, identity }: CoursePlan,
  { index, parts }: State,
  checkpoint: Checkpoint,
): State {
  // prettier-ignore
  const { identity: saved, stage = 0, done } = checkpoint.extra;
  // One that a trainer saved without a recipe has the trainer's options only.
  if (saved) checkConfig(savedIdentity(saved as JsonObject, identity), identity);
  const plan = stages[stage as number];
  if (!plan || stages.length > 1 !== (done !== undefined))
    throw new BitgradError({
      code: 'incompatible',
      source: 'recipe',
      what: 'stage of the checkpoint',
      got: stage,
      expected: `one of the ${stages.length} of this run`,
    });
  return {
    index: stage as number,
    done: done === undefined ? nothingDone : doneOf(done),
    parts: stage === index ? parts : openParts(plan, shared),
  };
}

/** Begins at the first stage. @throws BitgradError as `openParts` */
export function createCourse(plan: CoursePlan): Course {
  const { stages, shared, identity } = plan;
  const state: State = { index: 0, done: nothingDone, parts: openParts(stages[0]!, shared, plan.initial) };
  const isLast = (): boolean => state.index === stages.length - 1;
  const placed = <E extends TrainEvent>(event: E): E =>
    inRun(event, state.done, state.parts.name, lengthOf(plan, state));
  const finished = (): boolean => isLast() && state.parts.trainer.finished();
  const progress = (): RunProgress => ({
    ...lengthOf(plan, state),
    step: state.done.steps + state.parts.trainer.clock().step,
    history: [...state.done.history, ...state.parts.trainer.metrics().history.map(placed)],
    ...(state.parts.name !== undefined && { stage: state.parts.name }),
  });
  const go = (next: State): void => {
    const before = state.parts;
    Object.assign(state, next);
    if (before !== next.parts) close(before);
  };
  return {
    parts: () => state.parts,
    done: () => state.done,
    finished,
    progress,
    async train({ signal, onEvent } = {}) {
      for (;;) {
        const { trainer, model } = state.parts;
        for await (const event of trainer.run({ signal }))
          if (event.type !== 'end' || isLast()) await onEvent?.(placed(event));
        if (isLast() || !trainer.finished()) return finished();
        const done = afterStage(state.done, trainer, progress().history);
        go({ index: state.index + 1, done, parts: openParts(stages[state.index + 1]!, shared, model) });
      }
    },
    checkpoint() {
      const { index: stage, done } = state;
      const staged = stages.length > 1 && { stage, done: JSON.parse(JSON.stringify(done)) as JsonObject };
      return saveCheckpoint(state.parts.trainer, { identity, ...staged });
    },
    resume(bytes) {
      const checkpoint = loadCheckpoint(bytes);
      const next = savedState(plan, state, checkpoint);
      restoreCheckpoint(next.parts.trainer, checkpoint);
      go(next);
      return checkpoint;
    },
    dispose: () => close(state.parts),
  };
}
