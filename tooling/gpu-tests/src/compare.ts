// Results of an engine beside those of the js engine.
import { decodeModel, jsEngine, type Engine } from '@bitgrad/runtime';

/**
 * Runs a model on inputs, one after the other.
 * @returns how many results differ at all from the JS engine's, and the largest difference
 */
export async function compareWithJs(
  engine: Engine,
  file: Uint8Array,
  inputs: Uint8Array,
): Promise<{ differing: number; worst: number }> {
  const model = decodeModel(file);
  const want = (await jsEngine().compile(model)).run(inputs);
  const executable = await engine.compile(model);
  const got = await executable.runAsync(inputs);
  executable.dispose();
  let [differing, worst] = [0, 0];
  want.forEach((v, i) => {
    if (v !== got[i]) differing++;
    worst = Math.max(worst, Math.abs(v - got[i]!));
  });
  return { differing, worst };
}
