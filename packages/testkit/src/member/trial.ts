// Runs one half of a quantizer on a grid and compares it with its formula.
import * as tf from '@tensorflow/tfjs-core';
import {
  backwardValue,
  forwardValue,
  type ForwardQuantizer,
  type QuantizeContext,
  type Scalars,
  type SurrogateGradient,
} from '@bitgrad/core';
import { agrees } from '../compare.js';
import { fail } from '../case.js';
import { pointGrid, sampleGrid, type Grid } from './grid.js';
import { places, type Place } from './sites.js';

/** One way to run a half: a grid, a context, and a label for the message. */
export interface Trial {
  readonly label: string;
  readonly grid: Grid;
  readonly context: QuantizeContext;
}

/** Makes the context of a trial at a site. */
export type ContextAt = (site: QuantizeContext['site']) => QuantizeContext;

const pointPlace = (grid: Grid): Place => ({
  label: 'grid',
  site: { role: 'kernel', shape: grid.shape, channelAxes: [-1] },
  shape: grid.shape,
});

/** The trials of a half: its breakpoints and the infinities, or whole tensors when it looks at statistics. */
export function trialsOf(
  half: ForwardQuantizer | SurrogateGradient,
  contextAt: ContextAt,
  { at = places, infinities = true }: { at?: readonly Place[]; infinities?: boolean } = {},
): Trial[] {
  if (half.statistics)
    return at.map((place) => ({
      label: place.label,
      grid: sampleGrid(place),
      context: contextAt(place.site),
    }));
  const { scalars } = contextAt({ role: 'kernel', shape: [1], channelAxes: [-1] });
  const jumps = half.kind === 'forward' ? (half.jumps?.(scalars) ?? []).map((jump) => jump.at) : [];
  const grid = pointGrid([...jumps, ...(half.breakpoints?.(scalars) ?? [])], infinities);
  return [{ label: 'grid', grid, context: contextAt(pointPlace(grid).site) }];
}

/** The statistics of a half as one value for each element of x, by name. */
function statisticsOf(half: ForwardQuantizer | SurrogateGradient, x: tf.Tensor, context: QuantizeContext) {
  const tensors = half.statistics?.(x, context) ?? {};
  return Object.entries(tensors).map(
    ([name, t]) => [name, tf.broadcastTo(t, x.shape as [number]).dataSync()] as const,
  );
}

/** The scalars that the formula sees at each element of x. */
export function scalarsAt(
  half: ForwardQuantizer | SurrogateGradient,
  x: tf.Tensor,
  context: QuantizeContext,
): (i: number) => Scalars {
  const statistics = statisticsOf(half, x, context);
  return (i) => ({
    ...context.scalars,
    ...Object.fromEntries(statistics.map(([name, values]) => [name, values[i]!])),
  });
}

/** What a half gives on the grid of a trial: F(x), or B(x). */
export const valuesOf = (
  half: ForwardQuantizer | SurrogateGradient,
  { grid, context }: Trial,
): Float32Array =>
  tf.tidy(() => {
    const x = tf.tensor(grid.stored, [...grid.shape], 'float32');
    const y =
      half.kind === 'forward'
        ? forwardValue(half, x, context)
        : backwardValue(half, x, tf.onesLike(x), context);
    return y.dataSync() as Float32Array;
  });

/** Which formula a comparison is against. */
export type FormulaOf = (x: number, scalars: Scalars) => number;

/** @throws BitgradError `verification-failed` at the first grid point where tensor code and formula differ */
export function compareWithFormula(
  what: string,
  half: ForwardQuantizer | SurrogateGradient,
  formula: FormulaOf,
  trial: Trial,
  tolerance: number,
): void {
  const values = valuesOf(half, trial);
  const { stored, points } = trial.grid;
  tf.tidy(() => {
    const scalars = scalarsAt(half, tf.tensor(stored, [...trial.grid.shape], 'float32'), trial.context);
    points.forEach((exact, i) => {
      const wants = exact.map((x) => formula(x, scalars(i)));
      if (!wants.some((want) => agrees(values[i]!, want, tolerance)))
        fail(
          `${what} of ${half.kind} "${half.name}" at x = ${stored[i]} (${trial.label})`,
          values[i],
          `${wants.join(' or ')} by the formula, within ${tolerance} * max(1, |value|)`,
        );
    });
  });
}
