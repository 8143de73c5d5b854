// Every model by name, each loaded when it is asked for. One alone is at `@bitgrad/zoo/NAME`.
import { BitgradError, nearestName } from '@bitgrad/bits';
import { modelKinds as kinds, models } from './generated/index.js';
import type { Pretrained, PretrainedOptions, ZooModel } from './pretrained.js';

export type { Latency, ModelCard, SoundCard } from './card.js';
export type { Pretrained, PretrainedOptions, ZooModel } from './pretrained.js';

/** Names of the models. */
export type ModelName = keyof typeof models;

/** Names of the models, sorted. */
export const modelNames: readonly ModelName[] = Object.keys(models) as ModelName[];

/** What each takes: those that read pictures have `classify`, for those that listen there are `soundInput` and `soundStream` of the runtime. */
export const modelKinds: Readonly<Record<ModelName, 'picture' | 'sound'>> = kinds;

/** A model with its card, not loaded yet. @throws BitgradError `unknown-name` */
export async function findPretrained(name: ModelName): Promise<Pretrained> {
  if (Object.hasOwn(models, name)) return (await models[name]()).default;
  const nearest = nearestName(String(name), modelNames);
  throw new BitgradError({
    code: 'unknown-name',
    source: 'zoo',
    what: 'model',
    got: name,
    expected: `one of ${modelNames.join(', ')}`,
    next: nearest === undefined ? undefined : `Did you mean "${nearest}"?`,
  });
}

/**
 * Loads a trained model on the best engine that runs here.
 * @throws BitgradError `unknown-name`, and as `loadModel` of @bitgrad/classify
 */
export const loadPretrained = async (name: ModelName, options?: PretrainedOptions): Promise<ZooModel> =>
  (await findPretrained(name)).load(options);
