// Random models of every layer class verify, on the graph's backend and both engines; and of deliberate mistakes, one in
// each packed model, not one passes. A mistake counts when it shows: when it moves an output by more than a thousandth of
// its spread (and a ten thousandth of its size) on so many of as many inputs (other ones) as verification takes that it must meet some. The others change
// nothing that anyone could see. BITGRAD_MODELS=1000: so many models (and so many mistakes) in place of a few dozen.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { createRng, use, type Rng } from '@bitgrad/core';
import { wasm } from '@bitgrad/backend-wasm';
import { wasmEngine } from '@bitgrad/backend-wasm/engine';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { elementCount, jsEngine, validateModel, type PackedModel } from '@bitgrad/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { layersOf } from '@bitgrad/layers';
import { amount } from '@bitgrad/tooling/endurance';
import { compileModel, lowerings, verifyModel, type Samples } from '../src/index.js';
import { allowedBy, scaleOf } from '../src/packing/differences.js';
import { runOn } from '../src/verify.js';
import { mistakes } from './support/mistakes.js';
import { randomModel } from './support/random-model.js';

const models = amount({ test: 6, ci: 30, variable: 'BITGRAD_MODELS' });
const from = Number(process.env.BITGRAD_SEED ?? 1);
/** Inputs, of as many as verification takes, on which a mistake must show: the chance to miss all of them is e^-16. */
const shows = 16;
const timeout = 60_000 + models * 3000;

const inputs = ({ plan }: PackedModel, count: number, rng: Rng): Samples => {
  const { type, shape } = plan.buffers[plan.input]!;
  const length = count * elementCount(shape);
  return type === 'u8'
    ? Uint8Array.from({ length }, () => rng.integer(256))
    : Float32Array.from({ length }, () => rng.normal());
};

/** On how many of `count` inputs a model answers otherwise than the right one. */
const shownOn = async (wrong: PackedModel, right: PackedModel, count: number, rng: Rng): Promise<number> => {
  const samples = inputs(right, count, rng);
  const engine = wasmEngine();
  const [a, b] = [await runOn(engine, right, samples), await runOn(engine, wrong, samples)];
  const width = right.plan.buffers[right.plan.output]!.shape.at(-1)!;
  const scale = scaleOf({ values: a, samples: count, width });
  const allowed = allowedBy(scale, 1e-3).map((most, c) => Math.max(most, 1e-4 * scale.largest[c]!));
  const size = a.length / count;
  let shown = 0;
  for (let s = 0; s < count; s++) {
    let apart = false;
    for (let i = s * size; i < (s + 1) * size; i++)
      apart ||= !(Math.abs(a[i]! - b[i]!) <= allowed[i % width]!);
    shown += apart ? 1 : 0;
  }
  return shown;
};

const valid = (model: PackedModel): boolean => {
  try {
    validateModel(model);
    return true;
  } catch {
    return false;
  }
};

interface Figures {
  models: number;
  exact: number;
  ties: number;
  drawn: number;
  mistakes: number;
  /** Mistakes that change no output, or one seldom. */
  none: number;
  seldom: number;
  kinds: Record<string, number>;
  layers: Set<string>;
}

/** A mistake that shows in a model, of a kind that was seldom used before; undefined when none does. */
const drawMistake = async (right: PackedModel, count: number, rng: Rng, figures: Figures) => {
  const order = new Map(Object.keys(mistakes).map((kind) => [kind, (figures.kinds[kind] ?? 0) + rng.next()]));
  for (const [kind] of [...order].toSorted(([, a], [, b]) => a - b)) {
    const wrong = mistakes[kind]!({ packed: right, rng });
    if (!wrong || !valid(wrong)) continue;
    figures.drawn += 1;
    const shown = await shownOn(wrong, right, count, rng);
    if (shown >= shows) return { kind, wrong };
    figures[shown === 0 ? 'none' : 'seldom'] += 1;
  }
  return undefined;
};

const check = async (seed: number, figures: Figures): Promise<void> => {
  const { model, options } = randomModel(seed);
  const engine = [jsEngine(), wasmEngine()];
  const { model: right, agreement } = await compileModel(model, { ...options, engine }).catch(
    (error: Error) => {
      throw new Error(`model ${seed}: ${error.message}`, { cause: error });
    },
  );
  expect(agreement.engines).toEqual(['js', 'wasm']);
  figures.models += 1;
  layersOf(model).forEach((layer) => figures.layers.add(layer.getClassName()));
  figures.exact += agreement.maxDifference === 0 ? 1 : 0;
  figures.ties += agreement.ties > 0 ? 1 : 0;
  const rng = createRng(seed).fork('mistake');
  // One a model; a second or third where a model before had none that shows.
  for (let i = 0; i < 3 && figures.mistakes < figures.models; i++) {
    const found = await drawMistake(right, agreement.samples, rng, figures);
    if (!found) break;
    const { kind, wrong } = found;
    const { normalization } = options;
    const outcome = await verifyModel(model, wrong, { normalization, engine: wasmEngine() }).catch(
      (e: Error) => e,
    );
    figures.mistakes += 1;
    figures.kinds[kind] = (figures.kinds[kind] ?? 0) + 1;
    expect.soft(outcome, `model ${seed}: "${kind}" passes`).toMatchObject({ code: 'verification-failed' });
  }
  model.dispose();
};

const seen = { layers: new Set<string>(), kinds: new Set<string>() };
const backend = wasm();
use(stePlugin);
// The plain backend is slow: a quarter of the models.
const onCpu = Math.ceil(models / 4);
describe.each([
  ['cpu', onCpu, () => tf.setBackend('cpu')],
  ['wasm', models - onCpu, () => backend.start()],
] as const)('graph on %s', (name, count, start) => {
  beforeAll(() => start());
  afterAll(() => (name === 'wasm' ? backend.dispose() : undefined));

  it(`${count} random models verify, and no mistake does`, { timeout }, async () => {
    const figures: Figures = {
      models: 0,
      exact: 0,
      ties: 0,
      drawn: 0,
      mistakes: 0,
      none: 0,
      seldom: 0,
      kinds: {},
      layers: new Set(),
    };
    const first = name === 'cpu' ? from : from + onCpu;
    for (let seed = first; seed < first + count; seed++) await check(seed, figures);
    expect(figures.models).toBe(count);
    expect(figures.mistakes).toBeGreaterThan(0.95 * figures.models - 2);
    figures.layers.forEach((layer) => seen.layers.add(layer));
    Object.keys(figures.kinds).forEach((kind) => seen.kinds.add(kind));
    if (models >= 1000) console.log(name, JSON.stringify({ ...figures, layers: figures.layers.size }));
  });
});

it.runIf(models >= 1000)('every layer that compiles and every kind of mistake was among them', () => {
  expect(Object.keys(lowerings).filter((layer) => !seen.layers.has(layer))).toEqual([]);
  expect(Object.keys(mistakes).filter((kind) => !seen.kinds.has(kind))).toEqual([]);
});
