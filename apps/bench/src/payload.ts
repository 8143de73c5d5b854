// What crosses the queue. A server is trusted with jobs and results, not with code: see "The queue" in the README. Both
// sides check what they get.
import { BitgradError } from '@bitgrad/core';
import { z } from 'zod';
import { configSchema, problems, trialsOf, type Trial } from './config.js';
import type { TrialResult } from './result.js';

const payloadSchema = z.strictObject({ id: z.string(), config: configSchema });

/** A job's data: the config and which trial of it. Everything else of the trial follows from them. */
export type Payload = z.input<typeof payloadSchema>;

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
  const parsed = payloadSchema.safeParse(data);
  if (!parsed.success) throw refused(`the job's data is no trial (${problems(parsed.error)})`);
  const { id, config } = parsed.data;
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

const share = z.number().min(0).max(1);

/** The fields of a result that reports compute with; the others are shown only. */
const resultSchema = z.looseObject({
  id: z.string(),
  seed: z.int(),
  model: z.string(),
  data: z.string(),
  hardened: share,
  soft: share,
  gap: z.number(),
  seconds: z.number().nonnegative(),
  imagesPerSecond: z.number().nonnegative(),
  epochs: z.array(z.looseObject({ epoch: z.int(), loss: z.number() })),
});

/** A worker's result of a trial. @throws BitgradError `invalid-file` when it is none, or another trial's */
export function resultOf(trial: Trial, value: unknown): TrialResult {
  const parsed = resultSchema.safeParse(value);
  if (parsed.success && parsed.data.id === trial.id && parsed.data.seed === trial.seed)
    return value as TrialResult;
  throw new BitgradError({
    code: 'invalid-file',
    source: 'bench',
    what: `a worker gave no result of trial ${trial.label} (seed ${trial.seed})`,
    got: parsed.success ? `that of ${parsed.data.id}` : problems(parsed.error),
  });
}
