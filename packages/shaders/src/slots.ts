// Which buffers share memory: two of them use one slot only if they are never alive together.
import type { Program } from './program.js';

/** Slots: their sizes in words, and the slot of each buffer of the program. */
export interface Slots {
  readonly words: readonly number[];
  readonly slotOf: readonly number[];
}

/** Assigns slots in execution order; a kernel's output never shares with what it reads. */
export function assignSlots({ words, storage, input, output, kernels }: Program): Slots {
  const last = new Array<number>(words.length).fill(-1);
  kernels.forEach((kernel, at) => {
    last[kernel.write] = Math.max(last[kernel.write]!, at);
    for (const ref of kernel.reads) if ('buffer' in ref) last[storage[ref.buffer]!] = at;
  });
  last[storage[output]!] = kernels.length;
  const sizes: number[] = [];
  const until: number[] = [];
  const slotOf = new Array<number>(words.length).fill(-1);
  const place = (buffer: number, at: number): void => {
    // The smallest free slot that fits, else the largest free one grows, else a new one.
    const free = [...sizes.keys()].filter((slot) => until[slot]! < at);
    const fitting = free.filter((slot) => sizes[slot]! >= words[buffer]!);
    const best =
      fitting.sort((a, b) => sizes[a]! - sizes[b]!)[0] ?? free.sort((a, b) => sizes[b]! - sizes[a]!)[0];
    const slot = best ?? sizes.length;
    sizes[slot] = Math.max(sizes[slot] ?? 0, words[buffer]!);
    until[slot] = last[buffer]!;
    slotOf[buffer] = slot;
  };
  place(storage[input]!, -1);
  kernels.forEach(({ write }, at) => place(write, at));
  storage.forEach((owner, buffer) => {
    slotOf[buffer] = slotOf[owner]!;
  });
  return { words: sizes, slotOf };
}
