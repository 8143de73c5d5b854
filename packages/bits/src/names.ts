// Names that were mistyped, or are those of another library: which of ours was meant. Pages download it: it is short.

/** `kernel_quantizer`, `KernelQuantizer` and `kernel-quantizer` are one name. */
const plain = (name: string): string => name.replaceAll(/[^a-zA-Z0-9]/g, '').toLowerCase();

/** `lr` of `learningRate`, `wd` of `weightDecay`. */
const initials = (name: string): string => name.replaceAll(/(?<!^)[a-z0-9]/g, '').toLowerCase();

/** Pairs of neighbouring characters, the first and the last with the name's ends. */
const pairs = (name: string): string[] => Array.from(`${name} `, (c, i) => (name[i - 1] ?? ' ') + c);

/**
 * Share of pairs that two names have in common, 0 to 1 (Dice's coefficient). Of equally near names the one with more of the
 * letters comes first: `tcf` is `tfc`, and no `cnn`.
 */
function likeness(a: string, b: string): number {
  const common = (left: readonly string[], right: readonly string[]): number =>
    left.filter((item) => right.includes(item)).length / (left.length + right.length);
  return 2 * common(pairs(a), pairs(b)) + common([...a], [...b]) / 1e6;
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
