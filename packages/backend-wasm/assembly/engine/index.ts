// The deployment engine inside WebAssembly: runs a whole program (src/engine/program.ts) in one call, on one
// thread or together with workers that share the memory. Threads take tiles of a group from a common counter
// and meet at a barrier after each group; every element is computed by one thread, in an order that does not
// depend on the number of threads.
import { GroupWords, RecordWords, Shared } from '../../src/engine/words';
import { border, copy, panels } from './copy';
import { elementwise } from './elementwise';
import { fillTables } from './lookup';
import { product } from './products';
import { RECORD_BYTES, address, setScratch, setTileRow, word } from './record';
import { wholeRows } from './rows';
import { windows } from './windows';

// Addresses of the shared words that threads wait for and count in.
const EPOCH: usize = Shared.epoch << 2;
const ARRIVED: usize = Shared.arrived << 2;
const PHASE: usize = Shared.phase << 2;
const TILE: usize = Shared.tile << 2;

const SPINS: i32 = 20000;

/** Length of a slice of waiting: nanoseconds asleep, or turns where the thread may not sleep, about as long. */
const SLICE_NS: i64 = 50_000_000;
const SLICE_SPINS: i32 = 1 << 25;

/** Waits until the word at `p` is no longer `value`; spins first, then sleeps. For workers, which are ended from outside. */
function waitWhile(p: usize, value: i32): void {
  if (ASC_FEATURE_THREADS)
    for (let spin = 0; atomic.load<i32>(p) == value; spin++) if (spin > SPINS) atomic.wait<i32>(p, value, -1);
}

/**
 * As waitWhile, for the main thread: gives up when nobody takes a tile or arrives for PATIENCE slices.
 * @returns whether the word has changed
 */
function watch(p: usize, value: i32, maySleep: bool): bool {
  if (ASC_FEATURE_THREADS) {
    let progress = 0,
      slices = 0;
    for (let spin = 0; atomic.load<i32>(p) == value; spin++) {
      if (maySleep ? spin <= SPINS : spin < SLICE_SPINS) continue;
      if (maySleep) atomic.wait<i32>(p, value, SLICE_NS);
      else spin = 0;
      const now = atomic.load<i32>(TILE) + (atomic.load<i32>(ARRIVED) << 24);
      slices = now == progress ? slices + 1 : 0;
      if (slices > word(0, Shared.patience)) return false;
      progress = now;
    }
  }
  return true;
}

/** Waits for all threads; false when one of them does not come, told to the main thread only. */
function barrier(thread: i32, threads: i32, maySleep: bool): bool {
  if (!ASC_FEATURE_THREADS) return true;
  const phase = atomic.load<i32>(PHASE);
  if (atomic.add<i32>(ARRIVED, 1) == threads - 1) {
    atomic.store<i32>(ARRIVED, 0);
    atomic.store<i32>(TILE, 0);
    atomic.add<i32>(PHASE, 1);
    atomic.notify(PHASE, threads);
  } else if (thread > 0) waitWhile(PHASE, phase);
  else return watch(PHASE, phase, maySleep);
  return true;
}

/** By the family of the opcode; see src/engine/opcodes.ts. */
function dispatch(op: usize, r0: i32, r1: i32, c0: i32, c1: i32): void {
  const code = word(op, RecordWords.opcode);
  switch (code >> 4) {
    case 0:
      product(op, code, r0, r1, c0, c1);
      break;
    case 1:
      elementwise(op, code, r0, r1, c0, c1);
      break;
    case 2:
      windows(op, code, r0, r1, c1);
      break;
    case 3:
      wholeRows(op, code, r0, r1, c1);
      break;
    case 4:
      copy(op, r0, r1);
      break;
    case 5:
      panels(op, r0, r1);
      break;
    default:
      if (r0 == 0 && c0 == 0) border(op);
  }
}

/** Runs every group; false when a thread was lost. */
function execute(thread: i32, threads: i32, maySleep: bool): bool {
  setScratch(<usize>(word(0, Shared.scratch) + thread * word(0, Shared.scratchBytes)));
  let group = address(0, Shared.program);
  for (let g = word(0, Shared.groups); g > 0; g--) {
    const ops = word(group, GroupWords.records),
      rows = word(group, GroupWords.rows),
      tileRows = word(group, GroupWords.tileRows);
    const channels = word(group, GroupWords.channels),
      tileChannels = word(group, GroupWords.tileChannels);
    const across = (channels + tileChannels - 1) / tileChannels,
      tiles = across * ((rows + tileRows - 1) / tileRows);
    const begin = group + (GroupWords.size << 2),
      end = begin + <usize>ops * RECORD_BYTES;
    for (let next = 0; ; next++) {
      let tile = next;
      if (ASC_FEATURE_THREADS) if (threads > 1) tile = atomic.add<i32>(TILE, 1);
      if (tile >= tiles) break;
      const r0 = (tile / across) * tileRows,
        c0 = (tile % across) * tileChannels;
      setTileRow(r0);
      for (let op = begin; op < end; op += RECORD_BYTES)
        dispatch(op, r0, min(rows, r0 + tileRows), c0, min(channels, c0 + tileChannels));
    }
    if (threads > 1) if (!barrier(thread, threads, maySleep)) return false;
    group = end;
  }
  return true;
}

/** Prepares the tables; once, by the main thread. */
export function prepare(): void {
  fillTables();
}

/**
 * Runs the program once as thread 0; `maySleep` is 0 where Atomics.wait is forbidden (a page's main thread).
 * @returns 1, or 0 when a worker was lost: the memory is of no use any more
 */
export function run(maySleep: i32): i32 {
  const threads = word(0, Shared.threads);
  if (ASC_FEATURE_THREADS)
    if (threads > 1) {
      atomic.add<i32>(EPOCH, 1);
      atomic.notify(EPOCH, threads);
    }
  return i32(execute(0, threads, maySleep != 0));
}

/** A worker's life: joins every run until STOP is set. The memory is new, so its first EPOCH is 0. */
export function work(thread: i32): void {
  if (ASC_FEATURE_THREADS)
    for (let epoch = 0; ; epoch++) {
      waitWhile(EPOCH, epoch);
      if (atomic.load<i32>(Shared.stop << 2)) return;
      execute(thread, word(0, Shared.threads), true);
    }
}
