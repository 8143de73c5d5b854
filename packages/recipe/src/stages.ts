// Which stages a run has, and where it stands among them.
import { walkLayers } from '@bitgrad/layers';
import { BitgradError, parseOptions } from '@bitgrad/core';
import type { Dataset, Examples } from '@bitgrad/datasets';
import { type EpochEvent, type TrainEvent, type Trainer } from '@bitgrad/training';
import * as v from 'valibot';
import type { StagePlan } from './parts.js';
import { chooseQuantizers, type ChosenQuantizers } from './quantizers.js';
import { buildModel, checkRecipe, resolveRecipe, type Recipe } from './recipe.js';
import { recipeNamed, stageEpochs } from './recipes/registry.js';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const amount = v.pipe(v.number(), v.finite(), v.minValue(0));
const doneSchema = v.strictObject({
  steps: count,
  epochs: count,
  seconds: amount,
  images: count,
  history: v.array(v.looseObject({ type: v.literal('epoch'), epoch: count, step: count })),
});

/** What the stages before the present one did. */
export interface Done {
  readonly steps: number;
  readonly epochs: number;
  readonly seconds: number;
  readonly images: number;
  readonly history: readonly EpochEvent[];
}

/** Before the first stage. */
export const nothingDone: Done = { steps: 0, epochs: 0, seconds: 0, images: 0, history: [] };

/** From a checkpoint. @throws BitgradError `invalid-option` for what it cannot be */
export const doneOf = (saved: unknown): Done =>
  parseOptions('recipe', 'stages of the checkpoint', doneSchema, saved) as unknown as Done;

/** How long a run is, with all its stages. */
export interface Length {
  readonly totalSteps: number;
  readonly epochs: number;
}

/** An event of a stage, counted over the whole run; the estimate of the seconds left stays that of the stage. */
export function inRun<E extends TrainEvent>(
  event: E,
  done: Done,
  stage: string | undefined,
  length: Length,
): E {
  if (stage === undefined) return event;
  const step = 'step' in event ? { step: event.step + done.steps } : {};
  const own = Object.entries(length).filter(([key]) => key in event);
  return { ...event, ...step, epoch: event.epoch + done.epochs, ...Object.fromEntries(own), stage };
}

/** With another stage at its end. @param history of the whole run */
export const afterStage = (done: Done, trainer: Trainer, history: readonly EpochEvent[]): Done => {
  const { trainSeconds, trainImages } = trainer.metrics();
  return {
    steps: done.steps + trainer.clock().step,
    epochs: done.epochs + trainer.position().epoch,
    seconds: done.seconds + trainSeconds,
    images: done.images + trainImages,
    history,
  };
};

/**
 * The stages of a run: those of the recipe that it names, or the whole run.
 * @param own quantizers that are given as objects
 * @throws BitgradError `unknown-name`, `invalid-option`
 */
export function stagesOf(
  recipe: Recipe,
  quantizers: ChosenQuantizers,
  data: Dataset<Examples>,
  own: boolean,
): readonly StagePlan[] {
  const { recipe: name, ...rest } = recipe;
  if (name === undefined) return [{ recipe, quantizers }];
  const definition = recipeNamed(name);
  if (own)
    throw new BitgradError({
      code: 'invalid-option',
      source: 'recipe',
      what: `quantizers of one's own, beside recipe ${name}`,
      got: quantizers.label,
      expected: 'names, which its stages may change',
      next: 'Register them as a plugin, and name them.',
    });
  const model = buildModel(recipe, data, quantizers);
  const layers = [...walkLayers(model)].filter(({ layer }) => layer.weights.length > 0).map(({ path }) => path); // prettier-ignore
  model.dispose();
  const stages = definition.stages({ recipe, inputs: quantizers.inputs ?? {}, layers });
  const epochs = stageEpochs(name, stages, recipe.epochs);
  return stages.map((stage, i) => {
    const set = resolveRecipe({ ...withoutUndefined({ ...rest, ...stage.set }), epochs: epochs[i]! });
    const chosen = chooseQuantizers(set);
    checkRecipe(set, chosen, true);
    return { name: stage.name, recipe: set, quantizers: chosen };
  });
}

const withoutUndefined = (given: object): object =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
