// The packed form of a trained model: its size, its agreement with the graph on test images, its time on every engine.
import { wasmEngine } from '@bitgrad/backend-wasm/engine';
import type { Run } from '@bitgrad/recipe';
import { elementCount, jsEngine, type Engine, type Executable } from '@bitgrad/runtime';
import type { PackedLatency, PackedRow } from './result.js';
import { median } from './statistics.js';

/** Engines that are timed, in order of preference. */
const engines: readonly (() => Engine)[] = [() => wasmEngine(), () => jsEngine()];

/** Median time of one inference, over about a quarter of a second. */
const timeOf = (executable: Executable, input: Uint8Array): { medianMs: number; samples: number } => {
  const output = executable.run(input);
  for (let i = 0; i < 3; i++) executable.run(input, output);
  const times: number[] = [];
  const end = performance.now() + 250;
  while (times.length < 5 || performance.now() < end) {
    const start = performance.now();
    executable.run(input, output);
    times.push(performance.now() - start);
  }
  return { medianMs: median(times), samples: times.length };
};

/** Compiles as `bitgrad compile` does, compares with the graph, and times a model. */
export async function packedRow(run: Run): Promise<PackedRow> {
  const { test } = run.data;
  const available: Engine[] = [];
  for (const create of engines) {
    const engine = create();
    if ((await engine.probe()).available) available.push(engine);
  }
  const size = elementCount(test.shape);
  // Engines give the same integers: one comparison stands for all.
  const compiled = await run.pack(undefined, { minAgreement: 0, engine: available[0] });
  const latency: PackedLatency[] = [];
  for (const engine of available) {
    const executable = await engine.compile(compiled.model);
    const { variant } = executable.report();
    latency.push({
      engine: engine.name,
      variant: variant ?? null,
      ...timeOf(executable, test.images.subarray(0, size) as Uint8Array),
    });
    executable.dispose();
  }
  return {
    bytes: compiled.bytes.length,
    floatBytes: compiled.model.metadata.floatBytes ?? 0,
    agreement: compiled.agreement.argmax,
    images: compiled.agreement.samples,
    lastLayer: compiled.lastLayer,
    latency,
    fallbacks: compiled.fallbacks.length,
  };
}
