// Times the engine beside backend-wasm's on the benchmark networks. From apps/bench:
//   node --conditions=@bitgrad/source --import=tsx ../../packages/backend-native/bench/engine.ts [wasm] [avx2] [avx2:2 ...] [--ms N] [--nets A,B]
// `avx2:2` is two threads. All take turns within one process, so that a slow phase of the machine hits all of them.
import { parseArgs } from 'node:util';
import type { Engine, Executable, PackedModel } from '@bitgrad/runtime';
import { wasmEngine } from '@bitgrad/backend-wasm/engine';
import { biRealNet18, layers, vggSmall } from '../../backend-wasm/bench/plans.js';
import { nativeEngine, type NativeEngineOptions } from '../src/engine/index.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { ms: { type: 'string', default: '1500' }, nets: { type: 'string', default: '' } },
});

/** Networks, their binary multiply-accumulates, and the same with fewer layers, so that the difference leaves out the ends. */
const nets: readonly { model: PackedModel; macs: number; base?: PackedModel }[] = [
  ...[56, 28, 14, 7].map((size) => {
    const channels = 3584 / size;
    return {
      model: layers(size, channels, 5),
      base: layers(size, channels, 1),
      macs: 4 * size * size * channels * channels * 9,
    };
  }),
  { model: vggSmall(), macs: 604e6 },
  { model: biRealNet18(), macs: 1676e6 },
];

const inputOf = ({ plan }: PackedModel): Uint8Array | Float32Array => {
  const { type, shape } = plan.buffers[plan.input]!;
  const length = shape.reduce((a, b) => a * b, 1);
  return type === 'u8'
    ? Uint8Array.from({ length }, (_, i) => (i * 2654435761) >>> 24)
    : Float32Array.from({ length }, (_, i) => 2 * Math.sin(i * i));
};

const subjects = (positionals.length > 0 ? positionals : ['wasm', 'native', 'wasm:2', 'native:2']).map(
  (text) => {
    const [name, threads = '1'] = text.split(':') as [string, string?];
    const isa = name as NonNullable<NativeEngineOptions['isa']>;
    const engine: Engine =
      name === 'wasm' ? wasmEngine() : name === 'native' ? nativeEngine() : nativeEngine({ isa });
    return { text, engine, threads: Number(threads) };
  },
);

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!;

for (const { model, macs, base } of nets) {
  const { name = '' } = model.metadata as { name?: string };
  const title = `${name || `${model.plan.buffers[model.plan.input]!.shape.join('x')}`}`;
  if (values.nets && !values.nets.split(',').some((part) => title.includes(part))) continue;
  const runs = await Promise.all(
    subjects.map(async ({ engine, threads }) => {
      const ready = (m: PackedModel): Promise<Executable> => engine.compile(m, { threads });
      return {
        whole: await ready(model),
        part: base && (await ready(base)),
        times: [] as number[],
        bests: [Infinity, Infinity],
      };
    }),
  );
  const timed = (executable: Executable, input: Uint8Array | Float32Array): number => {
    const from = performance.now();
    executable.run(input);
    return performance.now() - from;
  };
  const [input, small] = [inputOf(model), base && inputOf(base)];
  const end = performance.now() + Number(values.ms) * subjects.length;
  while (performance.now() < end)
    for (const { whole, part, times, bests } of runs) {
      const [long, short] = [timed(whole, input), part ? timed(part, small!) : 0];
      times.push(long - short);
      bests[0] = Math.min(bests[0]!, long);
      bests[1] = Math.min(bests[1]!, short);
    }
  const line = runs.map(({ times, bests }, i) => {
    const [ms, best] = [median(times), bests[0]! - bests[1]!];
    const ratio = median(runs[0]!.times) / ms;
    return `${subjects[i]!.text} ${ms.toFixed(3)} ms (${ratio.toFixed(2)}x), best ${best.toFixed(3)}, ${(macs / best / 1e6).toFixed(0)} GMAC/s`;
  });
  console.log(`${title.padEnd(14)} ${line.join(' | ')}`);
  for (const { whole, part } of runs) {
    whole.dispose();
    part?.dispose();
  }
}
