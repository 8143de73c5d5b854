// Sound that goes on, for `bitgrad run --stream` and `--false-accepts`: new frames, an answer every tenth of a second, words.
import { BitgradError, resample } from '@bitgrad/core';
import { createNoise, noiseKinds, type Recording } from '@bitgrad/datasets';
import { readRecording } from '@bitgrad/datasets/node';
import {
  createDetector,
  openStream,
  soundFrames,
  soundStream,
  topClasses,
  type Detection,
  type OutputArray,
} from '@bitgrad/runtime';
import { engineText, runOn, type Started } from './engines.js';
import { exitCodes } from './exit.js';
import { writeLine, type CliIo } from './io.js';
import { percent } from './progress.js';
import { answersOf, inputSpec } from './run-split.js';
import { resultTable } from './table.js';

/** What was heard. */
interface Heard {
  readonly seconds: number;
  readonly detections: readonly Detection[];
  /** Answers that the model gave, and the seconds that they took. */
  readonly answers: number;
  readonly took: number;
  /** Whether each frame was computed once, and why not. */
  readonly streaming: Streaming;
}

/** How sound that goes on is computed: each frame once, or all frames of an example for each answer, and why. */
interface Streaming {
  readonly frames: 'new' | 'all';
  readonly reason: string | null;
}

/** A model that hears. */
interface Ear {
  readonly streaming: Streaming;
  push(samples: Int16Array): Promise<OutputArray | undefined>;
  dispose(): void;
}

/** Computes each frame once where the model is causal and its sound is not normalized to what is still to come. */
export async function openEar({ model, engine, executable, report }: Started, rate: number): Promise<Ear> {
  const target = { input: inputSpec(model), metadata: model.metadata };
  try {
    const frames = soundFrames(rate, target);
    const stream = await openStream(model, { engine, threads: report.threads });
    return {
      streaming: { frames: 'new', reason: null },
      async push(samples) {
        const input = frames.push(samples);
        return input && stream.push(input);
      },
      dispose: () => stream.dispose(),
    };
  } catch (error) {
    if (!(error instanceof BitgradError) || !['unsupported-op', 'invalid-option'].includes(error.code))
      throw error;
    const stream = soundStream(rate, target);
    return {
      streaming: { frames: 'all', reason: error.message },
      async push(samples) {
        const input = stream.push(samples);
        return input && runOn(executable, input);
      },
      dispose() {},
    };
  }
}

const answersPerSecond = 10;

/** Runs a model on a recording as on sound that comes in. @throws BitgradError as `soundStream` */
async function listen(
  started: Started,
  { samples, sampleRate }: Recording,
  threshold: number | undefined,
  onWord: (word: Detection) => void = () => {},
): Promise<Heard> {
  const { model } = started;
  const rate = model.metadata.sound?.sampleRate ?? sampleRate;
  const ear = await openEar(started, rate);
  const known = answersOf(model);
  const count = model.plan.buffers[model.plan.output]!.shape.at(-1)!;
  const detector = createDetector({ threshold });
  const heard = resample(samples, sampleRate, rate);
  const piece = Math.max(1, Math.round(rate / answersPerSecond));
  const detections: Detection[] = [];
  let answers = 0;
  const began = performance.now();
  for (let at = 0; at < heard.length; at += piece) {
    const output = await ear.push(heard.subarray(at, at + piece));
    if (!output) continue;
    answers++;
    const word = detector.push(
      topClasses(output, known, Math.max(2, count)),
      Math.min(heard.length, at + piece) / rate,
    );
    if (!word) continue;
    detections.push(word);
    onWord(word);
  }
  const took = (performance.now() - began) / 1000;
  ear.dispose();
  return { seconds: samples.length / sampleRate, detections, answers, took, streaming: ear.streaming };
}

/** Words that a model hears where nobody speaks. */
interface FalseAccepts {
  /** Minutes of each kind of sound. */
  readonly minutes: number;
  /** By the kind of sound: words an hour. */
  readonly perHour: Readonly<Record<string, number>>;
}

/** Runs a model on synthesized silence and noises. */
async function falseAccepts(
  started: Started,
  minutes: number,
  threshold: number | undefined,
  seed: number,
): Promise<FalseAccepts> {
  const sampleRate = started.model.metadata.sound?.sampleRate ?? 8000;
  const perHour: Record<string, number> = {};
  for (const name of noiseKinds) {
    const length = Math.round(60 * minutes * sampleRate);
    const samples = createNoise(name, length, sampleRate, seed);
    const { detections } = await listen(started, { samples, sampleRate }, threshold);
    perHour[name] = (detections.length * 60) / minutes;
  }
  return { minutes, perHour };
}

/** @throws BitgradError `invalid-option` for a model that does not listen */
function expectSound({ model }: Started, flag: string): void {
  if (model.metadata.sound) return;
  throw new BitgradError({
    code: 'invalid-option',
    source: 'cli',
    what: `${flag} of a model that was not trained on sound`,
    got: model.metadata.name ?? 'a file without metadata.sound',
    next: 'Train one with --data audio:DIR.',
  });
}

/** Options of {@link runSound}, as the command has them. */
export interface SoundOptions {
  readonly falseAccepts?: number;
  /** Default the detector's. */
  readonly threshold?: number;
  readonly seed: number;
  readonly json: boolean;
}

/**
 * `--stream` and `--false-accepts`.
 * @param path the recording, of the former
 * @returns the exit code
 * @throws BitgradError `invalid-option` for a model that was not trained on sound; as `readRecording`
 */
export async function runSound(
  started: Started,
  path: string,
  { falseAccepts: minutes, threshold, seed, json }: SoundOptions,
  io: CliIo,
): Promise<number> {
  expectSound(started, minutes === undefined ? '--stream' : '--false-accepts');
  const write = (object: object): void => writeLine(io.stdout, JSON.stringify(object));
  if (minutes !== undefined) {
    const result = await falseAccepts(started, minutes, threshold, seed);
    if (json) write(result);
    else {
      const rows = Object.entries(result.perHour).map(([name, n]) => [name, `${n} words an hour`] as const);
      writeLine(
        io.stdout,
        resultTable(
          `heard in ${minutes} minutes of each${threshold === undefined ? '' : `, threshold ${threshold}`}`,
          rows,
          io,
        ),
      );
    }
    return exitCodes.done;
  }
  const said = ({ seconds, name, probability }: Detection): void => {
    if (!json) writeLine(io.stdout, `${seconds.toFixed(1).padStart(8)} s  ${name}  ${percent(probability)}`);
  };
  const heard = await listen(started, await readRecording(path), threshold, said);
  const { seconds, answers, took } = heard;
  if (json) write({ audio: path, ...heard, perHour: (heard.detections.length * 3600) / seconds });
  else
    writeLine(
      io.stderr,
      `${heard.detections.length} words in ${seconds.toFixed(1)} s; ${answers} answers, ${heard.streaming.frames === 'new' ? 'each frame computed once' : 'all frames for each'}, took ${took.toFixed(2)} s on ${engineText(started.report)}`,
    );
  return exitCodes.done;
}
