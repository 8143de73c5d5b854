// Times the engine on the benchmark networks. From the root of the repository:
//   npx tsx --conditions @bitgrad/source packages/backend-wasm/bench/engine.ts [variant...] [--threads N] [--ms N] [--nets A,B]
// Variants take turns within one process, so that a slow phase of the machine hits all of them.
import { parseArgs } from 'node:util';
import { createRng } from '@bitgrad/core';
import type { Executable, PackedModel } from '@bitgrad/runtime';
import { wasmEngine, type WasmEngineOptions } from '../src/engine/index.js';
import { biRealNet18, layers, vggSmall } from './plans.js';

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

interface Net {
  model: PackedModel;
  /** Multiply-accumulates of its binary convolutions, or of the extra ones compared with `base`. */
  macs: number;
  /** The same network with fewer layers: then the difference is timed, which leaves out the ends. */
  base?: PackedModel;
}

const layer = (size: number, channels: number): Net => ({
  model: layers(size, channels, 5),
  base: layers(size, channels, 1),
  macs: 4 * size * size * channels * channels * 9,
});
const nets: Net[] = [
  layer(56, 64),
  layer(28, 128),
  layer(14, 256),
  layer(7, 512),
  { model: vggSmall(), macs: 604e6 },
  { model: biRealNet18(), macs: 1676e6 },
];

/** Best and median time of each executable, taking turns, in ms. */
function time(
  executables: readonly Executable[],
  inputs: readonly (Uint8Array | Float32Array)[],
): { best: number; median: number }[] {
  const times = executables.map((): number[] => []);
  const start = performance.now();
  while (performance.now() - start < Number(values.ms))
    executables.forEach((executable, i) => {
      const t = performance.now();
      executable.run(inputs[i]!);
      times[i]!.push(performance.now() - t);
    });
  return times.map((list) => {
    list.sort((a, b) => a - b);
    return { best: list[0]!, median: list[list.length >> 1]! };
  });
}

const variants = positionals as NonNullable<WasmEngineOptions['variant']>[];
const engines = (variants.length ? variants : [undefined]).map((variant) =>
  wasmEngine(variant ? { variant } : {}),
);
for (const { model, macs, base } of nets) {
  const name = model.metadata.name!;
  if (values.nets && !values.nets.split(',').includes(name)) continue;
  const models = base ? [model, base] : [model];
  const jobs = engines.flatMap((engine) => models.map((m) => ({ engine, m })));
  const executables: Executable[] = [];
  for (const { engine, m } of jobs)
    executables.push(await engine.compile(m, { threads: Number(values.threads) }));
  const times = time(
    executables,
    jobs.map(({ m }) => inputOf(m)),
  );
  engines.forEach((_, e) => {
    const [whole, part] = times.slice(e * models.length, (e + 1) * models.length);
    const best = whole!.best - (part?.best ?? 0);
    const { variant, threads, arenaBytes, weightBytes } = executables[e * models.length]!.report();
    process.stdout.write(
      `${name.padEnd(12)} ${variant!.padEnd(12)} ${threads} thread(s)  ${base ? '4 layers' : 'network '}  best ${best.toFixed(3)} ms  ` +
        `${(macs / best / 1e6).toFixed(0)} GMAC/s  (whole: best ${whole!.best.toFixed(3)}, median ${whole!.median.toFixed(3)} ms)  ` +
        `arena ${(arenaBytes / 1024).toFixed(0)} KiB  weights ${(weightBytes / 1024).toFixed(0)} KiB\n`,
    );
  });
  for (const executable of executables) executable.dispose();
}
