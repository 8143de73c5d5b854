// loadStream: a causal model on input that goes on, of which each frame is computed once.
import type { Skipped } from '@bitgrad/bits';
import type { EngineReport } from '../engine.js';
import { decodeFrom, loadOptions, type LoadOptions } from '../load.js';
import type { ModelMetadata, PackedModel } from '../model.js';
import type { BufferSpec } from '../plan.js';
import { readSource, type ModelSource } from '../source.js';
import { runSplit, type Stream } from './run.js';
import { splitModel } from './split.js';
import { validateModel } from '../validate/model.js';

/** What runs a stream. */
export interface StreamReport {
  /** Of what each new frame goes through. */
  readonly step: EngineReport;
  /** Of what makes an answer of the rows of an example, where there is such a part. */
  readonly head?: EngineReport;
  /** Engines preferred to the one in use, with the reason why each does not run the model. */
  readonly skipped: readonly Skipped[];
}

/** A causal model on input that goes on. */
export interface StreamModel extends Stream {
  readonly metadata: ModelMetadata;
  /** Type and shape of one example, whose first axis is time. */
  readonly input: BufferSpec;
  /** Type and shape of one result; where the model answers for each frame, of an example's. */
  readonly output: BufferSpec;
  report(): StreamReport;
}

/** The stream of a model that was checked; `start` runs a plan on the first engine that can. */
async function streamOf(model: PackedModel, start: ReturnType<typeof loadOptions>[1]): Promise<StreamModel> {
  const split = splitModel(model);
  const { executable: step, skipped } = await start(split.step);
  const head = split.head && (await start(split.head)).executable;
  const { plan, metadata } = model;
  const input = plan.buffers[plan.input]!;
  return {
    ...runSplit(split, input.type as 'u8' | 'f32', step, head),
    metadata,
    input,
    output: plan.buffers[plan.output]!,
    report: () => ({ step: step.report(), ...(head && { head: head.report() }), skipped }),
  };
}

/**
 * Prepares a model in memory for input that goes on; see {@link loadStream}.
 * @throws BitgradError as {@link loadStream}, but for what files have
 */
export async function openStream(model: PackedModel, options: LoadOptions = {}): Promise<StreamModel> {
  const [bounds, start] = loadOptions('openStream', options);
  return streamOf(validateModel(model, bounds), start);
}

/**
 * Loads a `.bitgrad` model whose layers are causal along the first axis of its input, for input that goes on: each frame is
 * computed once, and what earlier ones left is kept. The first answer is that of `loadModel` bit for bit; those after it know
 * what was before the example, where the model has padding.
 * @param source as `loadModel`
 * @throws BitgradError `unsupported-op` for a model that looks at frames after its own; as `loadModel`
 */
export async function loadStream(source: ModelSource, options: LoadOptions = {}): Promise<StreamModel> {
  const [bounds, start] = loadOptions('loadStream', options);
  const bytes = await readSource(source, bounds, options.signal);
  return streamOf(await decodeFrom(source, bytes, bounds), start);
}
