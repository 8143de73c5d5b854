// Times the engine on the benchmark networks: `pnpm bench [variant...] [--threads N] [--ms N] [--nets A,B]`.
// Variants take turns within one process, so that a slow phase of the machine hits all of them.
import { parseArgs } from 'node:util';
import { createRng } from '@bitgrad/core';
import type { Executable, PackedModel } from '@bitgrad/runtime';
import { wasmEngine, type WasmEngineOptions } from '../src/engine/index.js';
import { biRealNet18, singleLayer, vggSmall } from './plans.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: 'string', default: '1' },
    ms: { type: 'string', default: '1500' },
    nets: { type: 'string', default: '' },
  },
});

const inputOf = ({ plan }: PackedModel): Uint8Array | Float32Array => {
  const { type, shape } = plan.buffers[plan.input]!;
  const rng = createRng(7);
  const data = new (type === 'u8' ? Uint8Array : Float32Array)(shape.reduce((a, b) => a * b, 1));
  return data.map(() => (type === 'u8' ? rng.next() * 256 : rng.normal()));
};

const nets = [
  { model: singleLayer(56, 64), macs: 56 * 56 * 64 * 64 * 9 },
  { model: singleLayer(28, 128), macs: 28 * 28 * 128 * 128 * 9 },
  { model: singleLayer(14, 256), macs: 14 * 14 * 256 * 256 * 9 },
  { model: singleLayer(7, 512), macs: 7 * 7 * 512 * 512 * 9 },
  { model: vggSmall(), macs: 604e6 },
  { model: biRealNet18(), macs: 1814e6 },
];

const variants = positionals as NonNullable<WasmEngineOptions['variant']>[];
const engines = (variants.length ? variants : [undefined]).map((variant) =>
  wasmEngine(variant ? { variant } : {}),
);
for (const { model, macs } of nets) {
  if (values.nets && !values.nets.split(',').includes(model.metadata.name!)) continue;
  const input = inputOf(model);
  const executables: Executable[] = [];
  for (const engine of engines)
    executables.push(await engine.compile(model, { threads: Number(values.threads) }));
  const times = executables.map((): number[] => []);
  const start = performance.now();
  while (performance.now() - start < Number(values.ms))
    executables.forEach((executable, i) => {
      const t = performance.now();
      executable.run(input);
      times[i]!.push(performance.now() - t);
    });
  executables.forEach((executable, i) => {
    const sorted = times[i]!.sort((a, b) => a - b);
    const median = sorted[sorted.length >> 1]!;
    const best = sorted[0]!;
    const { variant, threads, arenaBytes, weightBytes } = executable.report();
    process.stdout.write(
      `${model.metadata.name!.padEnd(12)} ${variant!.padEnd(12)} ${threads} thread(s)  median ${median.toFixed(3)} ms  best ${best.toFixed(3)} ms  ` +
        `${(macs / best / 1e6).toFixed(0)} GMAC/s  arena ${(arenaBytes / 1024).toFixed(0)} KiB  weights ${(weightBytes / 1024).toFixed(0)} KiB\n`,
    );
    executable.dispose();
  });
}
