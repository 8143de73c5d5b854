// Runs in a process of its own: loads one of the huge files and runs it; prints what became of it and the memory that it took.
import { BitgradError, decodeModel, defaultLimits, jsEngine } from '@bitgrad/runtime';
import { wasmEngine } from '../../../src/engine/index.js';
import { huge, type Huge } from './huge.js';

/** What {@link main} prints, as JSON. */
export interface Outcome {
  /** `ran`, or the code of the error. */
  code: string;
  /** Peak of the process over its size before, and what the engine reports, in MiB. */
  took: number;
  reported: number;
  ms: number;
  first?: number;
}

const mib = (bytes: number): number => Math.round(bytes / 2 ** 20);

/** Compiles (and runs, where `run`) the file of a name on an engine. */
export async function main(name: Huge, engineName: 'js' | 'wasm', run: string): Promise<void> {
  const file = huge[name]();
  const engine = engineName === 'js' ? jsEngine() : wasmEngine();
  const before = process.memoryUsage.rss();
  const start = performance.now();
  const outcome: Partial<Outcome> = { code: 'ran', reported: 0 };
  try {
    const model = decodeModel(file);
    const { type, shape } = model.plan.buffers[0]!;
    const executable = await engine.compile(model, { memoryBytes: defaultLimits.memoryBytes });
    const { arenaBytes, weightBytes } = executable.report();
    outcome.reported = mib(arenaBytes + weightBytes);
    if (run) {
      const input = new (type === 'u8' ? Uint8Array : Float32Array)(shape.reduce((a, b) => a * b, 1));
      outcome.first = executable.run(input.fill(200))[0]!;
    }
  } catch (error) {
    outcome.code = error instanceof BitgradError ? error.code : String(error);
  }
  const took = mib(process.resourceUsage().maxRSS * 1024 - before);
  process.stdout.write(JSON.stringify({ ...outcome, took, ms: Math.round(performance.now() - start) }));
}
