// loadModel: bytes -> checked model -> the first engine that runs it.
import {
  BitgradError,
  checkOptions,
  errorIn,
  firstThatRuns,
  reasonsOf,
  type OptionRule,
  type OptionRules,
  type Skipped,
} from '@bitgrad/bits';
import { compileRules } from './compile-options.js';
import { defaultEngine } from './default-engine.js';
import type {
  ExecutableOptions,
  Engine,
  EngineReport,
  Executable,
  InputArray,
  OutputArray,
} from './engine.js';
import { check, failure } from './fail.js';
import { decode } from './format/decode.js';
import { beginsAsModel } from './format/layout.js';
import { limitsFrom, type Limits } from './limits.js';
import type { ModelMetadata, PackedModel } from './model.js';
import type { BufferSpec } from './plan.js';
import { originOf, readSource, type ModelSource } from './source.js';

/** Options of {@link loadModel}. */
export interface LoadOptions extends Omit<ExecutableOptions, 'memoryBytes'> {
  /**
   * The engine, or engines in order of preference: the first that starts and can run the model is used. By default
   * `jsEngine()`, which runs everywhere; engines of other packages are many times faster and must be named.
   */
  engine?: Engine | readonly Engine[];
  /** What the file may ask for; missing fields have their defaults. */
  limits?: Partial<Limits>;
}

/** What runs a model, and what was tried before. */
export interface ModelReport extends EngineReport {
  /** Engines preferred to the one in use, with the reason why each does not run the model. */
  skipped: readonly Skipped[];
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
   * Runs n >= 1 examples; see `Executable.run` for lengths, types, errors and `output`. Raises `not-finite` for NaN and
   * infinity, which a binary layer would take for a sign.
   * @returns the n results, row-major; for a classifier, the logits
   */
  predict(input: InputArray, output?: OutputArray): Promise<OutputArray>;
  /** As {@link Model.predict}, at once; raises `invalid-state` on engines that cannot (GPUs). */
  predictSync(input: InputArray, output?: OutputArray): OutputArray;
  report(): ModelReport;
  /** Frees the engine's memory; a second call does nothing. */
  dispose(): void;
}

const isEngine = (engine: unknown): engine is Engine =>
  typeof (engine as Engine | null)?.compile === 'function' && typeof (engine as Engine).probe === 'function';

const engineRule: OptionRule = {
  expected: 'an engine or a list: [wasmEngine(), jsEngine()]',
  allows: (value) => [value].flat().length > 0 && [value].flat().every(isEngine),
};

const { memoryBytes: _, ...shared } = compileRules;
const rules: OptionRules<LoadOptions> = {
  ...shared,
  engine: engineRule,
  // limitsFrom looks into them.
  limits: { expected: '', allows: () => true },
};

/** A model on the first of some engines that runs it. */
async function start(
  model: PackedModel,
  engines: readonly Engine[],
  options: ExecutableOptions,
): Promise<{ executable: Executable; skipped: readonly Skipped[] }> {
  const { signal } = options;
  const { started, skipped, cause } = await firstThatRuns(
    engines,
    async (engine) => {
      signal?.throwIfAborted();
      return engine.compile(model, options);
    },
    (error) => {
      signal?.throwIfAborted();
      // A limit is the user's decision, not a property of the engine; and one engine's error is the error.
      if (error instanceof BitgradError && (engines.length === 1 || error.code === 'limit-exceeded'))
        throw error;
    },
  );
  if (started) return { executable: started, skipped };
  signal?.throwIfAborted();
  throw failure('backend-unavailable', {
    what: `no engine can run the model (${reasonsOf(skipped)})`,
    next: 'Add jsEngine().',
    cause,
  });
}

/** Decodes what was read; a message names where it came from. */
export async function decodeFrom(
  source: ModelSource,
  bytes: Uint8Array,
  limits: Limits,
): Promise<PackedModel> {
  try {
    if (beginsAsModel(bytes)) return decode(bytes, limits);
    throw failure('invalid-file', (await import('./format/lookalike.js')).noModel(bytes));
  } catch (error) {
    const origin = originOf(source);
    throw origin === undefined ? error : errorIn(origin, error);
  }
}

/** @throws BitgradError `not-finite` */
export function finite(input: InputArray): InputArray {
  const at = input instanceof Float32Array ? input.findIndex((v) => !Number.isFinite(v)) : -1;
  check(at < 0, 'not-finite', `input ${at}`, input?.[at], 'a finite number');
  return input;
}

/** Options of what runs a model, checked: the limits, and what starts a model on the first engine that runs it. */
export function loadOptions(owner: string, options: LoadOptions) {
  const { engine = defaultEngine(), limits, ...rest } = checkOptions('runtime', owner, options, rules);
  // A bundler leaves the default out where nothing else uses it.
  check(!!engine, 'invalid-option', 'engine', engine, engineRule.expected);
  const bounds = limitsFrom(limits);
  const more = { ...rest, memoryBytes: bounds.memoryBytes };
  return [bounds, (model: PackedModel) => start(model, [engine].flat() as Engine[], more)] as const;
}

/**
 * Loads a `.bitgrad` model.
 * @param source URL, path (Node, Deno, Bun), bytes, Blob, File or Response
 * @throws BitgradError `io` (also of a server that is silent for a minute), `truncated-file`, `checksum-mismatch`, `invalid-file`, `unsupported-op`, `overflow`,
 *   `limit-exceeded`, `invalid-option`, `invalid-state`, `backend-unavailable`; the signal's reason when aborted
 */
export async function loadModel(source: ModelSource, options: LoadOptions = {}): Promise<Model> {
  const [bounds, start] = loadOptions('loadModel', options);
  const bytes = await readSource(source, bounds, options.signal);
  const model = await decodeFrom(source, bytes, bounds);
  const { executable, skipped } = await start(model);
  const { plan, metadata } = model;
  return {
    metadata,
    input: plan.buffers[plan.input]!,
    output: plan.buffers[plan.output]!,
    predict: async (input, output) => executable.runAsync(finite(input), output),
    predictSync: (input, output) => executable.run(finite(input), output),
    report: () => ({ ...executable.report(), skipped, fileBytes: bytes.length }),
    dispose: () => executable.dispose(),
  };
}
