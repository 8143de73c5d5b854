// Runner processes, seen from the benchmark: start, ask for steps, stop.
import { fork, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { BitgradError, within } from '@bitgrad/core';
import { sourceFlags } from '../source-flags.js';
import { runners, type Net, type RunnerMessage, type RunnerName, type RunnerRequest } from './nets.js';

/** A running runner. */
export interface Peer {
  /** Versions. */
  readonly detail: string;
  ask(request: RunnerRequest): Promise<RunnerMessage>;
  stop(): void;
}

const failed = (what: string, got?: unknown): BitgradError =>
  new BitgradError({ code: 'invalid-state', source: 'bench', what, got });

/** A runner that does not answer for so long hangs: a turn takes seconds, the memory check minutes. */
const silenceMs = 30 * 60_000;

/** A peer whose answers come through `listen`. */
async function talk(
  name: string,
  child: ChildProcess,
  listen: (take: (message: RunnerMessage) => void) => void,
  say: (request: RunnerRequest) => void,
): Promise<Peer> {
  let settle: { resolve(m: RunnerMessage): void; reject(e: unknown): void } | undefined;
  const answer = (): Promise<RunnerMessage> =>
    within(silenceMs, new Promise<RunnerMessage>((resolve, reject) => (settle = { resolve, reject })), () =>
      failed(`${name} gave no answer within ${silenceMs / 60_000} minutes`),
    );
  const first = answer();
  listen((message) =>
    message.type === 'error'
      ? settle?.reject(failed(`${name}: ${message.message}`))
      : settle?.resolve(message),
  );
  child.once('exit', (code, signal) => settle?.reject(failed(`${name} ended`, signal ?? code)));
  child.once('error', (error) => settle?.reject(failed(`${name}: ${error.message}`)));
  const ready = await first.catch((error: unknown) => {
    child.kill();
    throw error;
  });
  return {
    detail: ready.type === 'ready' ? ready.detail : '',
    ask(request) {
      const next = answer();
      say(request);
      return next;
    },
    stop: () => void child.kill(),
  };
}

/** Starts a runner in a process of its own. @param python interpreter with PyTorch, for those of kind `pytorch` */
export function startPeer(runner: RunnerName, net: Net, python: string | undefined): Promise<Peer> {
  const name = `${runner} on ${net.name}`;
  const { kind, threads } = runners[runner];
  if (kind === 'pytorch') {
    const script = fileURLToPath(new URL('./torch_runner.py', import.meta.url));
    const numbers = [threads, net.batch, ...net.shape, net.width ?? 1].map(String);
    const child = spawn(python!, [script, net.name, ...numbers], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout });
    return talk(
      name,
      child,
      (take) => lines.on('line', (line) => take(JSON.parse(line) as RunnerMessage)),
      (request) => child.stdin.write(`${JSON.stringify(request)}\n`),
    );
  }
  const file = fileURLToPath(new URL('./runner.ts', import.meta.url));
  const child = fork(file, [runner, JSON.stringify(net)], {
    execArgv: [...sourceFlags],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  return talk(
    name,
    child,
    (take) => child.on('message', (message) => take(message as RunnerMessage)),
    (request) => child.send(request),
  );
}

/** Where the command below puts PyTorch. */
const venv = fileURLToPath(new URL('../../.venv/bin/python', import.meta.url));

/** What to do without PyTorch, from the repository's root. */
export const torchCommand =
  'python3 -m venv apps/bench/.venv && apps/bench/.venv/bin/pip install -r apps/bench/requirements.txt';

/** The first interpreter that can import torch, of the one given, apps/bench/.venv, python3 and /usr/bin/python3. */
export function findTorch(given: string | undefined): string | undefined {
  const candidates = given ? [given] : [venv, 'python3', '/usr/bin/python3'];
  const found = candidates.find((python) => spawnSync(python, ['-c', 'import torch, torch.nn']).status === 0);
  if (given && !found)
    throw new BitgradError({
      code: 'invalid-option',
      source: 'bench',
      what: '--python',
      got: given,
      expected: 'an interpreter that can import torch',
      next: `Make one: ${torchCommand}`,
    });
  return found;
}
