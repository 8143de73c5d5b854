// Two different models of one engine at once, their runs interleaved: each gives what it gives alone.
import { jsEngine, type Engine } from '@bitgrad/runtime';
import { convTrial } from '@bitgrad/testkit/engine';

/** Runs that gave a wrong result, of 2 x 10 that were started together, and of 5 after one of the models was disposed. */
export async function sideBySide(engine: Engine): Promise<number> {
  const trials = [
    convTrial({ type: 'bits', size: [5, 7], c: 33, cOut: 40, pads: [1, 1, 1, 1], threshold: true }),
    convTrial({ type: 'u8', size: [6, 6], c: 3, cOut: 9, kernel: [5, 5], pads: [2, 2, 2, 2] }),
  ];
  const want: string[] = [];
  for (const trial of trials) want.push((await jsEngine().compile(trial)).run(trial.input).join());
  const models = await Promise.all(trials.map((trial) => engine.compile(trial)));
  let wrong = 0;
  const run = async (m: number): Promise<void> => {
    const got = await models[m]!.runAsync(trials[m]!.input);
    wrong += got.join() === want[m] ? 0 : 1;
  };
  await Promise.all(Array.from({ length: 20 }, (_, i) => run(i % 2)));
  models[0]!.dispose();
  for (let i = 0; i < 5; i++) await run(1);
  models[1]!.dispose();
  return wrong;
}
