// How the calling thread and a worker speak: a mailbox in shared memory that holds one call. The caller writes it and
// sets the state to `run`; the worker writes the result and sets it to `done` or `failed`. Both sides are here.
import { BitgradError } from '@bitgrad/core';

/** What the worker shall do, or did. */
enum State {
  idle,
  run,
  done,
  failed,
  quit,
}

/** 32-bit words of a mailbox; the arguments follow from byte `argumentsAt` on, as 64-bit floats. */
enum Word {
  state,
  function,
  count,
  result,
}
const argumentsAt = 16;

/** Bytes of a mailbox: room for 62 arguments. */
export const mailboxBytes = 512;

/** A mailbox from the calling side. */
export interface Mailbox {
  /** Sends a call. @param index of the function among the module's exports */
  post(index: number, args: readonly number[]): void;
  /** Waits for the result. @param name of the function, for errors */
  take(name: string): number;
  /** Tells the worker to end. */
  close(): void;
}

/** Milliseconds that a worker may take for a call. */
const TIMEOUT = 60_000;

const lost = (what: string): BitgradError =>
  new BitgradError({
    code: 'invalid-state',
    source: 'backend-wasm',
    what,
    next: 'Start the backend with wasm({ threads: 1 }).',
  });

/** Waits until the state is no longer `run`; a page's main thread may not block and looks instead. */
function waitFor(words: Int32Array): void {
  const end = Date.now() + TIMEOUT;
  while (Atomics.load(words, Word.state) === State.run) {
    try {
      Atomics.wait(words, Word.state, State.run, 1000);
    } catch {
      for (let i = 0; i < 1000 && Atomics.load(words, Word.state) === State.run; i++);
    }
    if (Date.now() > end) throw lost(`a worker thread gave no answer within ${TIMEOUT / 1000} s`);
  }
}

/** The calling side of a mailbox. @param buffer of {@link mailboxBytes} */
export function mailbox(buffer: SharedArrayBuffer): Mailbox {
  const words = new Int32Array(buffer);
  const floats = new Float64Array(buffer, argumentsAt);
  const set = (state: State): void => {
    Atomics.store(words, Word.state, state);
    Atomics.notify(words, Word.state);
  };
  return {
    post(index, args) {
      words[Word.function] = index;
      words[Word.count] = args.length;
      floats.set(args);
      set(State.run);
    },
    take(name) {
      waitFor(words);
      const state = Atomics.exchange(words, Word.state, State.idle);
      if (state !== State.done) throw lost(`${name} failed in a worker thread`);
      return words[Word.result]!;
    },
    close: () => set(State.quit),
  };
}

/** The worker's side, as the source of a function `serve({ module, memory, buffer }, ready)` that returns at the end. */
export const serveSource = `const serve = ({ module, memory, buffer }, ready) => {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const functions = WebAssembly.Module.exports(module).map(({ name }) => exports[name]);
  const words = new Int32Array(buffer);
  const floats = new Float64Array(buffer, ${argumentsAt});
  ready();
  for (;;) {
    const state = Atomics.load(words, ${Word.state});
    if (state === ${State.quit}) return;
    if (state !== ${State.run}) {
      Atomics.wait(words, ${Word.state}, state);
      continue;
    }
    let outcome = ${State.done};
    try {
      words[${Word.result}] = functions[words[${Word.function}]](...floats.subarray(0, words[${Word.count}]));
    } catch {
      outcome = ${State.failed};
    }
    Atomics.store(words, ${Word.state}, outcome);
    Atomics.notify(words, ${Word.state});
  }
};`;
