// Placing what lives in one block of memory, so that only things that are never alive together overlap.

/** Where things lie in a block of memory. */
export interface Placement {
  /** Offset of each thing, in the order given. */
  readonly offsets: readonly number[];
  /** Size of the block. */
  readonly bytes: number;
}

/**
 * First fit by decreasing size.
 * @param sizes bytes of each thing; offsets are sums of them, so round them up to the alignment wanted
 * @param together whether things i and j may be alive at the same time; symmetric
 */
export function placeFirstFit(
  sizes: readonly number[],
  together: (i: number, j: number) => boolean,
): Placement {
  const offsets = sizes.map(() => 0);
  const placed: number[] = [];
  let bytes = 0;
  for (const thing of [...sizes.keys()].sort((a, b) => sizes[b]! - sizes[a]! || a - b)) {
    const rivals = placed.filter((other) => together(thing, other)).sort((a, b) => offsets[a]! - offsets[b]!);
    let offset = 0;
    for (const rival of rivals)
      if (offsets[rival]! < offset + sizes[thing]!)
        offset = Math.max(offset, offsets[rival]! + sizes[rival]!);
      else break;
    offsets[thing] = offset;
    placed.push(thing);
    bytes = Math.max(bytes, offset + sizes[thing]!);
  }
  return { offsets, bytes };
}
