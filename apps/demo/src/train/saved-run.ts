// What a saved run still has to do, in words.
import { formatDuration } from '../shared/format.js';
import type { SavedRun } from '../worker/protocol.js';

/** What the page says of a saved run. */
export interface SavedSummary extends Pick<SavedRun, 'step' | 'totalSteps'> {
  readonly model: string;
  readonly epochs: number;
  /** Seconds that were left when it was saved; null where that was not known yet. */
  readonly secondsLeft: number | null;
}

/** Its summary; runs that were saved by earlier builds of the page do not say how long they would take. */
export const summaryOf = ({ step, totalSteps, settings, secondsLeft }: SavedRun): SavedSummary => ({
  step,
  totalSteps,
  model: settings.model,
  epochs: settings.epochs,
  secondsLeft: secondsLeft ?? null,
});

/** What is left of it: steps, epochs and, roughly, time. */
export function savedRunText({ step, totalSteps, model, epochs, secondsLeft }: SavedSummary): string {
  const at = `It stopped at step ${step} of ${totalSteps} (${model})`;
  if (step >= totalSteps) return `${at}: it is trained, and only packing is left.`;
  const left = (epochs * (totalSteps - step)) / totalSteps;
  const much = left < 1 ? 'less than an epoch' : `${left.toFixed(left < 10 ? 1 : 0)} of ${epochs} epochs`;
  const time = secondsLeft === null ? '' : `, about ${formatDuration(secondsLeft)} on this machine`;
  return `${at}: ${totalSteps - step} steps are left, ${much}${time}.`;
}
