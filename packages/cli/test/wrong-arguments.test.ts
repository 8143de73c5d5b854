// What is passed by mistake is answered by a BitgradError.
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import pc from 'picocolors';
import { expect, it, vi } from 'vitest';
import { createModel } from '@bitgrad/models';
import { encodeModel, type Plan } from '@bitgrad/runtime';
import { wrongCalls } from '@bitgrad/tooling/wrong-arguments';
import * as exports from '../src/index.js';
import { temporaryFolder } from './run.js';

it('every exported function works or raises a BitgradError', { timeout: 300_000 }, async () => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const folder = temporaryFolder();
  const nowhere = join(folder, 'nowhere');
  const io = (): exports.CliIo => ({
    stdout: new PassThrough().resume(),
    stderr: new PassThrough().resume(),
    terminal: false,
    colors: pc.createColors(false),
  });
  const json = { json: true };
  const common = { ...json, plugin: [] };
  const plan = {
    version: 1,
    input: 0,
    output: 1,
    buffers: [
      { type: 'u8', shape: [2] },
      { type: 'f32', shape: [2] },
    ],
    weights: [
      { type: 'f32', shape: [2] },
      { type: 'f32', shape: [2] },
    ],
    ops: [{ op: 'affine', inputs: [0], output: 1, weights: [0, 1] }],
  } as unknown as Plan;
  const weights = [Float32Array.of(1, 1), Float32Array.of(0, 0)];
  expect(encodeModel(plan, weights).length).toBeGreaterThan(0);
  const train = {
    model: 'nope',
    quantizer: 'none',
    backend: 'cpu',
    data: 'nope',
    epochs: 1,
    batch: 1,
    lrSchedule: 'step',
    warmup: 0,
    optimizer: 'adam',
    augment: 'none',
    seed: 1,
    resume: false,
    overwrite: false,
    checkpointSeconds: 1,
    out: nowhere,
    ...common,
  };
  await exports.startBackend('cpu');
  const model = createModel('mlp', { inputShape: [2, 2, 1], classes: 2, kernelQuantizer: null, hidden: [2] });
  const failures = await wrongCalls(exports, {
    cases: {
      startBackend: { args: () => ['cpu'] },
      chooseEngine: { args: () => ['js'] },
      // No options are those of a whole run.
      runTrain: { args: () => [train, io(), folder], options: 0, without: ['object'] },
      runEval: {
        args: () => [nowhere, { split: 'test', backend: 'cpu', batch: 1, ...common }, io(), folder],
        options: 1,
      },
      runCompile: {
        args: () => [
          nowhere,
          {
            out: nowhere,
            limit: 1,
            firstLayer: 'float',
            lastLayer: 'auto',
            time: false,
            backend: 'cpu',
            ...common,
          },
          io(),
          folder,
        ],
        options: 1,
      },
      runRun: {
        args: () => [
          nowhere,
          {
            data: 'digits',
            invert: false,
            top: 1,
            split: 'test',
            seed: 1,
            engine: 'js',
            threads: 1,
            ...common,
          },
          io(),
          folder,
        ],
        options: 1,
      },
      runBench: {
        args: () => [nowhere, { engine: 'js', threads: 1, seconds: 0.01, ...json }, io(), folder],
        options: 1,
      },
      runExport: { args: () => [nowhere, { to: 'c', out: folder, ...json }, io(), folder], options: 1 },
      runInspect: { args: () => [nowhere, json, io(), folder], options: 1 },
      runDoctor: { args: () => [{ json: true }, io(), folder], options: 0 },
      runList: { args: () => [{ json: true, plugin: [nowhere] }, io(), folder], options: 0 },
      inspectModel: { args: () => ['x', { plan, weights, metadata: {} }, 3] },
      readRunInfo: { args: () => [nowhere] },
      loadModel: { args: () => [nowhere] },
      openModel: { args: () => [nowhere] },
      openRun: {
        args: () => [{ data: 'nope' }, { plugins: [] }],
        options: 0,
        without: ['undefined', 'object'],
      },
      // A name is a folder here.
      saveModel: { args: () => [model, join(folder, 'saved')], without: ['string'] },
      usePlugins: { args: () => [[], folder] },
      createProgram: { args: () => [() => Promise.resolve(), io()] },
      runWith: { args: () => [['inspect', nowhere], io()] },
      runCli: { args: () => [['inspect', nowhere]] },
    },
  });
  expect(failures).toEqual([]);
});
