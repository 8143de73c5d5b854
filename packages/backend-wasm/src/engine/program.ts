// The program under construction: groups of records, constants and the regions they refer to. A group is a set
// of ops that run tile by tile over the same rows; what stands in a record is in words.ts.
import type { OpReport } from '@bitgrad/runtime';
import { tooLarge } from './errors.js';
import { Opcode } from './opcodes.js';
import { align, isLinear, type Region, type Tensor } from './tensors.js';
import { Border, RecordWords, View } from './words.js';

/** Bytes of the head of memory: shared words and tables. */
export const headBytes = 8192;

/** A word of a record: a number, or one that is known only when memory is laid out. */
export type Word = number | (() => number);

/** Words of a record by their place in it; those that are not there are 0. */
export type Words = Readonly<{ [place: number]: Word }>;

/** One op for the module. */
export interface Instruction {
  words: Words;
  /** Tensors it uses by views, in order of use, and whether its output may take the place of its first input. */
  inputs: readonly Tensor[];
  output?: Tensor;
  inPlace: boolean;
}

/** Ops that run tile by tile over the same rows and channels. */
export interface Group {
  rows: number;
  channels: number;
  records: Instruction[];
  /** Rows of all its ops correspond, so that elementwise ops may follow. */
  open: boolean;
  /** Tiles may take part of the channels. */
  divisible: boolean;
  /** Index of the first plan op in it. */
  op: number;
  tileRows: number;
  tileChannels: number;
}

/** What the lowering needs to know about the module that will run. */
export interface Target {
  variant: 'scalar' | 'simd' | 'relaxed-simd';
  simd: boolean;
  relaxed: boolean;
  /** Has a kernel for panels of 16 output channels of levels. */
  narrow: boolean;
  threads: number;
  /**
   * How products go through memory where they have registers for more than two rows: how many rows they take at a time, and how
   * many a tile has at least, so that weights are read from afar less often than rows. Threads then share channels as well.
   */
  blocks?: { readonly rows: number; readonly least: number };
}

/** A constant: where it goes, and what makes it once memory was claimed and taken. */
interface Constant {
  at: number;
  make: () => ArrayBufferView;
}

/** A program under construction. */
export interface Program {
  target: Target;
  /** Limit of the whole memory. */
  memoryBytes: number;
  groups: Group[];
  constants: Constant[];
  constantBytes: number;
  regions: Region[];
  /** The group that writes a region last; regions of constants and of the input are absent. */
  writers: Map<Region, number>;
  reports: OpReport[];
  /** Plan op in work. */
  op: number;
}

/** An empty program. */
export const createProgram = (target: Target, memoryBytes: number): Program => ({
  target,
  memoryBytes,
  groups: [],
  constants: [],
  constantBytes: 0,
  regions: [],
  writers: new Map(),
  reports: [],
  op: 0,
});

/** Raises `limit-exceeded` before `bytes` are taken for a constant, if they are too many. */
export function claim({ constantBytes, memoryBytes }: Program, bytes: number): void {
  if (constantBytes + bytes > memoryBytes) throw tooLarge(constantBytes + bytes, memoryBytes);
}

/**
 * Adds a constant of `bytes` bytes, 64-byte aligned; returns its address. `make` is called when everything has its place and
 * the whole is within the limit, and what it gives is not kept.
 * @throws BitgradError `limit-exceeded`
 */
export function constant(program: Program, bytes: number, make: () => ArrayBufferView): number {
  claim(program, bytes);
  const at = headBytes + program.constantBytes;
  program.constants.push({ make, at });
  program.constantBytes += align(bytes);
  return at;
}

/** Adds data that is there already. */
export const constantData = (program: Program, data: ArrayBufferView): number =>
  constant(program, data.byteLength, () => data);

/** A float as a word. */
export const floatBits = (value: number): number => new Int32Array(Float32Array.of(value).buffer)[0]!;

/** A pinned address in a tensor's region: `offset` bytes after its first row. */
export function pinned(t: Tensor, offset = 0): Word {
  t.region.pinned = true;
  const from = t.start + offset;
  return () => t.region.base + from;
}

/** Where a record has a view. */
export type ViewPlace = RecordWords.a | RecordWords.b | RecordWords.out;

/** A view in a record. */
export const viewAt = (place: ViewPlace, base: Word, step: Word, width: Word, pitch: Word): Words => ({
  [place + View.base]: base,
  [place + View.step]: step,
  [place + View.width]: width,
  [place + View.pitch]: pitch,
});

/** A view of a tensor's rows. */
export const view = (place: ViewPlace, t: Tensor): Words =>
  viewAt(
    place,
    () => t.region.base + t.start,
    t.pixel,
    () => (t.region.local ? -1 : isLinear(t) ? 0 : t.w),
    t.pitch,
  );

/** Opens a group. */
export function openGroup(
  program: Program,
  rows: number,
  channels: number,
  options: { open?: boolean; divisible?: boolean } = {},
): number {
  const { open = true, divisible = true } = options;
  program.groups.push({
    rows,
    channels,
    records: [],
    open,
    divisible,
    op: program.op,
    tileRows: rows,
    tileChannels: channels,
  });
  return program.groups.length - 1;
}

/** The group that an elementwise op over `inputs` may join, or a new one. */
export function joinGroup(
  program: Program,
  inputs: readonly Tensor[],
  rows: number,
  channels: number,
): number {
  const latest = Math.max(-1, ...inputs.map(({ region }) => program.writers.get(region) ?? -1));
  const group = program.groups[latest];
  return group?.open && group.rows === rows && group.channels === channels
    ? latest
    : openGroup(program, rows, channels);
}

/** Makes a group the first to write `t`, and fills the border of `t` there. Does nothing the second time. */
export function begin(program: Program, group: number, t: Tensor): void {
  const { border, pitch, pixel, h, w, region } = t;
  if (program.writers.has(region)) return;
  program.regions.push(region);
  program.writers.set(region, group);
  region.first = group;
  if (isLinear(t)) return;
  const words: Record<Border, Word> & Words = {
    [RecordWords.opcode]: Opcode.border,
    [Border.base]: () => region.base,
    [Border.pitch]: pitch,
    [Border.rows]: h,
    [Border.above]: border[0] * pitch,
    [Border.left]: border[1] * pixel,
    [Border.inside]: w * pixel,
    [Border.right]: border[3] * pixel,
    [Border.below]: border[2] * pitch,
  };
  program.groups[group]!.records.push({ words, inputs: [], inPlace: false });
}

/**
 * Adds a record to a group; all have a view of their output but for those that have something else in its place.
 * @param words what it has besides
 */
export function emit(
  program: Program,
  group: number,
  opcode: Opcode,
  words: Words,
  inputs: readonly Tensor[],
  output: Tensor,
  inPlace = false,
): void {
  begin(program, group, output);
  program.writers.set(output.region, group);
  for (const { region } of [...inputs, output]) region.last = Math.max(region.last, group);
  const all = { [RecordWords.opcode]: opcode, ...view(RecordWords.out, output), ...words };
  program.groups[group]!.records.push({ words: all, inputs, output, inPlace });
}
