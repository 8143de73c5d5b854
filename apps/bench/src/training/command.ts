// `pnpm bench:training`: how fast does a net train, with whom? All runners of a net take turns in one run, so that a
// busy or throttled machine hits them alike; medians over the rounds, and the spread between them.
import { writeFileSync } from 'node:fs';
import { native } from '@bitgrad/backend-native';
import pc from 'picocolors';
import { pick } from '../arguments.js';
import { table } from '../report/markdown.js';
import { commit, machine, type Machine } from '../result.js';
import {
  nets,
  runnerNames,
  runners,
  type MemoryGrowth,
  type Net,
  type RunnerName,
  type StepTimes,
} from './nets.js';
import { findTorch, startPeer, torchCommand, type Peer } from './peer.js';

/** Options of the command. */
export interface TrainingBenchOptions {
  readonly json?: string;
  readonly markdown?: string;
  readonly python?: string;
  readonly nets?: readonly string[];
  readonly runners?: readonly string[];
  readonly rounds: number;
  /** Steps of the fastest runner in a round; slower ones do fewer, for about the same time. */
  readonly steps: number;
  /** Steps of the memory check; 0: none. */
  readonly memorySteps: number;
}

/** One runner on one net. */
export interface TrainingRow {
  readonly net: string;
  readonly runner: RunnerName;
  readonly batch: number;
  /** From the median time of a step over all rounds. */
  readonly imagesPerSecond: number;
  readonly millisecondsPerStep: number;
  /** Medians, in milliseconds. */
  readonly parts: StepTimes;
  /** First and third quartile of the time of a step, in milliseconds. */
  readonly spread: readonly [low: number, high: number];
  readonly steps: number;
  readonly peakMemoryBytes: number;
  readonly kernels: Readonly<Record<string, number>>;
  readonly detail: string;
}

/** What the command writes as JSON. */
export interface TrainingReport {
  readonly date: string;
  readonly machine: Machine;
  readonly commit: string | null;
  readonly rows: readonly TrainingRow[];
  readonly memory: MemoryGrowth | null;
  readonly skipped: readonly string[];
}

/** The value below which a share of the numbers lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  return sorted[low]! + (at - low) * ((sorted[low + 1] ?? sorted[low])! - sorted[low]!);
}

const median = (values: readonly number[]): number => quantile(values, 0.5);
const total = ({ forward, backward, optimizer }: StepTimes): number => forward + backward + optimizer;

/** Raw measurements of a runner. */
interface Measured {
  readonly times: StepTimes[];
  peakBytes: number;
  kernels: Readonly<Record<string, number>>;
  count: number;
}

const progress = (text: string): void => void process.stderr.write(`${pc.dim(text)}\n`);

async function steps(
  peer: Peer,
  count: number,
): Promise<{ times: readonly StepTimes[]; peakBytes: number; kernels: Readonly<Record<string, number>> }> {
  const answer = await peer.ask({ type: 'steps', count });
  return answer as Extract<typeof answer, { type: 'steps' }>;
}

/** Measures all runners on one net, round by round. */
export async function measureNet(
  net: Net,
  chosen: readonly RunnerName[],
  options: Pick<TrainingBenchOptions, 'rounds' | 'steps'>,
  python: string | undefined,
): Promise<TrainingRow[]> {
  const peers = new Map<RunnerName, Peer>();
  const measured = new Map<RunnerName, Measured>();
  try {
    for (const runner of chosen) {
      const peer = await startPeer(runner, net, python);
      peers.set(runner, peer);
      // Compilers warm up; the second portion tells how many steps fit a round.
      await steps(peer, 3);
      const { times } = await steps(peer, 2);
      const own = { times: [], peakBytes: 0, kernels: {}, count: Math.min(...times.map(total)) };
      measured.set(runner, own);
    }
    const fastest = Math.min(...[...measured.values()].map(({ count }) => count));
    for (const own of measured.values())
      own.count = Math.max(1, Math.round((options.steps * fastest) / own.count));
    for (let round = 1; round <= options.rounds; round++) {
      progress(`${net.name}: round ${round} of ${options.rounds}`);
      for (const [runner, peer] of peers) {
        const own = measured.get(runner)!;
        const { times, peakBytes, kernels } = await steps(peer, own.count);
        own.times.push(...times);
        Object.assign(own, { peakBytes, kernels });
      }
    }
    return chosen.map((runner) => rowOf(net, runner, measured.get(runner)!, peers.get(runner)!.detail));
  } finally {
    peers.forEach((peer) => peer.stop());
  }
}

function rowOf(
  net: Net,
  runner: RunnerName,
  { times, peakBytes, kernels }: Measured,
  detail: string,
): TrainingRow {
  const totals = times.map(total);
  const part = (name: keyof StepTimes): number => median(times.map((t) => t[name]));
  return {
    net: net.name,
    runner,
    batch: net.batch,
    imagesPerSecond: (1000 * net.batch) / median(totals),
    millisecondsPerStep: median(totals),
    parts: { forward: part('forward'), backward: part('backward'), optimizer: part('optimizer') },
    spread: [quantile(totals, 0.25), quantile(totals, 0.75)],
    steps: times.length,
    peakMemoryBytes: peakBytes,
    kernels: Object.fromEntries(Object.entries(kernels).filter(([, runs]) => runs > 0)),
    detail,
  };
}

async function measureMemory(net: Net, stepCount: number): Promise<MemoryGrowth> {
  progress(`memory over ${stepCount} steps`);
  const peer = await startPeer('bitgrad-wasm-2', net, undefined);
  try {
    const answer = await peer.ask({ type: 'memory', steps: stepCount });
    return (answer as Extract<typeof answer, { type: 'memory' }>).memory;
  } finally {
    peer.stop();
  }
}

/** The report as Markdown. */
export function trainingMarkdown({
  machine: m,
  commit: at,
  date,
  rows,
  memory,
  skipped,
}: TrainingReport): string {
  const of = (net: string, runner: RunnerName): number | undefined =>
    rows.find((row) => row.net === net && row.runner === runner)?.imagesPerSecond;
  const ratio = (row: TrainingRow, base = 0): string =>
    base ? `${(row.imagesPerSecond / base).toFixed(2)}x` : '';
  /** PyTorch on as many threads as the row's runner. */
  const torch = ({ net, runner }: TrainingRow): number | undefined =>
    of(net, `pytorch-${runners[runner].threads}`);
  const cells = rows.map((row) => [
    ...[row.net, String(row.batch), row.runner, row.imagesPerSecond.toFixed(1)],
    ...[ratio(row, of(row.net, 'tfjs-wasm-patched')), ratio(row, torch(row))],
    `${row.millisecondsPerStep.toFixed(1)} (${row.spread.map((v) => v.toFixed(1)).join(' to ')})`,
    ...[row.parts.forward, row.parts.backward, row.parts.optimizer].map((v) => v.toFixed(1)),
    `${(row.peakMemoryBytes / 1e6).toFixed(0)} MB`,
    row.detail,
  ]);
  const head = ['net', 'batch', 'runner', 'img/s', 'vs tfjs', 'vs PyTorch', 'ms a step (quartiles)'];
  const lines = [
    '# Training throughput',
    `${m.cpu}, ${m.cores} cores, Node ${m.node}, commit ${at ?? 'unknown'}, ${date}. ` +
      'Runners took turns; medians. "vs PyTorch" is on as many threads, against the form of PyTorch that was fastest.',
    table([...head, 'forward', 'backward', 'optimizer', 'peak memory', 'detail'], cells),
    ...(memory
      ? [
          `Over ${memory.steps} steps: ${memory.tensors.join(' to ')} tensors, heap ${memory.heapBytes.map((b) => (b / 1e6).toFixed(1)).join(' to ')} MB.`,
        ]
      : []),
    ...skipped.map((reason) => `Skipped: ${reason}.`),
  ];
  return `${lines.join('\n\n')}\n`;
}

/** Runs the benchmark, prints it as Markdown, and writes the files asked for. @returns the exit code */
export async function trainingCommand(options: TrainingBenchOptions): Promise<number> {
  const wanted = pick(runnerNames, (name) => name, 'runner', options.runners);
  const isTorch = (name: RunnerName): boolean => runners[name].kind === 'pytorch';
  const python = wanted.some(isTorch) ? findTorch(options.python) : undefined;
  const { available, reason } = await native().probe();
  const obstacle = (name: RunnerName): string | undefined => {
    if (isTorch(name) && !python) return `no interpreter can import torch; to have one: ${torchCommand}`;
    return runners[name].kind === 'native' && !available ? reason : undefined;
  };
  const skipped = wanted.flatMap((name) => (obstacle(name) ? [`${name}, since ${obstacle(name)}`] : []));
  skipped.forEach((why) => progress(`skipped: ${why}`));
  const running = wanted.filter((name) => !obstacle(name));
  const rows: TrainingRow[] = [];
  for (const net of pick(nets, ({ name }) => name, 'network', options.nets))
    rows.push(...(await measureNet(net, running, options, python)));
  const checked = options.memorySteps > 0 && running.includes('bitgrad-wasm-2');
  const memory = checked ? await measureMemory(nets[0]!, options.memorySteps) : null;
  const report: TrainingReport = {
    date: new Date().toISOString().slice(0, 10),
    machine: machine(),
    commit: commit(),
    ...{ rows, memory, skipped },
  };
  const markdown = trainingMarkdown(report);
  process.stdout.write(markdown);
  if (options.json) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
  if (options.markdown) writeFileSync(options.markdown, markdown);
  const grew =
    memory && (memory.tensors[0] !== memory.tensors[1] || memory.heapBytes[0] !== memory.heapBytes[1]);
  return grew ? 1 : 0;
}
