// What every place runs: a packed model on one picture by one engine after another. It is copied into a project of a user.
import { jsEngine, loadModel, topClasses } from '@bitgrad/runtime';
import { wasmEngine } from '@bitgrad/backend-wasm/engine';

/** Not everywhere: Hermes alone has none of it. */
const now = () => (typeof performance === 'object' ? performance.now() : Date.now());

/**
 * @param {{ file: Uint8Array, pixels: Uint8Array, cases: { engine: 'js' | 'wasm', threads?: number, module?: unknown }[], runs?: number }} task
 *   `runs`: how often each model is run to time it, after it was run twice; default at least 20 times, and as often as half a second
 *   allows, since a compiler that makes code fast has to find time beside the runs
 * @returns for each case the engine that ran, its threads and why not more, what was skipped, the logits, the class, and ms a run, the median
 */
export async function answer({ file, pixels, cases, runs }) {
  const outcomes = [];
  for (const { engine: wanted, threads = 1, module } of cases) {
    const js = jsEngine();
    const engine = wanted === 'js' ? js : [wasmEngine({ startMs: 5000, ...(module && { module }) }), js];
    const model = await loadModel(file, { engine, threads });
    const logits = [...(await model.predict(pixels))];
    await model.predict(pixels);
    const times = [];
    const begin = now();
    for (let run = 0; run < (runs ?? 20) || (runs === undefined && now() - begin < 500); run++) {
      const start = now();
      await model.predict(pixels);
      times.push(now() - start);
    }
    const { engine: name, variant, threads: had, threadsReason, skipped } = model.report();
    outcomes.push({
      engine: variant ? `${name} ${variant}` : name,
      threads: had,
      reason: [...skipped.map(({ reason }) => reason), threadsReason ?? ''].join(' '),
      logits,
      label: topClasses(logits, model)[0].name,
      ms: times.sort((a, b) => a - b)[times.length >> 1],
    });
    model.dispose();
  }
  return outcomes;
}
