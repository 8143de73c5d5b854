// The state of a trainer as plain data, and whether it can be one: counts that agree with each other and with the options.
import { BitgradError, type JsonObject, type TrainingClock } from '@bitgrad/core';
import type { EpochEvent, FinalFigures } from './events.js';
import type { OptimizerState } from './optimizers/step-optimizer.js';
import type { Lengthening } from './schedules.js';
import type { Best } from './selection.js';
import type { WeightValues } from './weights.js';

/** Where training stands: epochs done, and steps done in the present one. */
export interface TrainingPosition {
  readonly epoch: number;
  readonly batch: number;
}

/** Sums over the present epoch, and what is known of the past ones. */
export interface TrainingMetrics {
  readonly lossSum: number;
  readonly correct: number;
  readonly seen: number;
  readonly flipSum: number;
  readonly flipSamples: number;
  /** Over the whole run, evaluation and pauses not counted. */
  readonly trainSeconds: number;
  readonly trainImages: number;
  readonly history: readonly EpochEvent[];
  /** Of a run with a validation split that came to its end. */
  readonly final?: FinalFigures;
}

/** All of a trainer's state, as plain data. */
export interface TrainerState {
  /** The options that decide the result. */
  readonly config: JsonObject;
  readonly clock: TrainingClock;
  readonly position: TrainingPosition;
  readonly metrics: TrainingMetrics;
  /** Trained weights first, in the order of the optimizer's state. */
  readonly weights: readonly WeightValues[];
  /** How many of the weights, from the first, are trained. */
  readonly trained: number;
  readonly optimizer: OptimizerState;
  /** The best epoch on the validation split. */
  readonly best?: Best;
  /** The lengths that the run had before. */
  readonly lengthenings?: readonly Lengthening[];
  /** Of a checkpoint of the first version, whose names were not held to: the order must be the model's too. */
  readonly ordered?: boolean;
}

/** Whether all values are finite: NaN and infinity times 0 are NaN. */
function allFinite(values: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * 0;
  return sum === 0;
}

type Fields = Readonly<Record<string, unknown>>;
type Rule = readonly [expected: string, allows: (x: number) => boolean];

/** The error of a state that cannot be. */
export const badState = (what: string, got: unknown, expected: string): BitgradError =>
  new BitgradError({
    code: 'invalid-file',
    source: 'training',
    what: `checkpoint: ${what}`,
    got: got === undefined ? 'nothing' : got,
    expected,
    next: 'Use another checkpoint, or start again without it.',
  });

/** @throws BitgradError `invalid-file` */
export function asRecord(x: unknown, what: string): Fields {
  if (typeof x !== 'object' || x === null || Array.isArray(x)) throw badState(what, x, 'an object');
  return x as Fields;
}

/** @throws BitgradError `invalid-file` */
export function asList(x: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(x)) throw badState(what, x, 'a list');
  return x as unknown[];
}

const count: Rule = ['an integer, 0 or more', (x) => Number.isSafeInteger(x) && x >= 0];
const positive: Rule = ['an integer, 1 or more', (x) => Number.isSafeInteger(x) && x >= 1];
const finite: Rule = ['a finite number', Number.isFinite];
const amount: Rule = ['a finite number, 0 or more', (x) => Number.isFinite(x) && x >= 0];
const share: Rule = ['a number from 0 to 1', (x) => x >= 0 && x <= 1];
const exactly = (value: number): Rule => [String(value), (x) => x === value];
const upTo = (high: number): Rule => [`an integer from 0 to ${high}`, (x) => count[1](x) && x <= high];

const gap: Rule = ['a number from -1 to 1', (x) => x >= -1 && x <= 1];
const testRules = { hardenedTestAccuracy: share, softTestAccuracy: share };

const check = (fields: Fields, what: string, rules: Readonly<Record<string, Rule>>): void => {
  for (const [key, [expected, allows]] of Object.entries(rules)) {
    const value = fields[key];
    if (typeof value !== 'number' || !allows(value)) throw badState(`${what}.${key}`, value, expected);
  }
};

/** What a run's length follows from. */
interface Size {
  readonly epochs: number;
  readonly batchSize: number;
  readonly trainImages: number;
  readonly stepsPerEpoch: number;
  readonly kind?: string;
  readonly labelShape?: unknown;
}

function sizeOf(config: unknown): Size {
  const fields = asRecord(config, 'config');
  check(fields, 'config', {
    epochs: positive,
    batchSize: positive,
    trainImages: positive,
    learningRate: amount,
  });
  const size = fields as unknown as Size;
  return { ...size, stepsPerEpoch: Math.ceil(size.trainImages / size.batchSize) };
}

function checkEpochEvent(entry: unknown, epoch: number, { epochs, stepsPerEpoch, kind }: Size): void {
  const what = `metrics.history[${epoch}]`;
  const fields = asRecord(entry, what);
  if (fields['type'] !== 'epoch') throw badState(`${what}.type`, fields['type'], '"epoch"');
  check(fields, what, {
    epoch: exactly(epoch),
    epochs: upTo(epochs),
    step: exactly((epoch + 1) * stepsPerEpoch),
    loss: finite,
    seconds: amount,
  });
  const measured = { accuracy: share, flipRatio: share, ...testRules, softToHardGap: gap };
  const later = { testLoss: finite, validationAccuracy: share, validationLoss: finite, softValidationAccuracy: share }; // prettier-ignore
  for (const [key, rule] of Object.entries({ ...measured, ...later }))
    if (
      !(fields[key] === null && (key !== 'accuracy' || kind === 'values')) &&
      !(key in later && fields[key] === undefined)
    )
      check(fields, what, { [key]: rule });
}

/** Figures of the end, best epoch and former lengths, where there are any. */
function checkRest(fields: Fields, { epoch, batch }: TrainingPosition, { stepsPerEpoch }: Size): void {
  const { final } = fields['metrics'] as Fields;
  if (final !== undefined) {
    const figures = asRecord(final, 'metrics.final');
    check(figures, 'metrics.final', { epoch: upTo(epoch - 1) });
    for (const [key, rule] of Object.entries({ ...testRules, softToHardGap: gap, testLoss: finite }))
      if (figures[key] !== null) check(figures, 'metrics.final', { [key]: rule });
  }
  if (fields['best'] !== undefined) {
    const best = asRecord(fields['best'], 'best');
    check(best, 'best', { epoch: upTo(epoch - 1), score: finite });
    const clock = asRecord(best['clock'], 'best.clock');
    check(clock, 'best.clock', { step: exactly(((best['epoch'] as number) + 1) * stepsPerEpoch) });
    if (best['weights'] !== undefined) checkKept(asList(best['weights'], 'best.weights'), fields['weights']);
  }
  if (fields['lengthenings'] === undefined) return;
  let last = 0;
  for (const each of asList(fields['lengthenings'], 'lengthenings')) {
    check(asRecord(each, 'lengthenings'), 'lengthenings', {
      step: [
        `an integer from ${last + 1}`,
        (x) => count[1](x) && x > last && x <= epoch * stepsPerEpoch + batch,
      ],
      epochs: positive,
    });
    last = (each as Lengthening).step;
  }
}

function checkKept(kept: readonly unknown[], weights: unknown): void {
  const sizes = (weights as readonly WeightValues[]).map(({ values }) => values.length);
  const own = kept.map((values) => (ArrayBuffer.isView(values) ? (values as Float32Array).length : -1));
  if (own.join() !== sizes.join()) throw badState('best.weights', own, `values of sizes ${sizes.join()}`);
}

function checkMetrics(metrics: Fields, { epoch, batch }: TrainingPosition, size: Size): void {
  const seen = Math.min(batch * size.batchSize, size.trainImages);
  check(metrics, 'metrics', {
    lossSum: finite,
    seen: exactly(seen),
    // Parts of an example are right where it has several answers.
    correct: size.labelShape ? [`a number from 0 to ${seen}`, (x) => x >= 0 && x <= seen] : upTo(seen),
    flipSamples: upTo(batch),
    flipSum: amount,
    trainSeconds: amount,
    trainImages: exactly(epoch * size.trainImages + seen),
  });
  const history = asList(metrics['history'], 'metrics.history');
  if (history.length !== epoch) throw badState('metrics.history', history.length, `${epoch} epochs`);
  history.forEach((entry, i) => checkEpochEvent(entry, i, size));
}

function checkWeights(weights: readonly unknown[]): void {
  const names = weights.map((entry, i) => {
    const { name, shape, values } = asRecord(entry, `weight ${i}`);
    const fits =
      typeof name === 'string' &&
      Array.isArray(shape) &&
      shape.every((d) => count[1](d as number)) &&
      ArrayBuffer.isView(values) &&
      (values as Float32Array).length === shape.reduce((a: number, b: number) => a * b, 1);
    if (!fits) throw badState(`weight ${i}`, entry, 'a name and the shape of its values');
    return name;
  });
  if (new Set(names).size !== names.length) throw badState('names of weights', names, 'each only once');
}

function checkOptimizer(state: unknown, depth = 0): void {
  const { name, iterations, slots, children } = asRecord(state, 'optimizer');
  if (typeof name !== 'string' || depth > 8) throw badState('optimizer', name, 'the name of its kind');
  check({ iterations }, 'optimizer', { iterations: count });
  for (const arrays of asList(slots, 'optimizer.slots'))
    if (arrays !== null && !asList(arrays, 'optimizer.slots').every(ArrayBuffer.isView))
      throw badState('optimizer.slots', arrays, 'arrays of values');
  asList(children, 'optimizer.children').forEach((child) => checkOptimizer(child, depth + 1));
}

/** What of a state has values that are not finite, in words; undefined: nothing. */
export function notFiniteIn({ weights, optimizer, best }: TrainerState): string | undefined {
  if (best?.weights?.some((values) => !allFinite(values))) return 'a weight of the best epoch';
  const weight = weights.find(({ values }) => !allFinite(values));
  if (weight) return `weight "${weight.name}"`;
  const bad = ({ slots, children }: OptimizerState): boolean =>
    slots.some((arrays) => arrays?.some((values) => !allFinite(values))) || children.some(bad);
  return bad(optimizer) ? `state of optimizer ${optimizer.name}` : undefined;
}

/** How many variables an optimizer's state is for. */
export const slotsIn = ({ slots, children }: OptimizerState): number =>
  children.reduce((sum, child) => sum + slotsIn(child), slots.length);

/**
 * Checks everything that a state says of itself; the values are looked at by {@link notFiniteIn}.
 * @throws BitgradError `invalid-file` that names the field
 */
export function checkState(state: unknown): asserts state is TrainerState {
  const fields = asRecord(state, 'state');
  const size = sizeOf(fields['config']);
  const { epochs, stepsPerEpoch } = size;
  const position = asRecord(fields['position'], 'position');
  check(position, 'position', { epoch: upTo(epochs), batch: upTo(stepsPerEpoch) });
  const { epoch, batch } = position as unknown as TrainingPosition;
  if (epoch === epochs) check(position, 'position', { batch: exactly(0) });
  check(asRecord(fields['clock'], 'clock'), 'clock', {
    step: exactly(epoch * stepsPerEpoch + batch),
    epoch: exactly(epoch),
    totalSteps: exactly(epochs * stepsPerEpoch),
    learningRate: amount,
    learningRateSum: amount,
  });
  checkMetrics(asRecord(fields['metrics'], 'metrics'), { epoch, batch }, size);
  checkWeights(asList(fields['weights'], 'weights'));
  checkOptimizer(fields['optimizer']);
  // The optimizer has a slot, or null, for each weight that is trained.
  check(fields, 'state', { trained: exactly(slotsIn(fields['optimizer'] as OptimizerState)) });
  checkRest(fields, { epoch, batch }, size);
}

/**
 * Checks a clock against the one that the trainer's schedule gives at its step. A little apart is allowed: another
 * machine's cosine.
 * @throws BitgradError `invalid-file`
 */
export function checkClock(clock: TrainingClock, expected: TrainingClock): void {
  for (const key of ['learningRate', 'learningRateSum'] as const)
    if (Math.abs(clock[key] - expected[key]) > 1e-6 * Math.abs(expected[key]) + 1e-12)
      throw badState(`clock.${key}`, clock[key], `about ${expected[key]}, by the schedule`);
}
