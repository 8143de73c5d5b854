// Types of plots.mjs, which has the documentation.

/** A curve of a side of a plot. */
export interface Curve {
  readonly label: string;
  readonly points: [number, number][];
}

export function sample(
  f: (x: number) => number,
  range: readonly [number, number],
  breakpoints?: readonly number[],
  count?: number,
): [number, number][];

export function pairPlot(plot: {
  readonly title: string;
  readonly range: readonly [number, number];
  readonly forward: readonly Curve[];
  readonly backward: readonly Curve[];
}): string;

export function writePlots(folder: URL, plots: Readonly<Record<string, string>>): void;

export function withSection(text: string, name: string, content: string): string;

export function writeSection(file: URL, name: string, content: string): void;
