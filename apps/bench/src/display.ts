// What `bench run` shows of trials under way: bars on a terminal, lines elsewhere.
import { MultiBar, Presets, type SingleBar } from 'cli-progress';
import { trialName as nameOf, type Trial } from './config.js';
import type { TrialProgress } from './run-trial.js';

/** Shows trials. */
export interface Display {
  started(trial: Trial): void;
  progress(trial: Trial, progress: TrialProgress): void;
  ended(trial: Trial, text: string): void;
  say(text: string): void;
  stop(): void;
}

const noteOf = ({ accuracy, imagesPerSecond }: TrialProgress): string =>
  `accuracy ${(100 * accuracy).toFixed(1)} %, ${imagesPerSecond.toFixed(0)} img/s`;

/** Milliseconds between lines about one trial: a log of hours stays readable. */
const lineEvery = 30_000;

/** @param now the time in milliseconds */
function lines(out: NodeJS.WritableStream, now: () => number): Display {
  const last = new Map<string, number>();
  const say = (text: string): void => void out.write(`${text}\n`);
  return {
    started(trial) {
      last.set(trial.id, now());
      say(`${nameOf(trial)}: started`);
    },
    progress(trial, progress) {
      const time = now();
      if (time - (last.get(trial.id) ?? time) < lineEvery) return;
      last.set(trial.id, time);
      const percent = Math.floor((100 * progress.done) / progress.total);
      say(`${nameOf(trial)}: ${percent} %, ${noteOf(progress)}`);
    },
    ended(trial, text) {
      last.delete(trial.id);
      say(`${nameOf(trial)}: ${text}`);
    },
    say,
    stop: () => {},
  };
}

function bars(trials: readonly Trial[], stream: NodeJS.WritableStream): Display {
  const wide = Math.max(...trials.map((trial) => nameOf(trial).length), 5);
  const multi = new MultiBar(
    { stream, hideCursor: true, clearOnComplete: false, format: '{name} {bar} {percentage} % {note}' },
    Presets.shades_grey,
  );
  const active = new Map<string, SingleBar>();
  const total = multi.create(trials.length, 0, { name: 'total'.padEnd(wide), note: '' });
  const say = (text: string): void => multi.log(`${text}\n`);
  return {
    started(trial) {
      active.set(trial.id, multi.create(1, 0, { name: nameOf(trial).padEnd(wide), note: 'starting' }));
    },
    progress(trial, progress) {
      const bar = active.get(trial.id);
      bar?.setTotal(progress.total);
      bar?.update(progress.done, { note: noteOf(progress) });
    },
    ended(trial, text) {
      const bar = active.get(trial.id);
      if (bar) multi.remove(bar);
      active.delete(trial.id);
      total.increment();
      say(`${nameOf(trial)}: ${text}`);
    },
    say,
    stop: () => multi.stop(),
  };
}

/** Bars where the stream is a terminal, else lines. */
export const display = (
  trials: readonly Trial[],
  stream: NodeJS.WritableStream & { readonly isTTY?: boolean },
  now: () => number = () => performance.now(),
): Display => (stream.isTTY ? bars(trials, stream) : lines(stream, now));
