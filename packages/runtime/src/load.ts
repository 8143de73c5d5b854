// loadModel: bytes -> checked model -> the first engine that runs it.
import { BitgradError } from '@bitgrad/bits';
import type { CompileOptions, Engine, EngineReport, Executable, InputArray, OutputArray } from './engine.js';
import { check, failure } from './fail.js';
import { decodeModel } from './format/decode.js';
import { defaultLimits, type Limits } from './limits.js';
import type { ModelMetadata, PackedModel } from './model.js';
import type { BufferSpec } from './plan.js';
import { readSource, type ModelSource } from './source.js';

/** Options of {@link loadModel}. */
export interface LoadOptions extends Omit<CompileOptions, 'memoryBytes'> {
  /** The engine, or engines in order of preference: the first that starts and can run the model is used. */
  engine: Engine | readonly Engine[];
  /** What the file may ask for; missing fields have their defaults. */
  limits?: Partial<Limits>;
}

/** An engine that was not used, and why. */
export interface SkippedEngine {
  engine: string;
  reason: string;
}

/** What runs a model, and what was tried before. */
export interface ModelReport extends EngineReport {
  /** Engines preferred to the one in use, with the reason why each does not run the model. */
  skipped: readonly SkippedEngine[];
  /** Bytes of the file. */
  fileBytes: number;
}

/** A model that is ready to run. */
export interface Model {
  readonly metadata: ModelMetadata;
  /** Type and shape of one example. */
  readonly input: BufferSpec;
  /** Type and shape of one result. */
  readonly output: BufferSpec;
  /**
   * Runs n >= 1 examples; see `Executable.run` for lengths, types, errors and `output`.
   * @returns the n results, row-major; for a classifier, the logits
   */
  predict(input: InputArray, output?: OutputArray): Promise<OutputArray>;
  /** As {@link Model.predict}, at once; raises `invalid-state` on engines that cannot (GPUs). */
  predictSync(input: InputArray, output?: OutputArray): OutputArray;
  report(): ModelReport;
  /** Frees the engine's memory; a second call does nothing. */
  dispose(): void;
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function start(
  model: PackedModel,
  engines: readonly Engine[],
  options: CompileOptions,
): Promise<{ executable: Executable; skipped: SkippedEngine[] }> {
  const skipped: SkippedEngine[] = [];
  let cause: unknown;
  for (const engine of engines) {
    try {
      const { available, reason } = await engine.probe();
      options.signal?.throwIfAborted();
      if (available) return { executable: await engine.compile(model, options), skipped };
      skipped.push({ engine: engine.name, reason: reason ?? 'not available here' });
    } catch (error) {
      options.signal?.throwIfAborted();
      // A limit is the user's decision, not a property of the engine; and one engine's error is the error.
      if (engines.length === 1 || (error instanceof BitgradError && error.code === 'limit-exceeded'))
        throw error;
      cause = error;
      skipped.push({ engine: engine.name, reason: reasonOf(error) });
    }
  }
  throw failure('backend-unavailable', {
    what: `no engine can run the model (${skipped.map(({ engine, reason }) => `${engine}: ${reason}`).join('; ')})`,
    next: 'Add jsEngine() at the end of the list: it runs everywhere.',
    cause,
  });
}

/**
 * Loads a `.bitgrad` model.
 * @param source URL, path (Node, Deno, Bun), bytes, Blob, File or Response
 * @throws BitgradError `io`, `truncated-file`, `checksum-mismatch`, `invalid-file`, `unsupported-op`, `overflow`,
 *   `limit-exceeded`, `invalid-option`, `backend-unavailable`; the signal's reason when aborted
 */
export async function loadModel(source: ModelSource, options: LoadOptions): Promise<Model> {
  const { engine, limits, ...rest } = options;
  const engines = [engine].flat() as Engine[];
  check(
    engines.length > 0 && engines.every((e) => typeof e?.compile === 'function'),
    'invalid-option',
    'engine',
    engine,
    'an engine or a list of engines',
    'Pass { engine: jsEngine() }, or [wasmEngine(), jsEngine()] of @bitgrad/backend-wasm/engine and @bitgrad/runtime.',
  );
  const bounds = { ...defaultLimits, ...limits };
  const bytes = await readSource(source, bounds, options.signal);
  const model = decodeModel(bytes, bounds);
  const { executable, skipped } = await start(model, engines, { ...rest, memoryBytes: bounds.memoryBytes });
  const { plan, metadata } = model;
  return {
    metadata,
    input: plan.buffers[plan.input]!,
    output: plan.buffers[plan.output]!,
    predict: (input, output) => executable.runAsync(input, output),
    predictSync: (input, output) => executable.run(input, output),
    report: () => ({ ...executable.report(), skipped, fileBytes: bytes.length }),
    dispose: () => executable.dispose(),
  };
}
