// Splits a window into segments of the input and packs weights in the same order. A segment is a run of steps
// read one after the other: all channels of one tap, or a whole line of the kernel where its taps are adjacent.
import type { Tensor } from './tensors.js';
import type { WeightReader } from './weights.js';

/** A run of steps. A step is 4 levels of `bits`, else one element. */
export interface Segment {
  /** Byte offset from the window's first tap. */
  offset: number;
  /** Tap of the first step, and its position there. */
  tap: number;
  start: number;
  /** Steps between successive taps in this segment. */
  perTap: number;
  length: number;
}

/** Counts stay below 2^16 in the kernel's 16-bit sums: at most 16,383 steps of 4 levels. */
export const countedSteps = 16383;

/** What of the input a window reads: kernel and dilations as in the plan, `channels` of each pixel. */
export interface Reach {
  kernel: readonly [number, number];
  dilations: readonly [number, number];
  channels: number;
}

/** Segments of a window over `t`; `whole` if it reads all channels (no groups). */
export function segmentsOf(t: Tensor, { kernel, dilations, channels }: Reach, whole: boolean): Segment[] {
  const stepBytes = t.type === 'bits' ? 1 : t.type === 'i16' ? 2 : 4;
  const steps = t.type === 'bits' ? Math.ceil(channels / 4) : channels;
  const pixelSteps = t.pixel / stepBytes;
  const [height, width] = kernel;
  // Gaps between pixels hold nothing but zero bits; with floats they may hold anything.
  const adjacent =
    whole &&
    (dilations[1] === 1 || width === 1) &&
    (t.type === 'bits' ? pixelSteps < steps * 1.2 : pixelSteps === steps);
  const segments: Segment[] = [];
  for (let i = 0; i < height; i++)
    for (let j = 0; j < width; j++) {
      if (adjacent && j > 0) continue;
      segments.push({
        offset: i * dilations[0] * t.pitch + j * dilations[1] * t.pixel,
        tap: i * width + j,
        start: 0,
        perTap: adjacent ? pixelSteps : steps,
        length: adjacent ? pixelSteps * width : steps,
      });
    }
  return segments;
}

/** Groups of equally long segments, each short enough for the binary kernel's 16-bit sums. */
export function blocksOf(segments: readonly Segment[], counted: boolean): Segment[][] {
  const { length } = segments[0]!;
  if (!counted) return [[...segments]];
  const blocks: Segment[][] = [];
  if (length <= countedSteps) {
    const size = Math.floor(countedSteps / length);
    for (let i = 0; i < segments.length; i += size) blocks.push(segments.slice(i, i + size));
  } else
    for (const s of segments)
      for (let from = 0; from < length; from += countedSteps)
        blocks.push([
          { ...s, offset: s.offset + from, start: from, length: Math.min(countedSteps, length - from) },
        ]);
  return blocks;
}

/** Storage of packed weights, by input type. */
const storage = { i16: Int16Array, f32: Float32Array };

/** The output of {@link packPanels}. */
export interface Panels {
  /** Size of the weights, and what packs them. */
  bytes: number;
  make: () => Uint8Array | Int16Array | Float32Array;
  /** Steps of each segment: pairs of elements for i16. */
  length: number;
  panelBytes: number;
  /** Bytes of the panels of a group. */
  groupBytes: number;
}

/**
 * Packs weights as panels of `panel` output channels, [panel][step][channel] (i16: [panel][pair][channel][2]).
 * Panels do not span groups.
 * @param type of the input
 * @param channels of each group
 */
export function packPanels(
  type: keyof typeof storage,
  segments: readonly Segment[],
  groups: number,
  channels: number,
  panel: number,
  read: WeightReader,
): Panels {
  const pair = type === 'i16' ? 2 : 1;
  const [{ length: steps }] = segments as [Segment];
  const length = Math.ceil(steps / pair);
  const perPanel = segments.length * length * panel * pair;
  const perGroup = Math.ceil(channels / panel) * perPanel;
  const unit = storage[type].BYTES_PER_ELEMENT;
  const make = () => {
    const data = new storage[type](groups * perGroup);
    for (let o = 0; o < groups * channels; o++) {
      const channel = o % channels;
      let at =
        Math.floor(o / channels) * perGroup +
        Math.floor(channel / panel) * perPanel +
        (channel % panel) * pair;
      for (const { tap } of segments) {
        // Elements have no gaps between pixels: a segment is one run of weights. Short loops: this runs once, not optimized.
        const row = read(o, tap, steps);
        if (pair === 1) for (let k = 0; k < steps; k++, at += panel) data[at] = row[k]!;
        else
          for (let k = 0; k < steps; k += 2, at += 2 * panel) {
            data[at] = row[k]!;
            if (k + 1 < steps) data[at + 1] = row[k + 1]!;
          }
      }
    }
    return data;
  };
  return {
    bytes: groups * perGroup * unit,
    make,
    length,
    panelBytes: perPanel * unit,
    groupBytes: perGroup * unit,
  };
}

/**
 * As {@link packPanels} for the weights of levels, of which there are most: words to nibbles without a row between.
 * @param words weights [groups * channels][taps][words of a tap]
 * @param shift of the nibbles in their bytes
 */
export function packNibbles(
  words: Uint32Array,
  taps: number,
  segments: readonly Segment[],
  groups: number,
  channels: number,
  panel: number,
  shift: number,
): Panels {
  const [{ length }] = segments as [Segment];
  const perPanel = segments.length * length * panel;
  const perGroup = Math.ceil(channels / panel) * perPanel;
  const perRow = words.length / (groups * channels * taps);
  const make = (): Uint8Array => {
    const data = new Uint8Array(groups * perGroup);
    for (let o = 0; o < groups * channels; o++) {
      const channel = o % channels;
      const at =
        Math.floor(o / channels) * perGroup + Math.floor(channel / panel) * perPanel + (channel % panel);
      spread(data, at, words, o * taps, perRow, segments, panel, shift);
    }
    return data;
  };
  return { bytes: groups * perGroup, make, length, panelBytes: perPanel, groupBytes: perGroup };
}

/** Writes the nibbles of one output channel, whose first tap is row `first` of the weights, from `at` on, `panel` bytes apart. */
function spread(
  data: Uint8Array,
  at: number,
  words: Uint32Array,
  first: number,
  perRow: number,
  segments: readonly Segment[],
  panel: number,
  shift: number,
): void {
  for (const { tap, start, perTap, length } of segments) {
    let row = (first + tap + Math.floor(start / perTap)) * perRow;
    let position = start % perTap;
    for (let left = length; left > 0; row += perRow, position = 0) {
      // Gaps between pixels, steps past the words of a tap, stay 0.
      const steps = Math.min(left, perTap - position);
      const real = Math.max(0, Math.min(steps, 8 * perRow - position));
      let k = position;
      const end = position + real;
      // Whole words unrolled: this runs once, mostly before it is optimized.
      if (k % 8 === 0)
        for (; k + 8 <= end; k += 8, at += 8 * panel) {
          const word = words[row + (k >> 3)]!;
          data[at] = (word & 15) << shift;
          data[at + panel] = ((word >>> 4) & 15) << shift;
          data[at + 2 * panel] = ((word >>> 8) & 15) << shift;
          data[at + 3 * panel] = ((word >>> 12) & 15) << shift;
          data[at + 4 * panel] = ((word >>> 16) & 15) << shift;
          data[at + 5 * panel] = ((word >>> 20) & 15) << shift;
          data[at + 6 * panel] = ((word >>> 24) & 15) << shift;
          data[at + 7 * panel] = (word >>> 28) << shift;
        }
      for (; k < end; k++, at += panel) data[at] = ((words[row + (k >> 3)]! >>> (4 * (k & 7))) & 15) << shift;
      at += (steps - real) * panel;
      left -= steps;
    }
  }
}
