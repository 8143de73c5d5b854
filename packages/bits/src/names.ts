// Names that were mistyped, or are those of another library: which of ours was meant. Pages download it: it is short.

/** `kernel_quantizer`, `KernelQuantizer` and `kernel-quantizer` are one name. */
const plain = (name: string): string => name.replaceAll(/[^a-zA-Z0-9]/g, '').toLowerCase();

/** `lr` of `learningRate`, `wd` of `weightDecay`. */
const initials = (name: string): string => name.replaceAll(/(?<!^)[a-z0-9]/g, '').toLowerCase();

/** Pairs of neighbouring characters, the first and the last with the name's ends. */
const pairs = (name: string): string[] => Array.from(`${name} `, (c, i) => (name[i - 1] ?? ' ') + c);

/** Share of pairs that two names have in common, 0 to 1 (Dice's coefficient). */
function likeness(a: string, b: string): number {
  const [left, right] = [pairs(a), pairs(b)];
  return (2 * left.filter((pair) => right.includes(pair)).length) / (left.length + right.length);
}

/** The known name that was probably meant; undefined when none is near. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  // Longer ones are no typing mistake.
  const wanted = plain(name.slice(0, 64));
  const score = (candidate: string): number =>
    wanted.length > 1 && wanted === initials(candidate) ? 0.99 : likeness(wanted, plain(candidate));
  const [best] = [...known].sort((a, b) => score(b) - score(a));
  return best !== undefined && score(best) >= 0.4 ? best : undefined;
}
