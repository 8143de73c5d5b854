// The deployment engines that the command knows, in order of preference. A new engine is one line in the table.
import { readFile, stat } from 'node:fs/promises';
import { BitgradError, errorIn, firstThatRuns, reasonOf, type Skipped } from '@bitgrad/core';
import {
  decodeModel,
  defaultLimits,
  jsEngine,
  type Engine,
  type EngineReport,
  type Executable,
  type InputArray,
  type OutputArray,
  type PackedModel,
} from '@bitgrad/runtime';
import { browsersOnly, type BackendListing } from './backends.js';
import { writeLine, type CliIo } from './io.js';

/** How to get an engine. */
export interface EngineRow {
  readonly name: string;
  readonly package: string;
  load(): Promise<Engine>;
}

const inBrowsers = (name: string): EngineRow => {
  const packageName = `@bitgrad/backend-${name}`;
  const reason = browsersOnly(packageName);
  return {
    name,
    package: packageName,
    load: () =>
      Promise.resolve({
        name,
        probe: () => Promise.resolve({ available: false, reason, features: {} }),
        compile: () =>
          Promise.reject(new BitgradError({ code: 'backend-unavailable', source: 'cli', what: reason })),
      }),
  };
};

/** Every known engine, best first; the last runs everywhere. */
export const engineTable: readonly EngineRow[] = [
  {
    name: 'native',
    package: '@bitgrad/backend-native',
    load: async () => (await import('@bitgrad/backend-native/engine')).nativeEngine(),
  },
  {
    name: 'wasm',
    package: '@bitgrad/backend-wasm',
    load: async () => (await import('@bitgrad/backend-wasm/engine')).wasmEngine(),
  },
  {
    // Asynchronous. Software renderers are refused.
    name: 'node-gpu',
    package: '@bitgrad/backend-node-gpu',
    load: async () => (await import('@bitgrad/backend-node-gpu/engine')).nodeGpuEngine(),
  },
  inBrowsers('webgpu'),
  inBrowsers('webgl'),
  { name: 'js', package: '@bitgrad/runtime', load: () => Promise.resolve(jsEngine()) },
];

/** An engine for listings. */
export type EngineListing = BackendListing;

const listingOf = async (row: EngineRow): Promise<EngineListing> => {
  const base = { name: row.name, package: row.package };
  try {
    return { ...base, ...(await (await row.load()).probe()) };
  } catch (cause) {
    const reason = `${row.package} cannot be loaded (${reasonOf(cause)}); npm install ${row.package}`;
    return { ...base, available: false, reason, features: {} };
  }
};

/** Which engines run here. */
export const probeEngines = (): Promise<EngineListing[]> => Promise.all(engineTable.map(listingOf));

/** The engine of a name, or with `auto` the first that runs, and why those before it do not. */
export async function chooseEngine(name: string): Promise<{ engine: Engine; skipped: readonly Skipped[] }> {
  const rows = name === 'auto' ? engineTable : engineTable.filter((row) => row.name === name);
  if (rows.length === 0)
    throw new BitgradError({
      code: 'unknown-name',
      source: 'cli',
      what: 'engine',
      got: name ?? 'nothing',
      expected: `auto or one of ${engineTable.map((row) => row.name).join(', ')}`,
    });
  const candidates = rows.map((row) => ({
    name: row.name,
    load: row.load,
    probe: () => listingOf(row),
  }));
  const { started, skipped } = await firstThatRuns(candidates, ({ load }) => load());
  if (started) return { engine: started, skipped };
  throw new BitgradError({
    code: 'backend-unavailable',
    source: 'cli',
    what: `engine ${name} cannot start: ${skipped.map(({ reason }) => reason).join('; ')}`,
    next: 'Use --engine auto to take the first that runs; `bitgrad list` shows them.',
  });
}

const unreadable = (path: string, reason: string, next: string, cause?: unknown): BitgradError =>
  new BitgradError({ code: 'io', source: 'cli', what: `${path} ${reason}`, next, cause });

/**
 * Reads a `.bitgrad` file.
 * @throws BitgradError `io`, `limit-exceeded`, and as `decodeModel` for what the file holds, with the file's name
 */
export async function readPacked(path: string): Promise<{ model: PackedModel; fileBytes: number }> {
  const file = 'Give a file that `bitgrad compile` has written.';
  try {
    const found = await stat(path);
    if (found.isDirectory())
      throw unreadable(
        path,
        'is a folder',
        '`bitgrad compile` makes the one file of a run that is used here.',
      );
    // Reading a pipe would wait for ever.
    if (!found.isFile()) throw unreadable(path, 'is no regular file', file);
    if (found.size > defaultLimits.fileBytes)
      throw new BitgradError({
        code: 'limit-exceeded',
        source: 'cli',
        what: `bytes of ${path}`,
        got: found.size,
        expected: `at most ${defaultLimits.fileBytes}`,
      });
    const bytes = await readFile(path);
    return { model: decodeModel(bytes), fileBytes: bytes.length };
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (!(cause instanceof BitgradError))
      throw unreadable(path, `cannot be read (${code ?? reasonOf(cause)})`, file, cause);
    throw cause.source === 'cli' ? cause : errorIn(path, cause);
  }
}

/** A packed model that is ready to run. */
export interface Started {
  readonly model: PackedModel;
  readonly fileBytes: number;
  readonly engine: Engine;
  readonly executable: Executable;
  readonly report: EngineReport;
}

/** Options that say how a packed model runs. */
export interface EngineOptions {
  readonly engine: string;
  readonly threads: number;
}

/** Reads a packed model and prepares it on an engine; tells `io` why it does not run as was asked for. */
export async function startPacked(
  path: string,
  { engine: name, threads }: EngineOptions,
  io: CliIo,
): Promise<Started> {
  const { model, fileBytes } = await readPacked(path);
  const { engine, skipped } = await chooseEngine(name);
  const executable = await engine.compile(model, { threads });
  const report = executable.report();
  for (const { name: other, reason } of skipped) writeLine(io.stderr, `engine ${other} not used: ${reason}`);
  if (report.threadsReason) writeLine(io.stderr, `one thread: ${report.threadsReason}`);
  return { model, fileBytes, engine, executable, report };
}

/** `wasm (simd, 2 threads)`. */
export const engineText = ({ engine, variant, threads }: EngineReport): string => {
  const parts = [variant, threads > 1 ? `${threads} threads` : undefined].filter(
    (part) => part !== undefined,
  );
  return parts.length > 0 ? `${engine} (${parts.join(', ')})` : engine;
};

/** Wall time of one inference of one example, after a warm-up. */
export interface Timing {
  readonly medianMs: number;
  /** 5 % and 95 % of the runs were faster. */
  readonly p5Ms: number;
  readonly p95Ms: number;
  readonly runs: number;
}

/** Times a function for about `seconds`, at least 5 times; a promise that it gives is awaited. */
export async function timeRuns(run: () => unknown, seconds: number): Promise<Timing> {
  const finish = async (): Promise<void> => {
    const result = run();
    if (result instanceof Promise) await result;
  };
  for (let i = 0; i < 3; i++) await finish();
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  while (times.length < 5 || performance.now() < end) {
    const start = performance.now();
    await finish();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(share * times.length))]!;
  return { medianMs: at(0.5), p5Ms: at(0.05), p95Ms: at(0.95), runs: times.length };
}

/** Runs examples, at once where the engine can. */
export const runOn = (
  executable: Executable,
  input: InputArray,
  output?: OutputArray,
): OutputArray | Promise<OutputArray> =>
  executable.synchronous ? executable.run(input, output) : executable.runAsync(input, output);
