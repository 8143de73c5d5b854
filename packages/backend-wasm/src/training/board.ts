// How threads share calls: a board in shared memory that holds phases, the calls of one function each, which run one after
// another. Workers begin with a phase as soon as it is posted, while the calling thread works out the next one; it joins them when it
// needs what was posted, so a worker that comes late costs nothing but its help. A worker that finds nothing looks for a moment,
// since the next kernel is microseconds away, and then sleeps. Both sides are here.
import { BitgradError } from '@bitgrad/core';

/** 32-bit words of the board. */
enum Word {
  /** Phases posted, and those of them that are finished; workers sleep on the first, the caller on the second. */
  posted,
  finished,
  sleepers,
  callerSleeps,
  quit,
  failed,
  results,
}
/** 32-bit words of a phase; those of phase p, counted from the start, are in the place p % slots. */
enum Phase {
  /** Which phase it is, and the range of calls that nobody has taken: see {@link take}. */
  untaken,
  unfinished,
  function,
  parameters,
  /** Where the parameters of its calls begin among the numbers. */
  numbers,
  size,
}
/** Calls of a phase and parameters of a call that there is room for. */
export const most = { calls: 64, parameters: 62 };
const slots = 32;
const phasesAt = Word.results + most.calls;
const wordCount = phasesAt + slots * Phase.size;
/** The numbers follow the words, as 64-bit floats. */
const numbersAt = Math.ceil(wordCount / 2) * 8;
const room = 2 * most.calls * most.parameters;
const boardBytes = numbersAt + room * 8;

/** Milliseconds to look for work, or for the end of it, before sleeping: several times what waking takes, and most gaps between kernels. */
const LOOK = 0.3;
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
  /** Posts calls of a function (its index among the module's exports), at most 64, as a phase behind those posted before. */
  later(index: number, calls: readonly (readonly number[])[]): void;
  /** Runs what was posted. */
  flush(): void;
  /** Runs what was posted, then calls of a function, at most 64, and returns their results. */
  run(index: number, calls: readonly (readonly number[])[]): number[];
  /** Tells the workers to end. */
  close(): void;
}

/** The number of the last phase; the first follows it. */
const LAST = 0x3fffffff;
const placeOf = (p: number): number => phasesAt + (p % slots) * Phase.size;

/** Waits until phase p has finished; a page's main thread may not sleep, and looks all the time. */
function waitForPhase(words: Int32Array, p: number): void {
  const start = performance.now();
  let spent = 0;
  for (;;) {
    for (let i = 0; i < 200; i++) if (Atomics.load(words, Word.finished) !== p) return;
    spent = performance.now() - start;
    if (spent > TIMEOUT) throw lost(`a worker thread gave no answer within ${TIMEOUT / 1000} s`);
    if (spent < LOOK) continue;
    Atomics.store(words, Word.callerSleeps, 1);
    try {
      Atomics.wait(words, Word.finished, p, 1000);
    } catch {
      // On the main thread of a page.
    }
    Atomics.store(words, Word.callerSleeps, 0);
  }
}

/**
 * Takes the first call of phase p that nobody has taken, -1 where there is none, or another phase is in its place. (Workers take the
 * last: so each thread has much the same part of a tensor in its cache from kernel to kernel.)
 */
function takeFirst(words: Int32Array, p: number): number {
  const at = placeOf(p) + Phase.untaken;
  for (;;) {
    const range = Atomics.load(words, at);
    const first = (range >> 8) & 255;
    if (range >> 16 !== (p & 0x7fff) || first >= (range & 255)) return -1;
    if (Atomics.compareExchange(words, at, range, range + 256) === range) return first;
  }
}

/** Notes that a call of phase p has run, on the calling thread. */
function noteDone(words: Int32Array, p: number): void {
  if (Atomics.sub(words, placeOf(p) + Phase.unfinished, 1) > 1) return;
  Atomics.store(words, Word.finished, (p + 1) & LAST);
  wake(words);
}

/** Wakes workers that sleep while there is something to do. */
function wake(words: Int32Array): void {
  if (Atomics.load(words, Word.sleepers) > 0) Atomics.notify(words, Word.posted);
}

/** What was posted as a phase. */
interface Posted {
  readonly index: number;
  readonly calls: readonly (readonly number[])[];
}

/**
 * Takes calls of the phases from `start` on with the workers until all are done.
 * @returns what a call on this thread threw
 */
function join(
  words: Int32Array,
  start: number,
  phases: readonly Posted[],
  call: (index: number, args: readonly number[]) => number,
): unknown {
  let failure: unknown;
  const end = (start + phases.length) & LAST;
  for (let p; (p = Atomics.load(words, Word.finished)) !== end;) {
    const i = takeFirst(words, p);
    if (i < 0) {
      waitForPhase(words, p);
      continue;
    }
    const { index, calls } = phases[(p - start) & LAST]!;
    try {
      // What follows a failure would use what it did not write.
      if (!Atomics.load(words, Word.failed)) words[Word.results + i] = call(index, calls[i]!);
    } catch (error) {
      failure ??= error;
      Atomics.store(words, Word.failed, 1);
    }
    noteDone(words, p);
  }
  return failure;
}

/**
 * A board of which no worker knows yet.
 * @param call runs a call of a function on this thread
 */
export function createBoard(call: (index: number, args: readonly number[]) => number): Board {
  const buffer = new SharedArrayBuffer(boardBytes);
  const words = new Int32Array(buffer);
  const numbers = new Float64Array(buffer, numbersAt);
  /** The phases since the last flush, the first one of which is `start`. */
  let waiting: Posted[] = [];
  let [start, used] = [0, 0];
  const end = (): number => (start + waiting.length) & LAST;

  function flush(): void {
    if (waiting.length === 0) return;
    const failure = join(words, start, waiting, call);
    start = end();
    waiting = [];
    used = 0;
    if (!Atomics.exchange(words, Word.failed, 0)) return;
    throw failure ?? lost('a kernel failed in a worker thread');
  }

  function post(index: number, calls: readonly (readonly number[])[]): void {
    const parameters = calls[0]!.length;
    if (waiting.length === slots || used + calls.length * parameters > room) flush();
    const p = end();
    const at = placeOf(p);
    words[at + Phase.function] = index;
    words[at + Phase.parameters] = parameters;
    words[at + Phase.numbers] = used;
    for (const args of calls) for (let i = 0; i < parameters; i++) numbers[used++] = args[i]!;
    waiting.push({ index, calls });
    Atomics.store(words, at + Phase.unfinished, calls.length);
    Atomics.store(words, at + Phase.untaken, ((p & 0x7fff) << 16) | calls.length);
    Atomics.store(words, Word.posted, end());
    wake(words);
  }

  return {
    buffer,
    flush,
    later(index, calls) {
      // One call that nothing is before is not worth handing over.
      if (calls.length === 1 && waiting.length === 0) call(index, calls[0]!);
      else post(index, calls);
    },
    run(index, calls) {
      flush();
      post(index, calls);
      flush();
      return calls.map((_, i) => words[Word.results + i]!);
    },
    close() {
      Atomics.store(words, Word.quit, 1);
      Atomics.store(words, Word.posted, -1);
      Atomics.notify(words, Word.posted);
    },
  };
}

/** The worker's side, as the source of a function `serve({ module, memory, buffer }, ready)` that returns at the end. */
export const serveSource = `const serve = ({ module, memory, buffer }, ready) => {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const functions = WebAssembly.Module.exports(module).map(({ name }) => exports[name]);
  const words = new Int32Array(buffer);
  const numbers = new Float64Array(buffer, ${numbersAt});
  const word = (at) => Atomics.load(words, at);
  const place = (p) => ${phasesAt} + (p % ${slots}) * ${Phase.size};
  const takeLast = (p) => {
    const at = place(p) + ${Phase.untaken};
    for (;;) {
      const range = word(at), end = range & 255;
      if (range >> 16 !== (p & 0x7fff) || ((range >> 8) & 255) >= end) return -1;
      if (Atomics.compareExchange(words, at, range, range - 1) === range) return end - 1;
    }
  };
  const run = (p, i) => {
    const at = place(p), n = words[at + ${Phase.parameters}], from = words[at + ${Phase.numbers}] + i * n;
    try {
      if (!word(${Word.failed}))
        words[${Word.results} + i] = functions[words[at + ${Phase.function}]](...numbers.subarray(from, from + n));
    } catch {
      Atomics.store(words, ${Word.failed}, 1);
    }
    if (Atomics.sub(words, at + ${Phase.unfinished}, 1) > 1) return;
    Atomics.store(words, ${Word.finished}, (p + 1) & ${LAST});
    if (word(${Word.callerSleeps})) Atomics.notify(words, ${Word.finished});
    if (word(${Word.sleepers}) > 0) Atomics.notify(words, ${Word.posted});
  };
  ready();
  for (;;) {
    const p = word(${Word.finished}), posted = word(${Word.posted});
    if (word(${Word.quit})) return;
    const i = p === posted ? -1 : takeLast(p);
    if (i >= 0) {
      run(p, i);
      continue;
    }
    const same = () => word(${Word.finished}) === p && word(${Word.posted}) === posted;
    const end = performance.now() + ${LOOK};
    do for (let k = 0; k < 200 && same(); k++);
    while (same() && performance.now() < end);
    if (!same()) continue;
    Atomics.add(words, ${Word.sleepers}, 1);
    if (same()) Atomics.wait(words, ${Word.posted}, posted);
    Atomics.sub(words, ${Word.sleepers}, 1);
  }
};`;
