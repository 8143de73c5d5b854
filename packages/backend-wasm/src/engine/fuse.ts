// Makes one record of what real-valued shortcuts need after each product: an affine step, the sum with the shortcut, and the
// threshold of the next layer. One pass over the tile instead of three; each value is rounded as before. The sum is written
// where its shortcut was, if nothing needs that any more.
import { Opcode } from './opcodes.js';
import type { Group, Instruction, Program, Words } from './program.js';
import type { Region, Tensor } from './tensors.js';
import { RecordWords, Residual, Rowwise } from './words.js';

const opcodeOf = ({ words }: Instruction): Opcode => words[RecordWords.opcode] as Opcode;

/** The four words of a view, moved to another place. */
const moved = (words: Words, from: number, to: number): Words =>
  Object.fromEntries([0, 1, 2, 3].map((i) => [to + i, words[from + i]!]));

/** The next record but for borders, which depend on nothing, if it has one of these opcodes and reads `region`. */
function nextReader(
  { records }: Group,
  from: number,
  region: Region,
  opcode: Opcode,
): [index: number, record: Instruction] | undefined {
  let at = from + 1;
  while (records[at] && opcodeOf(records[at]!) === Opcode.border) at++;
  const record = records[at];
  const reads = record && opcodeOf(record) === opcode && record.inputs.some((t) => t.region === region);
  return reads ? [at, record] : undefined;
}

/** The record for an affine step, a sum and perhaps a threshold. */
function residual(affine: Instruction, sum: Instruction, threshold: Instruction | undefined): Instruction {
  const shortcut = sum.inputs[0]!.region === affine.output!.region ? 1 : 0;
  const words = {
    [RecordWords.opcode]: Opcode.residual,
    [Residual.integers]: opcodeOf(affine) === Opcode.affineI32 ? 1 : 0,
    ...moved(affine.words, RecordWords.a, RecordWords.a),
    ...moved(sum.words, shortcut ? RecordWords.b : RecordWords.a, RecordWords.b),
    ...moved(sum.words, RecordWords.out, RecordWords.out),
    [Residual.scale]: affine.words[Rowwise.p0],
    [Residual.bias]: affine.words[Rowwise.p1],
    ...(threshold && {
      [Residual.t]: threshold.words[Rowwise.p0],
      [Residual.flips]: threshold.words[Rowwise.p1],
      ...moved(threshold.words, RecordWords.out, Residual.levels),
    }),
  };
  const inputs = [affine.inputs[0]!, sum.inputs[shortcut]!];
  return { words: words as Words, inputs, output: sum.output!, inPlace: true };
}

/**
 * Lets a sum take the place of its shortcut, where nothing else reads that from the group on: half the memory, which matters
 * where both together would not fit in a cache.
 */
function takePlace({ records }: Group, index: number, { inputs, output }: Instruction): void {
  const [, from] = inputs as [Tensor, Tensor];
  const to = output!;
  const alike = (['h', 'w', 'start', 'pixel', 'pitch'] as const).every((key) => from[key] === to[key]);
  const ends = from.region.first >= 0 && from.region.last === index && to.region.first === index;
  const lone = records.filter((record) => record.inputs.some(({ region }) => region === from.region));
  if (alike && ends && lone.length === 1) to.region.over = from.region;
}

function fuseGroup(group: Group, index: number, readers: ReadonlyMap<Region, number>): void {
  const { records } = group;
  for (let i = 0; i < records.length; i++) {
    const affine = records[i]!;
    if (![Opcode.affineI32, Opcode.affineF32].includes(opcodeOf(affine))) continue;
    const { region } = affine.output!;
    if (region.pinned || readers.get(region) !== 1) continue;
    const sum = nextReader(group, i, region, Opcode.addF32);
    if (!sum) continue;
    const found = nextReader(group, sum[0], sum[1].output!.region, Opcode.thresholdF32);
    // Levels that only this group uses would need a place in scratch of their own.
    const threshold = found?.[1].output!.region.pinned ? found : undefined;
    const whole = residual(affine, sum[1], threshold?.[1]);
    records.splice((threshold ?? sum)[0], 1, whole);
    if (threshold) records.splice(sum[0], 1);
    records.splice(i, 1);
    takePlace(group, index, whole);
  }
}

/** Fuses what can be, in all groups of a finished program. */
export function fuse({ groups }: Program): void {
  const readers = new Map<Region, number>();
  for (const { records } of groups)
    for (const { inputs } of records)
      for (const { region } of inputs) readers.set(region, (readers.get(region) ?? 0) + 1);
  groups.forEach((group, index) => fuseGroup(group, index, readers));
}
