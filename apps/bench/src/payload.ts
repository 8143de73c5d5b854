// What crosses the queue. A server is trusted with jobs and results, not with code: see "The queue" in the README. Both
// sides check what they get.
import { BitgradError } from '@bitgrad/core';
import { kinds } from '@bitgrad/recipe';
import * as v from 'valibot';
import { configSchema, problems, trialName, trialsOf, type Trial } from './config.js';
import type { TrialResult } from './result.js';

const payloadSchema = v.strictObject({ id: v.string(), config: configSchema });

/** A job's data: the config and which trial of it. Everything else of the trial follows from them. */
export type Payload = v.InferInput<typeof payloadSchema>;

/** The data of a trial's job. */
export const payloadOf = ({ id, config }: Trial): Payload => ({ id, config });

const refused = (what: string, next?: string): BitgradError =>
  new BitgradError({ code: 'invalid-option', source: 'bench', what, next });

/**
 * The trial of a job's data.
 * @param plugins those that jobs may load here, as they are written in configs
 * @throws BitgradError `invalid-option` for data of another shape, and for plugins that are not allowed
 */
export function trialOf(data: unknown, plugins: readonly string[]): Trial {
  const parsed = v.safeParse(payloadSchema, data);
  if (!parsed.success) throw refused(`the job's data is no trial (${problems(parsed.issues)})`);
  const { id, config } = parsed.output;
  const foreign = config.plugins.find((plugin) => !plugins.includes(plugin));
  if (foreign !== undefined)
    throw refused(
      `the job wants to load the plugin ${JSON.stringify(foreign)}, and this worker does not allow that`,
      'A plugin is code: if you trust it, start the worker with --plugins and its name.',
    );
  const trial = trialsOf(config).find((one) => one.id === id);
  if (!trial) throw refused(`the job's id ${JSON.stringify(id)} is that of no trial of its config`);
  return trial;
}

const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const amount = v.pipe(v.number(), v.minValue(0));

/** The fields of a result that reports compute with; the others are shown only. */
const resultSchema = v.looseObject({
  id: v.string(),
  seed: kinds.anyInteger,
  model: v.string(),
  data: v.string(),
  hardened: share,
  soft: share,
  gap: v.number(),
  seconds: amount,
  imagesPerSecond: amount,
  epochs: v.array(v.looseObject({ epoch: kinds.anyInteger, loss: v.number() })),
});

/** A worker's result of a trial. @throws BitgradError `invalid-file` when it is none, or another trial's */
export function resultOf(trial: Trial, value: unknown): TrialResult {
  const parsed = v.safeParse(resultSchema, value);
  if (parsed.success && parsed.output.id === trial.id && parsed.output.seed === trial.seed)
    return value as TrialResult;
  throw new BitgradError({
    code: 'invalid-file',
    source: 'bench',
    what: `a worker gave no result of trial ${trialName(trial)}`,
    got: parsed.success ? `that of ${parsed.output.id}` : problems(parsed.issues),
  });
}
