// The live curves: bounded, whatever the length of a run. Steps are averaged in groups, whose size doubles when there
// are too many points.
import type { StepEvent } from '@bitgrad/training';
import type { Curves } from './protocol.js';

const mostPoints = 400;

interface Column {
  readonly step: number[];
  readonly values: number[][];
}

/** Halves a column: neighbours become their mean, at the later step. */
const halve = ({ step, values }: Column): void => {
  const half = step.length >> 1;
  for (let i = 0; i < half; i++) {
    step[i] = step[2 * i + 1]!;
    for (const list of values) list[i] = (list[2 * i]! + list[2 * i + 1]!) / 2;
  }
  step.length = half;
  for (const list of values) list.length = half;
};

/** Collects the curves of a run; `start` are those of the part before a resume. */
export function createCurves(start?: Curves): { add(event: StepEvent): void; value(): Curves } {
  const main: Column = {
    step: [...(start?.step ?? [])],
    values: [[...(start?.loss ?? [])], [...(start?.accuracy ?? [])]],
  };
  const flips: Column = { step: [...(start?.flipStep ?? [])], values: [[...(start?.flip ?? [])]] };
  let group = main.step.length > 1 ? Math.max(1, main.step[1]! - main.step[0]!) : 1;
  let [sum, count] = [0, 0];
  return {
    add(event) {
      sum += event.loss;
      count++;
      if (count >= group) {
        main.step.push(event.step);
        main.values[0]!.push(sum / count);
        main.values[1]!.push(event.accuracy!); // null is for targets that are no classes
        [sum, count] = [0, 0];
        if (main.step.length > mostPoints) {
          halve(main);
          group *= 2;
        }
      }
      if (event.flipRatio !== undefined) {
        flips.step.push(event.step);
        flips.values[0]!.push(event.flipRatio);
        if (flips.step.length > mostPoints) halve(flips);
      }
    },
    value: () => ({
      step: [...main.step],
      loss: [...main.values[0]!],
      accuracy: [...main.values[1]!],
      flipStep: [...flips.step],
      flip: [...flips.values[0]!],
    }),
  };
}
