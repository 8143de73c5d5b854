// `bench steps`: what does a quantizer cost in a training step? Every quantizer trains the same net on the same batch in
// one process, one step each in turn, so that a busy machine hits them alike.
import { use, useBackend } from '@bitgrad/core';
import { wasm } from '@bitgrad/backend-wasm';
import { createModel } from '@bitgrad/models';
import { fda, fdaPlugin, fdaPlusPlus } from '@bitgrad/quantizer-fda';
import { bnnPlusPlus, pc, proxConnectPlugin } from '@bitgrad/quantizer-proxconnect';
import { ste, stePlugin } from '@bitgrad/quantizer-ste';
import { adam, crossEntropy } from '@bitgrad/training';
import { table } from '../report/markdown.js';
import { quantile } from './command.js';
import { CLASSES, nets } from './nets.js';
import { createStepper } from './stepper.js';

const constantN = (n: number) => fda({ start: n, end: n, growth: 'constant' });

/** What takes turns; the first is what the others are compared with. */
const contenders = {
  ste: () => ste(),
  'fda, n = 4': () => constantN(4),
  'fda, n = 64': () => constantN(64),
  'fda, n = 9, noise': () => fda({ start: 9, end: 9, noise: true }),
  'fda++': () => fdaPlusPlus(),
  pc: () => pc(),
  'bnn++': () => bnnPlusPlus(),
};

/** Options of the command. */
export interface StepsOptions {
  readonly net: string;
  readonly rounds: number;
  readonly json: boolean;
}

/** A quantizer's median step. */
export interface StepsRow {
  readonly quantizer: string;
  readonly milliseconds: number;
  /** Median over the rounds of its step divided by the first quantizer's in the same round, with the quartiles. */
  readonly ratio: number;
  readonly quartiles: readonly [number, number];
}

/** Measures and prints; returns the exit code. */
export async function stepsCommand({ net: name, rounds, json }: StepsOptions): Promise<number> {
  for (const plugin of [stePlugin, proxConnectPlugin, fdaPlugin]) use(plugin);
  await useBackend([wasm({ threads: 1 })]);
  const net = nets.find((known) => known.name === name)!;
  const steppers = Object.entries(contenders).map(([label, quantizer]) => {
    const model = createModel(net.name, {
      inputShape: net.shape,
      classes: CLASSES,
      kernelQuantizer: quantizer(),
    });
    const step = createStepper({ model, optimizer: adam({ learningRate: 1e-3 }), loss: crossEntropy }, net);
    for (let i = 0; i < 5; i++) step();
    return { label, step, times: [] as number[] };
  });
  for (let round = 0; round < rounds; round++)
    for (const { step, times } of steppers) {
      const start = performance.now();
      step();
      times.push(performance.now() - start);
    }
  const base = steppers[0]!.times;
  const rows = steppers.map(({ label, times }): StepsRow => {
    const ratios = times.map((t, i) => t / base[i]!);
    return {
      quantizer: label,
      milliseconds: quantile(times, 0.5),
      ratio: quantile(ratios, 0.5),
      quartiles: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
    };
  });
  if (json) process.stdout.write(`${JSON.stringify({ net: name, batch: net.batch, rounds, rows })}\n`);
  else
    process.stdout.write(
      `${table(
        ['quantizer', 'ms a step', `to ${rows[0]!.quantizer} (quartiles)`],
        rows.map((row) => [
          row.quantizer,
          row.milliseconds.toFixed(2),
          `${row.ratio.toFixed(3)} (${row.quartiles.map((q) => q.toFixed(3)).join(' to ')})`,
        ]),
      )}\n`,
    );
  return 0;
}
