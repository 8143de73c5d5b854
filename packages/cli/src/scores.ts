// How good a model is whose answers are no classes, for JSON and for tables.
import type { ValueErrors } from '@bitgrad/training';
import { percent } from './progress.js';

/** Errors of one predicted column, in its units. */
export interface ColumnErrors {
  readonly meanAbsolute: number;
  readonly rootMeanSquare: number;
  /** Coefficient of determination: 1 is exact, 0 as good as the mean; null where all values are the same. */
  readonly determination: number | null;
}

/** Errors by the names of the columns. */
export const errorsOf = (names: readonly string[], errors: ValueErrors): Record<string, ColumnErrors> =>
  Object.fromEntries(
    errors.meanAbsolute.map((meanAbsolute, i) => {
      const determination = errors.determination[i]!;
      const finite = Number.isFinite(determination) ? determination : null;
      return [names[i] ?? `output ${i}`, { meanAbsolute, rootMeanSquare: errors.rootMeanSquare[i]!, determination: finite }]; // prettier-ignore
    }),
  );

/** Rows of a table. */
export const scoreRows = (result: {
  readonly exact?: number | null;
  readonly errors?: Readonly<Record<string, ColumnErrors>>;
}): [string, string][] => [
  ...(typeof result.exact === 'number'
    ? [['all labels right', percent(result.exact)] as [string, string]]
    : []),
  ...Object.entries(result.errors ?? {}).map(([name, each]): [string, string] => [
    name,
    `mean absolute error ${each.meanAbsolute.toPrecision(4)}, root of the mean square ${each.rootMeanSquare.toPrecision(4)}, R2 ${each.determination?.toFixed(4) ?? '-'}`,
  ]),
];
