// Noise for the memory of an engine: what earlier runs and other tenants of the same bytes may have left there.
import { dirtyMemory, type Executable, type InputArray, type OutputArray } from '@bitgrad/runtime';
import { testRandom } from './random.js';

const block = new Uint8Array(2 ** 16 + 4096);
const random = testRandom(15);
for (let i = 0; i < block.length; i++) block[i] = random.int(0, 255);
// Whole stretches of set bits too: as floats they are NaN, as levels all -1.
for (let i = 0; i < block.length; i += 4096) block.fill(255, i, i + 512);
let turn = 0;

/** Fills memory with noise, other noise at each call. */
export function noise(memory: Uint8Array): void {
  const from = (turn = (turn + 611) % 4096);
  for (let at = 0; at < memory.length; at += 2 ** 16)
    memory.set(block.subarray(from, from + Math.min(2 ** 16, memory.length - at)), at);
}

/** Runs a model on memory full of noise, where its engine lets tests write there. */
export function runDirty(
  executable: Executable,
  input: InputArray,
  output?: OutputArray,
): Promise<OutputArray> {
  executable[dirtyMemory]?.(noise);
  return executable.runAsync(input, output);
}
