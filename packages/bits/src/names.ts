// Names that were mistyped, or are those of another library: which of ours was meant.

/** `kernel_quantizer`, `KernelQuantizer` and `kernel-quantizer` are one name. */
const plain = (name: string): string => name.replaceAll(/[^a-zA-Z0-9]/g, '').toLowerCase();

/** `lr` of `learningRate`, `wd` of `weightDecay`. */
const initials = (name: string): string => name.replaceAll(/(?<!^)[a-z0-9]/g, '').toLowerCase();

/** Edit distance (insert, remove, replace, swap two neighbours), as Damerau counts it. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? before[j - 2]! + 1 : Infinity;
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, replaced, swapped);
    }
    [before, row] = [row, next];
  }
  return row[b.length]!;
}

/** The known name that was probably meant; undefined when none is near. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  // Longer ones are no typing mistake, and their distance would take long.
  if (name.length > 64) return undefined;
  const wanted = plain(name);
  const score = (candidate: string): number => {
    const other = plain(candidate);
    if (wanted === other) return 0;
    if (wanted.length > 1 && wanted === initials(candidate)) return 0.5;
    const edits = distance(wanted, other);
    if (edits <= Math.max(1, Math.floor(Math.min(wanted.length, other.length) / 3))) return edits;
    // `batch` of `batchSize`, `quantizer` of `kernelQuantizer`.
    return wanted.length >= 4 && (other.includes(wanted) || wanted.includes(other)) ? 20 : Infinity;
  };
  const [best] = known
    .map((candidate) => ({ candidate, score: score(candidate) }))
    .sort((a, b) => a.score - b.score);
  return best && best.score < Infinity ? best.candidate : undefined;
}
