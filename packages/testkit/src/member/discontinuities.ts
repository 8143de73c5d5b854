// Finds the jumps of a function of one variable by bisection, to compare them with those declared.

/** A jump found between two neighbouring numbers. */
export interface FoundJump {
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

/**
 * The jumps of f on [-reach, reach] higher than `height`.
 * @param height smallest jump that counts
 */
export function findJumps(
  f: (x: number) => number,
  { reach = 8, height = 1e-3, cells = 4001 } = {},
): FoundJump[] {
  const found: FoundJump[] = [];
  // An odd number of cells that is not a round number keeps the grid off 0, 1, 0.5 and their like.
  const at = (i: number) => -reach + (2 * reach * i) / cells;
  for (let i = 0; i < cells; i++) search(f, at(i), at(i + 1), height, found);
  return found;
}

const search = (
  f: (x: number) => number,
  low: number,
  high: number,
  height: number,
  found: FoundJump[],
): void => {
  let [a, b] = [low, high];
  let [fa, fb] = [f(a), f(b)];
  if (!(Math.abs(fb - fa) > height)) return;
  // A steep but continuous piece flattens as the interval shrinks; a jump keeps its height.
  for (let i = 0; i < 60; i++) {
    const middle = (a + b) / 2;
    if (middle <= a || middle >= b) break;
    const fm = f(middle);
    if (Math.abs(fm - fa) >= Math.abs(fb - fm)) [b, fb] = [middle, fm];
    else [a, fa] = [middle, fm];
    if (!(Math.abs(fb - fa) > height)) return;
  }
  found.push({ at: Math.abs(b) < 1e-12 ? 0 : b, from: fa, to: fb });
};
