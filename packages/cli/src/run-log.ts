// What a run's folder keeps of its course: an epoch a line in history.jsonl, and curves for TensorBoard.
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  curvesOf,
  tensorboardHeader,
  tensorboardRecord,
  tensorboardUntil,
  type EpochEvent,
  type StepEvent,
} from '@bitgrad/training';
import { ioError, readIfThere, writeAtomically } from './model-dir/atomic.js';

/** One JSON object a line, an epoch each. */
export const historyName = 'history.jsonl';

/** TensorBoard finds it by the middle of its name. */
export const eventsName = 'events.out.tfevents.bitgrad';

/** Points of the curve of an epoch's steps. */
const pointsPerEpoch = 20;

const line = (event: EpochEvent): string => {
  const { type: _, ...figures } = event;
  return `${JSON.stringify(figures)}\n`;
};

/** A log that is open for the events that follow. */
export interface RunLog {
  add(event: EpochEvent | StepEvent): Promise<void>;
}

/**
 * Opens the log of a run where it stands: epochs of its history, and points up to its step, stay; what a killed process
 * wrote after its checkpoint goes.
 * @param now milliseconds since 1970, as `Date.now`
 * @throws BitgradError `io`
 */
export async function openRunLog(
  folder: string,
  history: readonly EpochEvent[],
  step: number,
  now: () => number,
): Promise<RunLog> {
  const [epochs, events] = [join(folder, historyName), join(folder, eventsName)];
  const seconds = (): number => now() / 1000;
  await writeAtomically(epochs, history.map(line).join(''));
  const kept = step > 0 ? tensorboardUntil((await readIfThere(events)) ?? new Uint8Array(), step) : undefined;
  const begun =
    kept && kept.length > 0
      ? [kept]
      : [
          tensorboardHeader(seconds()),
          ...history.map((event) =>
            tensorboardRecord({ step: event.step, wallTime: seconds(), values: curvesOf(event) }),
          ),
        ];
  await writeAtomically(events, Buffer.concat(begun));
  const append = (path: string, contents: string | Uint8Array): Promise<void> =>
    appendFile(path, contents).catch((cause: unknown) => {
      throw ioError(`${path} cannot be written`, cause);
    });
  return {
    async add(event) {
      if (event.type === 'step') {
        const every = Math.max(1, Math.floor(event.stepsPerEpoch / pointsPerEpoch));
        if (event.step % every !== 0) return;
      } else await append(epochs, line(event));
      await append(
        events,
        tensorboardRecord({ step: event.step, wallTime: seconds(), values: curvesOf(event) }),
      );
    },
  };
}
