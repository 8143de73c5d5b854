// Profile of a training step by kernel, sets of instructions taking turns in one process. From apps/bench:
//   node --conditions=@bitgrad/source --import=tsx ../../packages/backend-native/bench/training.ts [avx2] [avx512:2 ...] [--steps N] [--nets A,B] [--cpu] [--ghz N]
// `avx512:2` is two threads. "rest" is what no native kernel did: tfjs, kernels that run as on wasm, and JavaScript. Beside the times
// of a step: 10^9 products, megabytes, and the milliseconds that one thread needs for them at least (costs.ts).
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { functions as signatures, type FunctionName } from '@bitgrad/backend-wasm/training';
import { nets } from '../../../apps/bench/src/training/nets.js';
import { bitgradTrainee } from '../../../apps/bench/src/training/bitgrad-trainee.js';
import { createStepper } from '../../../apps/bench/src/training/stepper.js';
import { findAddon, type NativeTraining } from '../src/addon.js';
import { native, type NativeOptions } from '../src/index.js';
import { costsOf, measureMachine, type Cost } from './costs.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    steps: { type: 'string', default: '8' },
    rounds: { type: 'string', default: '5' },
    nets: { type: 'string', default: '' },
    cpu: { type: 'boolean', default: false },
    ghz: { type: 'string', default: String(cpus()[0]!.speed / 1000) },
  },
});
const sets = positionals.length > 0 ? positionals : ['avx2', 'avx512'];
/** Milliseconds: of the clock, or with --cpu of the process, which other work on the machine disturbs less. */
const now = values.cpu
  ? () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1000;
    }
  : () => performance.now();
const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1]!;

/** Milliseconds by kernel since the last look. */
const spent = new Map<string, number>();
/** The costs of what ran while they were counted, which takes time. */
const costs = new Map<string, Cost[]>();
let counting = false;
const { addon } = findAddon() as { addon: { NativeTraining: { prototype: NativeTraining } } };
const { run, runPhases } = addon.NativeTraining.prototype;
const names = new WeakMap<object, string[]>();
/** Runs phases [function, calls, ...] with the parameters of all calls, and notes them. */
const timed = (
  training: NativeTraining,
  phases: readonly number[],
  args: ArrayLike<number>,
  work: () => void,
): void => {
  if (!names.has(training)) names.set(training, training.functions());
  const list = names.get(training)!;
  const start = now();
  work();
  const ms = now() - start;
  const functions = phases.filter((_, i) => i % 2 === 0).map((index) => list[index]!);
  const name = [...new Set(functions)].join(' + ');
  spent.set(name, (spent.get(name) ?? 0) + ms);
  if (!counting) return;
  const all = costs.get(name) ?? [];
  let at = 0;
  functions.forEach((of, i) => {
    const length = phases[2 * i + 1]! * Object.keys(signatures[of as FunctionName]).length;
    all.push(...costsOf(of, Array.prototype.slice.call(args, at, at + length) as number[]));
    at += length;
  });
  costs.set(name, all);
};
addon.NativeTraining.prototype.run = function (this: NativeTraining, ...args: Parameters<typeof run>) {
  timed(this, [args[1], args[3].length], args[2], () => run.apply(this, args));
};
addon.NativeTraining.prototype.runPhases = function (...args: Parameters<typeof runPhases>) {
  timed(this, [...args[1]], args[2], () => runPhases.apply(this, args));
};

const ghz = Number(values.ghz);
if (!(ghz > 0))
  throw new Error('The system does not say how fast its processor is: --ghz N, for the bounds.');
const machine = measureMachine(ghz);
console.log(machine.words);
for (const net of nets) {
  if (values.nets !== '' && !values.nets.split(',').includes(net.name)) continue;
  const trainees = new Map<string, ReturnType<typeof bitgradTrainee>>();
  const totals = new Map<string, number[]>(sets.map((set) => [set, []]));
  const parts = new Map<string, Map<string, number[]>>(sets.map((set) => [set, new Map()]));
  for (let round = 0; round <= Number(values.rounds); round++)
    for (const set of sets) {
      const [isa, threads = '1'] = set.split(':') as [string, string?];
      const adapter = native({ isa: isa as NonNullable<NativeOptions['isa']>, threads: Number(threads) });
      await adapter.start();
      const trainee = trainees.get(set) ?? bitgradTrainee(net);
      trainees.set(set, trainee);
      const step = createStepper(trainee, net);
      costs.clear();
      counting = true;
      step();
      counting = false;
      for (let i = 0; i < Number(values.steps); i++) {
        spent.clear();
        const start = now();
        step();
        const total = now() - start;
        if (round === 0) continue;
        totals.get(set)!.push(total);
        const of = parts.get(set)!;
        const inside = [...spent.values()].reduce((a, b) => a + b, 0);
        for (const [name, ms] of [...spent, ['rest', total - inside] as const])
          of.set(name, [...(of.get(name) ?? []), ms]);
      }
      await adapter.dispose();
    }
  console.log(`\n${net.name}, batch ${net.batch}: milliseconds of a step (median)`);
  const all = new Set([...parts.values()].flatMap((of) => [...of.keys()]));
  const value = (set: string, name: string): number => median(parts.get(set)!.get(name) ?? [0]);
  const rows = [...all].sort((a, b) => value(sets[0]!, b) - value(sets[0]!, a));
  const line = (name: string, list: readonly number[], of: readonly Cost[]): void => {
    const sum = (key: 'products' | 'bytes'): number => of.reduce((total, cost) => total + cost[key], 0);
    const least = of.reduce((total, cost) => total + machine.bound(cost), 0);
    const beside = [sum('products') / 1e9, sum('bytes') / 1e6, least];
    const cells = [...list.map((ms) => ms.toFixed(2)), ...beside.map((value) => value.toFixed(2))];
    console.log(name.padEnd(70) + cells.map((cell) => cell.padStart(12)).join(''));
  };
  const heads = [...sets, '10^9 products', 'MB', 'at least'];
  console.log(''.padEnd(70) + heads.map((head) => ` ${head}`.padStart(12)).join(''));
  for (const name of rows) line(name, sets.map((set) => value(set, name)), costs.get(name) ?? []); // prettier-ignore
  line('step', sets.map((set) => median(totals.get(set)!)), [...costs.values()].flat()); // prettier-ignore
}
