// Shows a run: a bar on a terminal, plain lines elsewhere (one every few seconds, one an epoch).
import type { EpochEvent, InStage, PhaseEvent, StepEvent } from '@bitgrad/training';
import { SingleBar } from 'cli-progress';
import { writeLine, type CliIo } from './io.js';

/** A view of a run. */
export interface Progress {
  step(event: StepEvent): void;
  epoch(event: EpochEvent): void;
  /** Names what begins. */
  phase(event: PhaseEvent): void;
  /** A line of its own, above the bar. */
  note(text: string): void;
  stop(): void;
}

const lineEveryMs = 5000;

/** Seconds as 4s, 3m20s or 2h05m. */
export function duration(seconds: number): string {
  const s = Math.round(seconds);
  const two = (n: number) => String(n).padStart(2, '0');
  if (s < 60) return `${s}s`;
  if (s < 3600) return `${Math.floor(s / 60)}m${two(s % 60)}s`;
  return `${Math.floor(s / 3600)}h${two(Math.floor((s % 3600) / 60))}m`;
}

/** A share as a percentage with two decimals. */
export const percent = (share: number | null): string =>
  share === null ? '-' : `${(share * 100).toFixed(2)} %`;

const figures = (event: StepEvent): string =>
  [
    `loss ${event.meanLoss.toFixed(3)}`,
    `accuracy ${percent(event.accuracy)}`,
    `${event.imagesPerSecond.toFixed(0)} img/s`,
    `ETA ${duration(event.etaSeconds)}`,
  ].join(' | ');

/** `inputs: `, of a run with stages. */
const inStage = ({ stage }: InStage): string => (stage === undefined ? '' : `${stage}: `);

/** The line of an epoch. */
const epochLine = (event: EpochEvent, epochs: number): string =>
  [
    `epoch ${event.epoch + 1}/${epochs}`,
    ...(event.stage === undefined ? [] : [event.stage]),
    `loss ${event.loss.toFixed(4)}`,
    `accuracy ${percent(event.accuracy)}`,
    ...(event.validationAccuracy === undefined ? [] : [`validation ${percent(event.validationAccuracy)}`]),
    ...(event.hardenedTestAccuracy === null ? [] : [`test ${percent(event.hardenedTestAccuracy)}`]),
    ...(event.softToHardGap ? [`soft-to-hard gap ${percent(event.softToHardGap)}`] : []),
    ...(event.flipRatio === null ? [] : [`flips ${(event.flipRatio * 100).toFixed(3)} %`]),
    duration(event.seconds),
  ].join(' | ');

/** A progress view on the streams of a command; `lines` takes what is not the bar. */
export function createProgress(io: CliIo, lines: NodeJS.WritableStream, epochs: number): Progress {
  return io.terminal ? barProgress(io, lines, epochs) : lineProgress(lines, epochs);
}

/** What a phase does, in words. */
const phaseText = (event: PhaseEvent): string => {
  const { phase, images } = event;
  const what = phase === 'training' ? `training on ${images} images` : `evaluating ${images} ${phase} images`;
  return `${inStage(event)}${what}`;
};

function lineProgress(lines: NodeJS.WritableStream, epochs: number): Progress {
  let last = performance.now();
  const due = (): boolean => {
    if (performance.now() - last < lineEveryMs) return false;
    last = performance.now();
    return true;
  };
  return {
    step(event) {
      const place = `epoch ${event.epoch + 1}/${epochs} | ${inStage(event)}training, step ${event.step}/${event.totalSteps}`;
      if (due()) writeLine(lines, `${place} | ${figures(event)}`);
    },
    phase(event) {
      if (due()) writeLine(lines, `epoch ${event.epoch + 1}/${epochs} | ${phaseText(event)}`);
    },
    epoch: (event) => writeLine(lines, epochLine(event, epochs)),
    note: (text) => writeLine(lines, text),
    stop: () => undefined,
  };
}

function barProgress(io: CliIo, lines: NodeJS.WritableStream, epochs: number): Progress {
  const bar = new SingleBar({
    stream: io.stderr,
    format: 'epoch {epoch} |{bar}| {percentage}% | {figures}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    fps: 8,
    hideCursor: true,
    clearOnComplete: true,
    // It would end the process on Ctrl-C, before the checkpoint is saved.
    gracefulExit: false,
  });
  let running = false;
  const line = (text: string): void => {
    if (running) bar.stop();
    running = false;
    writeLine(lines, text);
  };
  return {
    step(event) {
      const payload = {
        epoch: `${event.epoch + 1}/${epochs}`,
        figures: `${inStage(event)}${figures(event)}`,
      };
      if (!running) bar.start(event.stepsPerEpoch, event.batch, payload);
      else bar.update(event.batch, payload);
      running = true;
    },
    phase(event) {
      if (running) bar.update({ figures: phaseText(event) });
    },
    epoch: (event) => line(epochLine(event, epochs)),
    note: line,
    stop() {
      if (running) bar.stop();
      running = false;
    },
  };
}
