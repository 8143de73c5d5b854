// A validation split chooses the epoch: early stop, best weights, the test split once at the end; and runs that become longer.
import { beforeAll, describe, expect, it } from 'vitest';
import { holdOut } from '@bitgrad/datasets';
import {
  createTrainer,
  evaluate,
  learningRateAt,
  loadCheckpoint,
  restoreCheckpoint,
  saveCheckpoint,
  type EpochEvent,
  type StepEvent,
  type TrainEvent,
  type Trainer,
  type TrainerOptions,
} from '../src/index.js';
import { decodeParts, encodeParts } from '../src/checkpoint/format.js';
import { advance, startCpu, stripes, tinyModel, weightBits } from './fixtures.js';

beforeAll(startCpu);

const { rest: train, held: validation } = holdOut(stripes(90, 1), 0.3, { seed: 2 });
const test = stripes(60, 2);
const make = (options: Partial<TrainerOptions> = {}): Trainer =>
  createTrainer({
    model: tinyModel(),
    train,
    test,
    validation,
    epochs: 8,
    batchSize: 16,
    seed: 4,
    learningRate: 0.05,
    schedule: 'constant',
    flipEvery: 0,
    ...options,
  });
const epochsOf = (events: readonly TrainEvent[]) => events.filter((e): e is EpochEvent => e.type === 'epoch');
const reopened = async (trainer: Trainer, options: Partial<TrainerOptions>): Promise<Trainer> => {
  const bytes = await saveCheckpoint(trainer);
  const again = make(options);
  restoreCheckpoint(again, loadCheckpoint(bytes));
  return again;
};

describe('a run with a validation split', () => {
  it('evaluates it after epochs, and the test split once, at its end', async () => {
    const trainer = make({ epochs: 3 });
    const events = await advance(trainer);
    const epochs = epochsOf(events);
    expect(epochs.map((e) => e.hardenedTestAccuracy)).toEqual([null, null, null]);
    const { accuracy, loss } = await evaluate(trainer.model, validation);
    expect(epochs.at(-1)).toMatchObject({ validationAccuracy: accuracy, validationLoss: loss });
    const end = events.at(-1)!;
    const tested = await evaluate(trainer.model, test);
    expect(end).toMatchObject({
      type: 'end',
      final: { epoch: 2, hardenedTestAccuracy: tested.accuracy, testLoss: tested.loss },
    });
    expect(events.flatMap((e) => (e.type === 'phase' ? [`${e.phase} ${e.images}`] : []))).toEqual([
      ...Array.from({ length: 3 }, () => ['training 63', 'validation 27']).flat(),
      'test 60',
    ]);
  });

  it.each(['loss', 'accuracy'] as const)(
    'keeps the weights of the epoch with the best %s',
    async (monitor) => {
      const trainer = make({ keepBest: true, monitor, learningRate: 0.3 });
      const seen: { score: number; bits: string }[] = [];
      for await (const event of trainer.run())
        if (event.type === 'epoch')
          seen.push({
            score: monitor === 'loss' ? -event.validationLoss! : event.validationAccuracy!,
            bits: await weightBits(trainer.model),
          });
      const best = seen.reduce((a, b) => (b.score > a.score ? b : a));
      expect(seen.indexOf(best)).toBeLessThan(7);
      expect(await weightBits(trainer.model)).toBe(best.bits);
      expect(trainer.metrics().final!.epoch).toBe(seen.indexOf(best));
      expect(trainer.kept()!.epoch).toBe(seen.indexOf(best));
      const { accuracy } = await evaluate(trainer.model, test);
      expect(trainer.metrics().final!.hardenedTestAccuracy).toBe(accuracy);
    },
  );

  it('ends when it gets no better for so many epochs', async () => {
    const trainer = make({ earlyStop: { patience: 2 }, monitor: 'loss', learningRate: 0.3, epochs: 30 });
    const epochs = epochsOf(await advance(trainer));
    const losses = epochs.map((e) => e.validationLoss!);
    const best = losses.indexOf(Math.min(...losses));
    expect(epochs.length).toBe(best + 3);
    expect(epochs.length).toBeLessThan(30);
    expect(trainer.finished()).toBe(true);
    const impatient = make({ earlyStop: { patience: 1, minDelta: 10 }, monitor: 'loss' });
    expect(epochsOf(await advance(impatient))).toHaveLength(2);
  });

  it('resumes to the same bits from every step, with its best weights', async () => {
    const options = { keepBest: true, earlyStop: { patience: 3 }, learningRate: 0.3, epochs: 5 } as const;
    const whole = make(options);
    await advance(whole);
    const [bits, bytes] = [await weightBits(whole.model), await saveCheckpoint(whole)];
    const steps = whole.clock().step;
    const figures = ({ clock, position, best, metrics: { history, final } }: ReturnType<typeof loadCheckpoint>) => ({ clock, position, best, history: history.map(({ seconds: _, ...event }) => event), final }); // prettier-ignore
    let trainer = make(options);
    for (let done = 0; done < steps; done++) {
      await advance(trainer, 1);
      trainer = await reopened(trainer, options);
    }
    await advance(trainer);
    expect(await weightBits(trainer.model)).toBe(bits);
    expect(figures(loadCheckpoint(await saveCheckpoint(trainer)))).toEqual(figures(loadCheckpoint(bytes)));
    // The state has the last weights, the model the best: also after it is opened again.
    const opened = await reopened(trainer, options);
    expect(opened.finished()).toBe(true);
    expect(await weightBits(opened.model)).toBe(bits);
    expect((await advance(opened)).map(({ type }) => type)).toEqual(['end']);
  });

  it.each([
    [{ validation: undefined, keepBest: true }, /"keepBest".*without a validation split.*holdOut/],
    [{ validation: undefined, earlyStop: { patience: 2 } }, /"earlyStop".*without a validation split/],
    [{ evaluateEvery: 0, keepBest: true }, /without evaluations/],
    [{ earlyStop: { patience: 0 } }, /earlyStop.patience.*1 or more/],
    [{ monitor: 'f1' }, /"monitor"/],
    [{ validation: stripes(0, 1) }, /no images/],
  ])('refuses %j', (options, message) => {
    expect(() => make(options as never)).toThrow(message);
  });

  it('refuses a state whose best epoch cannot be', async () => {
    const trainer = make({ keepBest: true, epochs: 3 });
    await advance(trainer);
    const { header, arrays } = decodeParts(await saveCheckpoint(trainer));
    const fields = header as { best: Record<string, unknown>; metrics: object };
    const changed = (best: object, more: object = {}) =>
      encodeParts({ header: { ...fields, best: { ...fields.best, ...best }, ...more }, arrays });
    expect(() => loadCheckpoint(changed({}))).not.toThrow();
    for (const best of [{ epoch: 3 }, { score: null }, { kept: 1 }, { kept: false }, { clock: { step: 1 } }])
      expect(() => loadCheckpoint(changed(best)), JSON.stringify(best)).toThrow(/best|arrays/);
    const final = { ...fields.metrics, final: { epoch: 9 } };
    expect(() => loadCheckpoint(changed({}, { metrics: final }))).toThrow(/metrics.final.epoch/);
    const lengths = { lengthenings: [{ step: 99, epochs: 2 }] };
    expect(() => loadCheckpoint(changed({}, lengths))).toThrow(/lengthenings.step/);
  });
});

describe('a run that becomes longer', () => {
  const options = { validation: undefined, schedule: 'cosine' } as const;
  const ratesOf = (events: readonly TrainEvent[]) =>
    events.filter((e): e is StepEvent => e.type === 'step').map((e) => e.learningRate);

  it('goes on with the rates of the longer run, and from there to the same bits', async () => {
    const first = make({ ...options, epochs: 2 });
    const early = ratesOf(await advance(first));
    const longer = await reopened(first, { ...options, epochs: 4 });
    expect(longer.finished()).toBe(false);
    const late = ratesOf(await advance(longer));
    expect(early).toEqual(Array.from({ length: 8 }, (_, s) => learningRateAt(0.05, 'cosine', s, 8)));
    expect(late).toEqual(Array.from({ length: 8 }, (_, s) => learningRateAt(0.05, 'cosine', 8 + s, 16)));
    const sum = [...early, ...late].reduce((a, b) => a + b);
    expect(longer.clock().learningRateSum).toBeCloseTo(sum, 12);
    // Stopped in the part that was added, and made longer once more.
    const second = await reopened(first, { ...options, epochs: 4 });
    await advance(second, 3);
    const third = await reopened(second, { ...options, epochs: 4 });
    await advance(third);
    expect(await weightBits(third.model)).toBe(await weightBits(longer.model));
    const fourth = await reopened(third, { ...options, epochs: 5 });
    expect(loadCheckpoint(await saveCheckpoint(fourth)).lengthenings).toEqual([
      { step: 8, epochs: 2 },
      { step: 16, epochs: 4 },
    ]);
    await advance(fourth);
    expect(fourth.metrics().history.map(({ epochs }) => epochs)).toEqual([2, 2, 4, 4, 5]);
  });

  it('goes on from the last weights, not from the best', async () => {
    const kept = { keepBest: true, learningRate: 0.3, epochs: 5 } as const;
    const whole = make({ ...kept, epochs: 7 });
    await advance(whole);
    const short = make(kept);
    await advance(short);
    const longer = await reopened(short, { ...kept, epochs: 7 });
    expect(longer.metrics().final).toBeUndefined();
    await advance(longer);
    expect(await weightBits(longer.model)).toBe(await weightBits(whole.model));
  });

  it('may be more patient, and may not be shorter', async () => {
    const stop = (patience: number) => ({ earlyStop: { patience }, learningRate: 0.3 }) as const;
    const first = make({ ...stop(1), monitor: 'loss' });
    const epochs = epochsOf(await advance(first)).length;
    const second = await reopened(first, { ...stop(4), monitor: 'loss' });
    expect(epochsOf(await advance(second)).length + epochs).toBeGreaterThan(epochs);
    await expect(reopened(first, { ...stop(1), monitor: 'loss', epochs: 7 })).rejects.toThrow(
      /option "epochs" differs.*got 7/,
    );
    await expect(reopened(first, { ...stop(1), monitor: 'accuracy' })).rejects.toThrow(/"monitor" differs/);
  });
});
