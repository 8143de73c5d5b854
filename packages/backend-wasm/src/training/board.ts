// How threads share calls: a board in shared memory that holds the calls of one function. The calling thread writes them,
// takes the first, and then goes on taking with the workers until none is left; so a worker that comes late costs nothing
// but its help. A worker that finds none looks for a moment, since the next kernel is microseconds away, and then sleeps.
// Both sides are here.
import { BitgradError } from '@bitgrad/core';

/** 32-bit words of the board. */
enum Word {
  /** Goes up with each posting; workers sleep on it. */
  posting,
  sleepers,
  quit,
  function,
  parameters,
  /** Calls 1 to `untaken` are to be taken, the last one first. */
  untaken,
  /** Calls that are not finished, of those that were to be taken; the caller sleeps on it. */
  unfinished,
  callerSleeps,
  failed,
  results,
}
/** Calls and parameters that there is room for; the numbers follow the words, as 64-bit floats. */
export const most = { calls: 64, parameters: 62 };
const numbersAt = 512;
const boardBytes = numbersAt + most.calls * most.parameters * 8;

/** Milliseconds to look for work, or for the end of it, before sleeping: several times what waking takes. */
const LOOK = 0.2;
/** Milliseconds that workers may take for their calls. */
const TIMEOUT = 60_000;

const lost = (what: string): BitgradError =>
  new BitgradError({
    code: 'invalid-state',
    source: 'backend-wasm',
    what,
    next: 'Start the backend with wasm({ threads: 1 }).',
  });

/** The calling side of a board. */
export interface Board {
  readonly buffer: SharedArrayBuffer;
  /**
   * Runs calls of a function, at most 64, and returns their results.
   * @param index of the function among the module's exports
   * @param own runs a call on this thread
   */
  run(
    index: number,
    calls: readonly (readonly number[])[],
    own: (args: readonly number[]) => number,
  ): number[];
  /** Tells the workers to end. */
  close(): void;
}

/** Waits until the workers have finished; a page's main thread may not sleep, and looks all the time. */
function waitForWorkers(words: Int32Array): void {
  const start = performance.now();
  let spent = 0;
  for (;;) {
    for (let i = 0; i < 200; i++) if (Atomics.load(words, Word.unfinished) === 0) return;
    spent = performance.now() - start;
    if (spent > TIMEOUT) throw lost(`a worker thread gave no answer within ${TIMEOUT / 1000} s`);
    if (spent < LOOK) continue;
    Atomics.store(words, Word.callerSleeps, 1);
    const unfinished = Atomics.load(words, Word.unfinished);
    try {
      if (unfinished > 0) Atomics.wait(words, Word.unfinished, unfinished, 1000);
    } catch {
      // On the main thread of a page.
    }
    Atomics.store(words, Word.callerSleeps, 0);
  }
}

/** A board of which no worker knows yet. */
export function createBoard(): Board {
  const buffer = new SharedArrayBuffer(boardBytes);
  const words = new Int32Array(buffer);
  const numbers = new Float64Array(buffer, numbersAt);
  const announce = (sleepers: number): void => {
    Atomics.add(words, Word.posting, 1);
    if (Atomics.load(words, Word.sleepers) > 0) Atomics.notify(words, Word.posting, sleepers);
  };
  return {
    buffer,
    run(index, calls, own) {
      const others = calls.length - 1;
      const parameters = calls[0]!.length;
      words[Word.function] = index;
      words[Word.parameters] = parameters;
      calls.forEach((args, i) => numbers.set(args, i * parameters));
      Atomics.store(words, Word.failed, 0);
      Atomics.store(words, Word.unfinished, others);
      Atomics.store(words, Word.untaken, others);
      announce(others);
      try {
        words[Word.results] = own(calls[0]!);
        for (let i; (i = Atomics.sub(words, Word.untaken, 1)) > 0;) {
          try {
            words[Word.results + i] = own(calls[i]!);
          } finally {
            Atomics.sub(words, Word.unfinished, 1);
          }
        }
      } finally {
        // Nobody writes into memory that is given back, whatever happened here.
        while (Atomics.sub(words, Word.untaken, 1) > 0) Atomics.sub(words, Word.unfinished, 1);
        waitForWorkers(words);
      }
      if (Atomics.load(words, Word.failed)) throw lost('a kernel failed in a worker thread');
      return calls.map((_, i) => words[Word.results + i]!);
    },
    close() {
      Atomics.store(words, Word.quit, 1);
      announce(Infinity);
    },
  };
}

/** The worker's side, as the source of a function `serve({ module, memory, buffer }, ready)` that returns at the end. */
export const serveSource = `const serve = ({ module, memory, buffer }, ready) => {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const functions = WebAssembly.Module.exports(module).map(({ name }) => exports[name]);
  const words = new Int32Array(buffer);
  const numbers = new Float64Array(buffer, ${numbersAt});
  const posting = () => Atomics.load(words, ${Word.posting});
  const take = () => {
    for (let i; (i = Atomics.sub(words, ${Word.untaken}, 1)) > 0; ) {
      const n = words[${Word.parameters}];
      try {
        words[${Word.results} + i] = functions[words[${Word.function}]](...numbers.subarray(i * n, i * n + n));
      } catch {
        Atomics.store(words, ${Word.failed}, 1);
      }
      if (Atomics.sub(words, ${Word.unfinished}, 1) === 1 && Atomics.load(words, ${Word.callerSleeps}))
        Atomics.notify(words, ${Word.unfinished});
    }
  };
  let seen = posting();
  ready();
  for (;;) {
    take();
    const end = performance.now() + ${LOOK};
    do for (let i = 0; i < 200 && posting() === seen; i++);
    while (posting() === seen && performance.now() < end);
    if (posting() === seen) {
      Atomics.add(words, ${Word.sleepers}, 1);
      Atomics.wait(words, ${Word.posting}, seen);
      Atomics.sub(words, ${Word.sleepers}, 1);
    }
    if (Atomics.load(words, ${Word.quit})) return;
    seen = posting();
  }
};`;
