// Checks of a quantizer's schedule and of the tensors it asks its layer to own.
import { createRng, type Quantizer, type TrainingClock } from '@bitgrad/core';
import { ensure, sameJson } from '../case.js';
import { expectClose } from '../compare.js';
import { clocks, placesOf } from './sites.js';

/** The same clock gives the same values, in whatever order clocks are asked. */
export function checkScheduleIsPure({ schedule }: Quantizer): void {
  const first = clocks.map((clock) => schedule.values(clock));
  const again = [...clocks].reverse().map((clock) => schedule.values({ ...clock }));
  again.reverse();
  first.forEach((values, i) =>
    ensure(
      sameJson(values, again[i]),
      `schedule at step ${clocks[i]!.step} asked again`,
      again[i],
      JSON.stringify(values),
    ),
  );
  ensure(
    sameJson(schedule.options, JSON.parse(JSON.stringify(schedule.options))),
    'options of the schedule',
    schedule.options,
    'plain JSON',
  );
}

/** Every scalar is a finite number, without a clock and over a run. */
export function checkScheduleIsFinite({ schedule }: Quantizer): void {
  for (const clock of clocks)
    for (const [name, value] of Object.entries(schedule.values(clock)))
      ensure(
        typeof value === 'number' && Number.isFinite(value),
        `scalar "${name}" at step ${clock.step} of ${clock.totalSteps}`,
        value,
        'a finite number',
      );
}

/** `needsClock` is true exactly when the schedule changes over a run. */
export function checkNeedsClock({ schedule, capabilities }: Quantizer): void {
  const more: TrainingClock[] = [1, 5, 50, 63, 99].map((step) => ({
    ...clocks[1]!,
    step,
    learningRateSum: step / 10,
  }));
  const start = schedule.values(clocks[1]!);
  const moves = [...clocks.slice(1), ...more].some((clock) => !sameJson(schedule.values(clock), start));
  ensure(
    capabilities.needsClock === moves,
    'capability needsClock',
    capabilities.needsClock,
    `${moves}: the schedule ${moves ? 'changes' : 'does not change'} with the clock`,
  );
}

const specsAt = (quantizer: Quantizer) =>
  placesOf(quantizer.capabilities.roles).map(({ label, site }) => ({
    label,
    specs: quantizer.parameters?.(site) ?? [],
  }));

/** Names differ, shapes are whole numbers, initial values fit them and are finite, and hasParameters is true. */
export function checkParameters(quantizer: Quantizer): void {
  const all = specsAt(quantizer);
  const any = all.some(({ specs }) => specs.length > 0);
  ensure(
    quantizer.capabilities.hasParameters === any || all.length === 0,
    'capability hasParameters',
    quantizer.capabilities.hasParameters,
    String(any),
  );
  for (const { label, specs } of all) {
    const names = specs.map(({ name }) => name);
    ensure(new Set(names).size === names.length, `names of parameters (${label})`, names, 'different names');
    for (const { name, shape, initialize, deployed } of specs) {
      const what = `parameter "${name}" (${label})`;
      ensure(
        shape.every((d) => Number.isInteger(d) && d > 0),
        `shape of ${what}`,
        shape,
        'whole numbers above 0',
      );
      const values = initialize(createRng(1));
      const size = shape.reduce((product, d) => product * d, 1);
      ensure(
        values instanceof Float32Array && values.length === size,
        `initial values of ${what}`,
        values.length,
        `a Float32Array of ${size}`,
      );
      ensure(values.every(Number.isFinite), `initial values of ${what}`, values, 'finite numbers');
      ensure(typeof deployed === 'boolean', `deployed of ${what}`, deployed, 'true or false');
    }
  }
}

/** The rng alone decides initial values. */
export function checkInitialization(quantizer: Quantizer): void {
  const values = () =>
    specsAt(quantizer).flatMap(({ specs }) => specs.flatMap((spec) => [...spec.initialize(createRng(3))]));
  expectClose('initial values of the parameters with the same seed', values(), values(), 0);
}
