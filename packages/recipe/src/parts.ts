// What a run consists of, for one stage of it: a model with its trainer.
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { BackendAdapter } from '@bitgrad/core';
import type { Dataset, Examples } from '@bitgrad/datasets';
import { freezeLayers, initializeFrom, type Trainer, type TrainerOptions } from '@bitgrad/training';
import type { ChosenQuantizers } from './quantizers.js';
import { buildModel, buildTrainer, type Recipe } from './recipe.js';

/** What all stages of a run have. */
export interface Shared {
  readonly backend: BackendAdapter;
  readonly data: Dataset<Examples>;
  /** Whose logits the run learns from. */
  readonly teacher?: LayersModel;
  readonly trainer?: Partial<TrainerOptions>;
  readonly note: (text: string) => void;
}

/** What a stage is trained by. */
export interface StagePlan {
  /** Undefined where there is one only. */
  readonly name?: string;
  readonly recipe: Recipe;
  readonly quantizers: ChosenQuantizers;
}

/** A stage that is ready to be trained. */
export interface Parts extends StagePlan {
  readonly model: LayersModel;
  readonly trainer: Trainer;
}

/** Takes weights over, and says which. */
function startFrom(model: LayersModel, source: LayersModel): string {
  const { taken, left } = initializeFrom(model, source);
  const rest =
    left.length === 0 ? '' : `; new are ${left.slice(0, 8).join(', ')}${left.length > 8 ? ', ...' : ''}`;
  return `${taken.length} of ${taken.length + left.length} weights are taken over${rest}`;
}

/**
 * Makes the model of a stage, and its trainer.
 * @param initial whose weights it starts from; is not changed, and not disposed
 * @throws BitgradError as `createModel`, `initializeFrom`, `freezeLayers` and `createTrainer`
 */
export function openParts(
  plan: StagePlan,
  { data, teacher, trainer, note }: Shared,
  initial?: LayersModel,
): Parts {
  // prettier-ignore
  const { recipe, quantizers } = plan;
  const model = buildModel(recipe, data, quantizers);
  if (initial) note(startFrom(model, initial));
  if (recipe.freeze !== undefined) {
    const names = recipe.freeze.split(',').map((name) => name.trim());
    note(`frozen: ${freezeLayers(model, names).join(', ')}`);
  }
  const { temperature, teacherShare: share } = recipe;
  const distill = teacher && { teacher, temperature, share };
  return { ...plan, model, trainer: buildTrainer(recipe, model, data, { ...trainer, distill }) };
}
