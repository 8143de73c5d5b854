// What runs a split model: it holds the state, the frames that no step has taken yet, and the rows of an example.
import { failure } from '../fail.js';
import type { Executable, InputArray, OutputArray } from '../engine.js';
import { finite } from '../load.js';
import type { Plan } from '../plan.js';
import { resultFor } from '../run.js';
import type { SplitModel } from './split.js';

/** A model on input that goes on. */
export interface Stream {
  /** Elements of a frame. */
  readonly frameSize: number;
  /** Frames that are computed together: answers come at most once for so many. */
  readonly frames: number;
  /**
   * Takes whole frames, as many as there are. One call at a time: the next waits for it.
   * @param frames n * frameSize elements, of the type of the model's input
   * @returns the output of what was heard last; undefined before there is enough, and where no step is complete
   * @throws BitgradError `shape-mismatch`, `not-finite`, `disposed`
   */
  push(frames: InputArray): Promise<OutputArray | undefined>;
  /** Forgets what was heard. */
  reset(): void;
  /** Frees the engine's memory; a second call does nothing. */
  dispose(): void;
}

/** Appends values to a line of which the first are dropped. */
function shiftIn(line: Float32Array, values: Float32Array): void {
  const kept = line.length - values.length;
  line.copyWithin(0, values.length);
  line.set(values.subarray(Math.max(0, -kept)), Math.max(0, kept));
}

/** Puts what a step leaves where the next one reads it. */
function keepState(
  { frames, frameSize, rows, rowSize, signs }: SplitModel,
  result: Float32Array,
  given: Uint8Array | Float32Array,
): void {
  const [from, to, bytes] = [rows * rowSize, frames * frameSize, given instanceof Uint8Array];
  for (let i = 0; i < signs.length; i++) {
    const value = result[from + i]!;
    given[to + i] = signs[i] && bytes ? Number(value < 0) : value;
  }
}

/** Runs one job after another. */
function turns(): <T>(job: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (job) => {
    const turn = last.then(job);
    last = turn.catch(() => {});
    return turn;
  };
}

/** What is pushed as a plan whose input is one frame: pushes are some of them. */
const framePlan = ({ step: { plan }, frameSize }: SplitModel, type: 'u8' | 'f32'): Plan => ({
  ...plan,
  buffers: [
    { type, shape: [frameSize] },
    { type: 'f32', shape: [1] },
  ],
  input: 0,
  output: 1,
});

/**
 * @param type of the model's input
 * @param step and @param head run the plans of `split`
 */
export function runSplit(
  split: SplitModel,
  type: 'u8' | 'f32',
  step: Executable,
  head: Executable | undefined,
): Stream {
  const { frames, frameSize, initial, rows, rowSize, window } = split;
  const fresh = frames * frameSize;
  const given = initial instanceof Uint8Array ? new Uint8Array(fresh + initial.length) : new Float32Array(fresh + initial.length); // prettier-ignore
  const result = new Float32Array(rows * rowSize + initial.length);
  const line = new Float32Array(window * rowSize);
  const frame = framePlan(split, type);
  let [filled, heard] = [0, 0];
  let live = true;
  const inTurn = turns();
  const reset = (): void => {
    given.set(initial, fresh);
    [filled, heard] = [0, 0];
  };
  reset();
  const on = (executable: Executable, input: InputArray, output?: OutputArray) => {
    if (!live) throw failure('disposed', { what: 'the stream was disposed', next: 'Load the model again.' });
    return executable.runAsync(input, output);
  };
  const push = async (input: InputArray): Promise<OutputArray | undefined> => {
    let stepped = false;
    for (let at = 0; at < input.length;) {
      const taken = Math.min(fresh - filled, input.length - at);
      given.set(input.subarray(at, at + taken), filled);
      filled += taken;
      at += taken;
      if (filled < fresh) break;
      filled = 0;
      await on(step, given, result);
      shiftIn(line, result.subarray(0, rows * rowSize));
      keepState(split, result, given);
      heard += rows;
      stepped = true;
    }
    if (!stepped || heard < window) return undefined;
    return head ? on(head, line) : line.slice();
  };
  return {
    frameSize,
    frames,
    async push(input) {
      resultFor(frame, input);
      return inTurn(() => push(finite(input)));
    },
    reset,
    dispose() {
      live = false;
      step.dispose();
      head?.dispose();
    },
  };
}
