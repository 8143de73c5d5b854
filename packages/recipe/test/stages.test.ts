// Runs of several stages: which quantizers, decay and layers each has, what it starts from, what is counted, and a resume at any step.
import '@tensorflow/tfjs-backend-cpu';
import { definePlugin, use } from '@bitgrad/core';
import type { Dataset } from '@bitgrad/datasets';
import { quantizedKernels, quantLayersOf } from '@bitgrad/layers';
import { stePlugin } from '@bitgrad/quantizer-ste';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { defineRecipe, listRecipes, openRun, type RecipeInput, type Run } from '../src/index.js';
import { stripes } from './support.js';

const twice = defineRecipe({
  description: 'a plugin’s',
  stages: () => [
    { name: 'short', epochs: 1, set: { lr: 0.01 } },
    { name: 'long', share: 3, set: { labelSmoothing: 0.1 } },
  ],
});
const none = defineRecipe({ description: 'wrong', stages: () => [{ name: 'x', set: { lr: -1 } }] });
beforeAll(() => use(stePlugin, definePlugin({ name: 'mine', version: '1.0.0', recipes: { twice, none } })));

const dataset: Dataset = { name: 'stripes', classes: ['flat', 'upright'], shape: [8, 8, 1], train: stripes(1, 64), test: stripes(2, 32) }; // prettier-ignore
const recipe: RecipeInput = {
  model: 'mlp',
  modelOptions: { hidden: [8, 8, 8] },
  epochs: 4,
  batch: 16,
  lr: 0.01,
  backend: 'cpu',
};
const open = (more: RecipeInput, options = {}): Promise<Run> => openRun({ ...recipe, ...more }, { dataset, ...options }); // prettier-ignore

/** Whether some kernels, and some inputs, are binary. */
const binary = (model: LayersModel) => ({
  kernels: quantizedKernels(model).length > 0,
  inputs: quantLayersOf(model).some(({ slots }) => slots.has('input')),
});
const bits = (model: LayersModel): string =>
  model.weights.map((w) => Buffer.from((w.read().dataSync() as Float32Array).slice().buffer).toString('hex')).join('/'); // prettier-ignore

/** What each stage was when it began. */
async function walk(run: Run) {
  const stages: { stage: string; model: LayersModel; binary: object; frozen: number; config: object }[] = [];
  const events: { type: string; step?: number; epoch?: number; stage?: string }[] = [];
  await run.train({
    onEvent(event) {
      events.push(event as never);
      const stage = 'stage' in event ? event.stage! : '';
      if (stage !== '' && stages.at(-1)?.stage !== stage) {
        const { model } = run;
        const frozen = model.layers.filter((l) => l.weights.length > 0 && !l.trainable).length;
        stages.push({ stage, model, binary: binary(model), frozen, config: run.trainer.config });
      }
    },
  });
  return { stages, events };
}

describe('two-stage', () => {
  it('has binary inputs with float kernels, then both without decay, from the weights of the first', async () => {
    const run = await open({ recipe: 'two-stage', optimizer: 'adamw', weightDecay: 0.1 });
    let first = '';
    let atStart = '';
    const kernel = (model: LayersModel) => Buffer.from(model.getLayer('dense2').getWeights()[0]!.dataSync()).toString('hex'); // prettier-ignore
    const seen: object[] = [];
    await run.train({
      onEvent(event) {
        if (event.type === 'epoch' && event.stage === 'inputs') first = kernel(run.model);
        if (event.type === 'phase' && event.phase === 'training') {
          const { optimizer } = run.trainer.config as { optimizer: { weightDecay?: number } };
          seen.push({ stage: event.stage, epoch: event.epoch, ...binary(run.model), decay: optimizer.weightDecay ?? 0 }); // prettier-ignore
          if (event.epoch === 2) atStart = kernel(run.model);
        }
      },
    });
    const [inputs, kernels] = [
      { inputs: true, kernels: false, decay: 0.1 },
      { inputs: true, kernels: true, decay: 0 },
    ];
    expect(seen).toEqual([
      { stage: 'inputs', epoch: 0, ...inputs },
      { stage: 'inputs', epoch: 1, ...inputs },
      { stage: 'kernels', epoch: 2, ...kernels },
      { stage: 'kernels', epoch: 3, ...kernels },
    ]);
    expect(atStart).toBe(first);
    expect(run.result()).toMatchObject({ epochs: 4, steps: 16, finished: true, quantizer: 'ste' });
    await run.dispose();
  });

  it('keeps the quantizer of the inputs, whatever that of the kernels', async () => {
    const run = await open({ recipe: 'two-stage', quantizer: 'bireal/approx-sign', epochs: 2 });
    const of = () =>
      quantLayersOf(run.model).flatMap(({ slots }) => slots.get('input')?.quantizer.name ?? []);
    expect(new Set(of())).toEqual(new Set(['approx-sign']));
    expect(binary(run.model).kernels).toBe(false);
    await run.train();
    expect(new Set(of())).toEqual(new Set(['approx-sign']));
    expect(new Set(quantizedKernels(run.model).map(({ quantizer }) => quantizer.name))).toContain('bireal');
    await run.dispose();
  });
});

it('float-first is float, then binary', async () => {
  const run = await open({ recipe: 'float-first', epochs: 3 });
  const { stages } = await walk(run);
  expect(stages.map(({ stage, binary }) => [stage, binary])).toEqual([
    ['float', { kernels: false, inputs: false }],
    ['binary', { kernels: true, inputs: true }],
  ]);
  await run.dispose();
});

it('input-to-output freezes from the input on, and what is frozen stays', async () => {
  const run = await open({ recipe: 'input-to-output', epochs: 4 });
  const { layers } = run.model;
  const names = layers.filter((l) => l.weights.length > 0).map(({ name }) => name);
  const frozen: string[][] = [];
  const weights: string[] = [];
  await run.train({
    onEvent(event) {
      if (event.type !== 'epoch') return;
      const held = run.model.layers.filter((l) => l.weights.length > 0 && !l.trainable);
      frozen.push(held.map(({ name }) => name));
      weights.push(held.flatMap((l) => l.getWeights().map((w) => w.dataSync().join())).join(';'));
    },
  });
  expect(frozen.map((f) => f.length)).toEqual([0, 1, 2, 3].map((i) => Math.floor((names.length * i) / 4)));
  frozen.forEach((f) => expect(f).toEqual(names.slice(0, f.length)));
  weights.slice(1).forEach((w, i) => expect(w.startsWith(weights[i]!)).toBe(true));
  await run.dispose();
});

it('a plugin brings a recipe; steps and epochs are counted over all stages', async () => {
  expect(listRecipes().map(({ name }) => name)).toEqual(expect.arrayContaining(['two-stage', 'float-first', 'input-to-output', 'twice'])); // prettier-ignore
  const run = await open({ recipe: 'twice' });
  expect(run.progress()).toMatchObject({ step: 0, totalSteps: 16, epochs: 4, history: [], stage: 'short' });
  const { stages, events } = await walk(run);
  expect(stages.map(({ stage }) => stage)).toEqual(['short', 'long']);
  expect(stages.map(({ config }) => (config as { epochs: number }).epochs)).toEqual([1, 3]);
  expect(stages.map(({ config }) => 'labelSmoothing' in config)).toEqual([false, true]);
  expect(events.filter((e) => e.type === 'step').map((e) => e.step)).toEqual(Array.from({ length: 16 }, (_, i) => i + 1)); // prettier-ignore
  expect(events.filter((e) => e.type === 'epoch').map((e) => e.epoch)).toEqual([0, 1, 2, 3]);
  expect(events.filter((e) => e.type === 'end')).toHaveLength(1);
  const { history } = run.progress();
  expect(history.map(({ epoch, step, stage }) => [epoch, step, stage])).toEqual([[0, 4, 'short'], [1, 8, 'long'], [2, 12, 'long'], [3, 16, 'long']]); // prettier-ignore
  await run.dispose();
});

it.each([7, 8, 9])('goes on after step %i to the bits of the run that was never stopped', async (stop) => {
  const teacher = await open({ quantizer: 'none', seed: 3, epochs: 1 });
  await teacher.train();
  const files = teacher.model;
  const options = { teacher: () => cloneOf(files) };
  const input = { recipe: 'two-stage', augment: 'shift:1,mixup:0.4', temperature: 2, teacherShare: 0.5 };
  const whole = await open(input, options);
  await whole.train();
  const first = await open(input, options);
  const controller = new AbortController();
  let steps = 0;
  await first.train({ signal: controller.signal, onEvent: (e) => void (e.type === 'step' && ++steps === stop && controller.abort()) }); // prettier-ignore
  expect(first.result()).toMatchObject({ finished: false, steps: stop });
  const rest = await open(input, options);
  rest.resume(await first.checkpoint());
  expect(rest.progress().step).toBe(stop);
  expect(await rest.train()).toBe(true);
  expect(bits(rest.model)).toBe(bits(whole.model));
  const bare = ({ seconds: _s, imagesPerSecond: _i, kernels: _k, ...figures }: ReturnType<Run['result']>) => figures; // prettier-ignore
  expect(bare(rest.result())).toEqual(bare(whole.result()));
  const bareEvents = (run: Run) => run.progress().history.map(({ seconds: _, ...event }) => event);
  expect(bareEvents(rest)).toEqual(bareEvents(whole));
  const other = await open({ ...input, recipe: 'float-first' }, options);
  const saved = await first.checkpoint();
  expect(() => other.resume(saved)).toThrow(/"recipe" differs/);
  const another = await open(input, { teacher: async () => (await open({ seed: 8 })).model });
  expect(() => another.resume(saved)).toThrow(/"teacher" differs/);
});

/** A model of the same weights, which may be disposed. */
const cloneOf = async (model: LayersModel): Promise<LayersModel> => {
  const { model: copy } = await open({ quantizer: 'none', seed: 3 });
  copy.setWeights(model.getWeights());
  return copy;
};

it.each([
  [{ recipe: 'two-stag' }, /recipe: got "two-stag".*Did you mean "two-stage"/],
  [{ recipe: 'two-stage', epochs: 1 }, /--epochs for the 2 stages of recipe two-stage: got 1/],
  [{ recipe: 'none' }, /option "lr"/],
  [{ temperature: 2 }, /--temperature: got 2. It is for a run with a teacher/],
  [{ teacherShare: 2 }, /option "teacherShare"/],
])('refuses %j', async (wrong, message) => {
  await expect(open(wrong as RecipeInput)).rejects.toThrow(message);
});

it('refuses quantizers as objects beside a recipe', async () => {
  const { quantizers } = await open({});
  await expect(open({ recipe: 'two-stage' }, { quantizers })).rejects.toThrow(/quantizers of one's own/);
});
