// Which saved weight belongs to which weight of a model: by name. The order is no guide, since tfjs puts trainable weights
// before frozen ones. Names that tfjs counted itself (`dense_Dense3`) differ between two models of one program and count as
// equal when they are the same number among their kind.

const snakeCase = (name: string): string =>
  name
    .replace(/(.)([A-Z][a-z0-9]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();

/** `dense_Dense3` -> [`dense_Dense`, 3]; undefined for a name that somebody chose. */
function automatic(segment: string): [stem: string, number: number] | undefined {
  const [, stem, digits] = /^(.*?)(\d+)$/.exec(segment) ?? [];
  if (stem === undefined) return undefined;
  const at = stem.lastIndexOf('_');
  const className = stem.slice(at + 1);
  // Layers are called `snake_case_ClassName<n>`, models `model<n>` and `sequential_<n>`.
  const counted =
    stem === 'model' ||
    stem === 'sequential_' ||
    (at > 0 && className !== '' && stem.slice(0, at).endsWith(snakeCase(className)));
  return counted ? [stem, Number(digits)] : undefined;
}

/** Names with the automatic numbers counted anew from 1 in each kind. */
function recounted(names: readonly string[]): string[] {
  const numbers = new Map<string, Set<number>>();
  const segments = names.map((name) => name.split('/'));
  for (const segment of segments.flat()) {
    const [stem, number] = automatic(segment) ?? [];
    if (stem !== undefined) numbers.set(stem, (numbers.get(stem) ?? new Set()).add(number!));
  }
  const ranks = new Map([...numbers].map(([stem, set]) => [stem, [...set].sort((a, b) => a - b)] as const));
  const recount = (segment: string): string => {
    const [stem, number] = automatic(segment) ?? [];
    return stem === undefined ? segment : `${stem}#${ranks.get(stem)!.indexOf(number!) + 1}`;
  };
  return segments.map((parts) => parts.map(recount).join('/'));
}

/** For each saved name the place of the present one; undefined when they are not the same names, or not unique. */
const sameNames = (saved: readonly string[], present: readonly string[]): number[] | undefined => {
  const places = new Map(present.map((name, i) => [name, i]));
  const found = saved.map((name) => places.get(name) ?? -1);
  const fits = saved.length === present.length && places.size === present.length;
  return fits && !found.includes(-1) && new Set(found).size === found.length ? found : undefined;
};

/**
 * Matches names, in any order.
 * @returns for each saved name the place of its counterpart in `present`; undefined when the two are not the same set
 */
export const matchNames = (saved: readonly string[], present: readonly string[]): number[] | undefined =>
  sameNames(saved, present) ?? sameNames(recounted(saved), recounted(present));

/** The names that one list has and the other has not, as `[only saved, only present]`, after recounting. */
export function differingNames(
  saved: readonly string[],
  present: readonly string[],
): readonly [string[], string[]] {
  const [a, b] = [recounted(saved), recounted(present)];
  return [saved.filter((_, i) => !b.includes(a[i]!)), present.filter((_, i) => !a.includes(b[i]!))];
}

/** Whether a pattern, in which `*` stands for anything, is a name's. */
export function matchesName(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(name);
}
