// Lays out the memory of a program: head, constants, records, arena and the scratch of each thread. Regions
// that only one tile uses live in scratch; the others share the arena, overlapping if never alive together.
import { placeFirstFit } from '@bitgrad/bits';
import { headBytes, type Group, type Program, type Target, type Words } from './program.js';
import { align, roundUp, type Region } from './tensors.js';
import { GroupWords, RecordWords, Shared } from './words.js';

/** Memory of a placed program, in bytes from 0. */
export interface Layout {
  programAt: number;
  arenaAt: number;
  arenaBytes: number;
  scratchAt: number;
  scratchBytes: number;
  totalBytes: number;
}

/** Sums of two rows of a panel, at the start of scratch. */
const sumsBytes = 512;
/** Tiles aim at this much scratch, to stay in the first-level cache. */
const tileBytes = 24576;

/** A region is alive from its first group to its last, or to the last of what takes its place. */
function placeArena(all: readonly Region[], from: number): number {
  const takes = ({ over }: Region): boolean => over !== undefined && !over.local;
  const regions = all.filter((region) => !takes(region));
  const takers = all.filter(takes);
  for (const { over, last } of takers.toReversed()) over!.last = Math.max(over!.last, last);
  const { offsets, bytes } = placeFirstFit(
    regions.map((region) => region.bytes),
    (i, j) => regions[i]!.first <= regions[j]!.last && regions[j]!.first <= regions[i]!.last,
  );
  offsets.forEach((offset, i) => (regions[i]!.base = from + offset));
  for (const region of takers) region.base = region.over!.base;
  return bytes;
}

/**
 * Gives each local region of a group a place in scratch, in bytes for a row of the tile. An op that reads an
 * element before it writes it may take over the place of its input.
 * @returns bytes of all places for one row
 */
function placeLocals({ records }: Group): number {
  const lastUse = new Map<Region, number>();
  records.forEach(({ inputs }, i) => inputs.forEach(({ region }) => lastUse.set(region, i)));
  const sizes = new Map<Region, number>();
  let bytes = 0;
  records.forEach(({ inputs, output, inPlace }, i) => {
    if (!output?.region.local || sizes.has(output.region)) return;
    const donor = inputs.find(
      ({ region, pixel }) => inPlace && region.local && lastUse.get(region) === i && pixel >= output.pixel,
    );
    output.region.base = donor ? donor.region.base : bytes;
    sizes.set(output.region, donor ? sizes.get(donor.region)! : output.pixel);
    if (!donor) bytes += output.pixel;
  });
  return bytes;
}

/** Chooses the tiles of a group; returns the scratch it needs. */
function tile(group: Group, { threads, blocks }: Target): number {
  const { rows, channels, open, divisible } = group;
  if (!open) {
    group.tileRows = divisible && threads > 1 ? Math.ceil(rows / (threads * 4)) : rows;
    return 0;
  }
  const rowBytes = placeLocals(group);
  const panels = threads > 1 && divisible ? Math.ceil(channels / 64) : 1;
  const share = threads > 1 && !(blocks && panels > 1) ? Math.ceil(rows / (threads * 3)) : rows;
  const { rows: multiple, least } = blocks ?? { rows: 2, least: 8 };
  const fitting = Math.min(share, Math.max(least, Math.floor(tileBytes / (rowBytes || channels * 4))));
  const tiles = Math.ceil(rows / Math.max(8, fitting));
  group.tileRows = Math.min(rows, roundUp(Math.ceil(rows / tiles), multiple));
  // Tiles of all channels would be too few.
  const parts = blocks
    ? Math.min(panels, Math.ceil((threads * 4) / tiles))
    : rows < threads * 2
      ? threads
      : 1;
  if (panels > 1 && parts > 1) group.tileChannels = Math.ceil(panels / parts) * 64;
  const locals = new Set(
    group.records.flatMap(({ output }) => (output?.region.local ? [output.region] : [])),
  );
  for (const region of locals) region.base = sumsBytes + region.base * group.tileRows;
  return rowBytes * group.tileRows;
}

/** Places everything; afterwards every word of the program has its value. */
export function place(program: Program): Layout {
  const { groups, regions, target } = program;
  for (const region of regions)
    region.local =
      !region.pinned && region.first >= 0 && region.first === region.last && groups[region.first]!.open;
  // Not Math.max(...groups): as many arguments as a plan may have groups overflow the stack.
  const tiles = groups.reduce((most, group) => Math.max(most, tile(group, target)), 0);
  const scratchBytes = align(sumsBytes + 256 + tiles);
  const programAt = headBytes + program.constantBytes;
  const words = groups.reduce((n, { records }) => n + GroupWords.size + records.length * RecordWords.size, 0);
  const arenaAt = align(programAt + words * 4);
  const arenaBytes = placeArena(
    regions.filter(({ local }) => !local),
    arenaAt,
  );
  const scratchAt = align(arenaAt + arenaBytes);
  return {
    programAt,
    arenaAt,
    arenaBytes,
    scratchAt,
    scratchBytes,
    totalBytes: scratchAt + scratchBytes * target.threads,
  };
}

/** Writes words from `at` on. */
function fill(memory: Int32Array, at: number, words: Words): void {
  for (const i in words) {
    const word = words[i]!;
    memory[at + +i] = typeof word === 'number' ? word : word();
  }
}

/**
 * Writes constants, records and the shared words that the module reads at the start of memory.
 * @param patience slices of 50 ms without progress after which a worker counts as lost
 */
export function write(program: Program, layout: Layout, buffer: ArrayBufferLike, patience: number): void {
  const bytes = new Uint8Array(buffer);
  for (const { make, at } of program.constants.splice(0)) {
    const data = make();
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
  }
  const words = new Int32Array(buffer);
  let at = layout.programAt / 4;
  for (const { records, rows, tileRows, channels, tileChannels } of program.groups) {
    fill(words, at, {
      [GroupWords.records]: records.length,
      [GroupWords.rows]: rows,
      [GroupWords.tileRows]: tileRows,
      [GroupWords.channels]: channels,
      [GroupWords.tileChannels]: tileChannels,
    });
    at += GroupWords.size;
    for (const record of records) {
      fill(words, at, record.words);
      at += RecordWords.size;
    }
  }
  const { programAt, scratchAt, scratchBytes } = layout;
  fill(words, 0, {
    [Shared.threads]: program.target.threads,
    [Shared.program]: programAt,
    [Shared.groups]: program.groups.length,
    [Shared.scratch]: scratchAt,
    [Shared.scratchBytes]: scratchBytes,
    [Shared.patience]: patience,
  });
}
