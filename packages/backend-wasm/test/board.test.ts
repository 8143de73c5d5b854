// The board that threads take calls from, and how many threads a kernel is worth.
import { Worker } from 'node:worker_threads';
import { afterEach, expect, it } from 'vitest';
import { createBoard, serveSource, type Board } from '../src/training/board.js';
import { splitCall } from '../src/training/calls.js';
import { createThreadPool } from '../src/training/pool.js';
import { createWorth } from '../src/training/worth.js';

/** A module of one function f(x, wait): it counts down from `wait`, traps for x = -1, and returns x + 1. */
const bytes = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 127, 127, 1, 127],
  ...[2, 16, 1, 3, 101, 110, 118, 6, 109, 101, 109, 111, 114, 121, 2, 3, 1, 1],
  ...[3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 33, 1, 31, 0, 32, 0, 65, 127, 70, 4, 64, 0, 11],
  ...[3, 64, 32, 1, 65, 1, 107, 34, 1, 65, 0, 74, 13, 0, 11, 32, 0, 65, 1, 106, 11],
);

let close = (): void => undefined;
afterEach(() => close());

/** A board with workers that serve it, and how many calls its own thread has run. */
async function served(workers: number): Promise<{ board: Board; here: () => number }> {
  const module = new WebAssembly.Module(bytes);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  let here = 0;
  const board = createBoard((_, [x, wait]) => {
    here++;
    return (exports['f'] as (x: number, wait: number) => number)(x!, wait!);
  });
  const code = `${serveSource}
    const { parentPort, workerData } = require('node:worker_threads');
    serve(workerData, () => parentPort.postMessage('ready'));`;
  const started = Array.from(
    { length: workers },
    () => new Worker(code, { eval: true, workerData: { module, memory, buffer: board.buffer } }),
  );
  await Promise.all(started.map((worker) => new Promise((resolve) => worker.once('message', resolve))));
  const exits = started.map((worker) => new Promise((resolve) => worker.once('exit', resolve)));
  close = () => {
    board.close();
    return Promise.all(exits) as never;
  };
  return { board, here: () => here };
}

it.each([1, 3])('every call runs once, its result in its place, with %i workers', async (workers) => {
  const { board } = await served(workers);
  for (let round = 0; round < 300; round++) {
    const calls = Array.from({ length: 1 + (round % 64) }, (_, i) => [i + round, (round * 37 * i) % 5000]);
    expect(board.run(0, calls)).toEqual(calls.map(([x]) => x! + 1));
    // Now and then the workers have gone to sleep.
    if (round % 60 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
});

it('workers take calls while the caller is busy', async () => {
  const { board, here } = await served(1);
  for (let i = 0; i < 20; i++)
    board.run(
      0,
      Array.from({ length: 8 }, () => [1, 300_000]),
    );
  expect(here()).toBeLessThan(160);
});

it('a call that fails, wherever it runs, fails the run; the board is of use afterwards', async () => {
  const { board } = await served(2);
  for (const bad of [0, 1, 15]) {
    const calls = Array.from({ length: 16 }, (_, i) => [i === bad ? -1 : i, 1000]);
    expect(() => board.run(0, calls)).toThrow();
    expect(board.run(0, [[1, 1], [2, 1]])).toEqual([2, 3]); // prettier-ignore
    // And a phase of several, of which the others are not run for nothing.
    board.later(0, calls.slice(0, 8));
    board.later(0, calls);
    expect(() => board.flush()).toThrow();
    board.flush();
    expect(board.run(0, [[1, 1], [2, 1]])).toEqual([2, 3]); // prettier-ignore
  }
});

it('workers begin with what is posted before anybody waits for it', async () => {
  const { board, here } = await served(1);
  board.later(0, [[1, 1000], [2, 1000]]); // prettier-ignore
  await new Promise((resolve) => setTimeout(resolve, 200));
  board.flush();
  expect(here()).toBe(0);
});

it.each([2, 4])('phases run one after another, on %i threads', async (threads) => {
  const memory = new WebAssembly.Memory({ initial: 4, maximum: 65536, shared: true });
  const pool = await createThreadPool(threads, memory, 60_000);
  close = () => pool.dispose();
  const [size, count, distance, steps] = [4096, 6000, 1008, 18];
  const places = [1024, 1024 + 8 * size];
  const numbers = places.map((at) => new Float32Array(memory.buffer, at, 2 * size));
  for (let round = 0; round < 60; round++) {
    // out[i] = x[i] + x[i + 1008]: a part reads what other parts of the phase before wrote.
    const wanted = [0, 1].map((k) =>
      Float32Array.from({ length: 2 * size }, (_, i) => (i * 7 + k + round) % 5),
    );
    wanted.forEach((list, k) => numbers[k]!.set(list));
    for (let step = 0; step < steps; step++) {
      const [from, to] = [step % 2, (step + 1) % 2] as const;
      const common = { x: places[from]!, out: places[to]!, parts: 2, size: distance };
      const split = { over: 'i', count, grain: 16 } as const;
      pool.later!(splitCall('sumParts', split, common, 1 + (step % 7)));
      for (let i = 0; i < count; i++) wanted[to]![i] = wanted[from]![i]! + wanted[from]![i + distance]!;
    }
    pool.flush!();
    expect(numbers.map((list) => [...list])).toEqual(wanted.map((list) => [...list]));
  }
});

it('threads by what a kernel was measured to cost', () => {
  const worth = createWorth(4);
  expect(worth.threads('unknown', 1e7)).toBe(4);
  expect(worth.threads('unknown', 10)).toBe(1);
  // A millisecond a unit: every thread has enough to do with a unit. On two threads it took half as long.
  worth.learn('dear', 1, 2, 0.5);
  expect(worth.threads('dear', 1)).toBe(4);
  // A nanosecond a unit: 20 microseconds are 20,000 units.
  worth.learn('cheap', 1000, 1, 1e-3);
  expect([19_999, 45_000, 1e6].map((work) => worth.threads('cheap', work))).toEqual([1, 2, 4]);
  // One run that was held up does not turn it round, many do.
  worth.learn('cheap', 1000, 1, 1);
  expect(worth.threads('cheap', 10_000)).toBe(1);
  for (let i = 0; i < 100; i++) worth.learn('cheap', 1000, 1, 1);
  expect(worth.threads('cheap', 10_000)).toBe(4);
});
