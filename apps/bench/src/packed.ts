// The packed form of a trained model: its size, its agreement with the graph on test images, its time on every engine.
import type * as tfl from '@tensorflow/tfjs-layers';
import { wasmEngine } from '@bitgrad/backend-wasm/engine';
import { compileModel, graphOutputs } from '@bitgrad/compiler';
import type { Normalization, Split } from '@bitgrad/datasets';
import { elementCount, jsEngine, type Engine, type Executable } from '@bitgrad/runtime';
import type { PackedLatency, PackedRow } from './result.js';

/** Engines that are timed, in order of preference. */
const engines: readonly (() => Engine)[] = [() => wasmEngine(), () => jsEngine()];

/** Test images on which the packed model is compared with the graph. */
const comparedImages = 1000;

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

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

const argmax = (values: ArrayLike<number>, from: number, width: number): number => {
  let best = from;
  for (let i = from + 1; i < from + width; i++) if (values[i]! > values[best]!) best = i;
  return best - from;
};

/** Compiles, compares and times a model. */
export async function packedRow(
  model: tfl.LayersModel,
  test: Split,
  normalization: Normalization,
): Promise<PackedRow> {
  const {
    model: packed,
    bytes: file,
    fallbacks,
  } = await compileModel(model, {
    input: 'u8',
    normalization,
    samples: test.images.subarray(0, 16 * elementCount(test.shape)),
    minAgreement: 0,
  });
  const size = elementCount(test.shape);
  const images = Math.min(comparedImages, test.size);
  const inputs = test.images.subarray(0, images * size);
  const want = graphOutputs(model, packed, inputs, normalization);
  const width = want.length / images;
  const latency: PackedLatency[] = [];
  let agreement = 0;
  for (const [i, create] of engines.entries()) {
    const engine = create();
    if (!(await engine.probe()).available) continue;
    const executable = await engine.compile(packed);
    // Engines give the same integers: one comparison, on the first that runs, stands for all.
    if (i === 0 || latency.length === 0) {
      const got = executable.run(inputs);
      let same = 0;
      for (let r = 0; r < images; r++)
        same += argmax(got, r * width, width) === argmax(want, r * width, width) ? 1 : 0;
      agreement = same / images;
    }
    const { variant } = executable.report();
    latency.push({
      engine: engine.name,
      variant: variant ?? null,
      ...timeOf(executable, inputs.subarray(0, size)),
    });
    executable.dispose();
  }
  return {
    bytes: file.length,
    floatBytes: packed.metadata.floatBytes ?? 0,
    agreement,
    images,
    latency,
    fallbacks: fallbacks.length,
  };
}
