// Causal models on input that goes on: what a net of as many frames as were heard gives.
import { describe, expect, it } from 'vitest';
import {
  createPlanBuilder,
  encodeModel,
  jsEngine,
  loadModel,
  loadStream,
  openStream,
  validateModel,
  type InputArray,
  type OutputArray,
  type PackedModel,
} from '../src/index.js';
import { affineModel } from './support/models.js';
import { causalNet, endOf, type End } from './support/causal-net.js';
import { testRandom } from './support/random.js';
import { amount } from '@bitgrad/tooling/endurance';

const outputOf = async (model: PackedModel, input: InputArray): Promise<OutputArray> => {
  const executable = await jsEngine().compile(validateModel(model));
  return executable.run(input);
};

function inputOf(seed: number, type: 'u8' | 'f32', n: number): Uint8Array | Float32Array {
  const r = testRandom(seed);
  if (type === 'u8') return Uint8Array.from({ length: n }, () => r.int(0, 255));
  return Float32Array.from({ length: n }, () => r.int(-99, 99) / 8);
}

/** Pushes frames in pieces of any length, and hears what each gives. */
async function heard(seed: number, frames: number, end: End, length: number) {
  const { type, channels, ...model } = causalNet(seed, frames, end);
  const stream = await openStream(model);
  const input = inputOf(seed, type, length * channels);
  const r = testRandom(seed + 7);
  const answers: { at: number; output: OutputArray }[] = [];
  for (let at = 0; at < length;) {
    const size = Math.min(length - at, r.int(1, 2 * stream.frames));
    const output = await stream.push(input.subarray(at * channels, (at + size) * channels));
    at += size;
    if (output) answers.push({ at, output: output.slice() });
  }
  return { stream, model, input, answers, channels };
}

const seeds = Array.from({ length: amount({ test: 25, variable: 'BITGRAD_STREAMS' }) }, (_, i) => i + 1);

describe('a random causal net', () => {
  it.each(['mean', 'flat'] as const)('that ends with %s answers as on the frames before', async (end) => {
    let compared = 0;
    for (const seed of seeds) {
      const [frames, length] = [64, 140];
      const { stream, model, input, answers, channels } = await heard(seed, frames, end, length);
      // The first answer is the model's own.
      const whole = await outputOf(model, input.subarray(0, frames * channels));
      {
        const first = await openStream(model);
        expect(await first.push(input.subarray(0, frames * channels)), `seed ${seed}`).toEqual(whole);
      }
      // Each further one is the end on rows of a net as long as what was heard.
      for (const { at, output } of answers) {
        const used = at - (at % stream.frames);
        const long = causalNet(seed, used, 'rows');
        const { shape } = long.plan.buffers[long.plan.output]!;
        const rows = (await outputOf(long, input.subarray(0, used * channels))) as Float32Array;
        const { plan } = causalNet(seed, frames, 'rows');
        const window = plan.buffers[plan.output]!.shape;
        const last = rows.subarray((shape[0]! - window[0]!) * window[2]!);
        expect(output, `seed ${seed}, frame ${at}`).toEqual(await outputOf(endOf(seed, window, end), last));
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(4 * seeds.length);
  });

  it('that answers for each frame gives the rows that are new', async () => {
    for (const seed of seeds) {
      const { stream, input, answers, channels } = await heard(seed, 64, 'rows', 96);
      const used = 96 - (96 % stream.frames);
      const long = causalNet(seed, used, 'rows');
      const rows = (await outputOf(long, input.subarray(0, used * channels))) as Float32Array;
      const { at, output } = answers.at(-1)!;
      const end = Math.floor(at / stream.frames) * output.length;
      expect(output, `seed ${seed}`).toEqual(rows.subarray(end - output.length, end));
    }
  });
});

it('begins anew after reset, and pushes that overlap wait for each other', async () => {
  const { stream, input, answers, channels } = await heard(3, 16, 'mean', 32);
  stream.reset();
  const both = await Promise.all([
    stream.push(input.subarray(0, 9 * channels)),
    stream.push(input.subarray(9 * channels, 32 * channels)),
  ]);
  expect(both[1]).toEqual(answers.at(-1)!.output);
});

/** A layer on [frames, 4] that keeps what a window sees. */
function windowed(
  padValue: number,
  pads: [number, number, number, number],
  kernel: [number, number] = [1, 3],
) {
  const b = createPlanBuilder();
  const input = b.buffer('f32', [8, 4]);
  const weights = [
    b.weight('f32', [4], new Float32Array(4)),
    b.weight('bits', [4], Uint32Array.of(0)),
  ] as const;
  const bits = b.op({ op: 'threshold', inputs: [input], weights });
  const image = b.op({ op: 'reshape', inputs: [bits] }, [1, 8, 4]);
  const w = b.weight('bits', [2, ...kernel, 4], new Uint32Array(2 * kernel[0] * kernel[1]));
  const conv = { kernel, strides: [1, 1], dilations: [1, 1], pads, padValue, shift: 0, groups: 1 } as const;
  const sums = b.op({ op: 'conv', name: 'look', inputs: [image], weights: [w], ...conv });
  const two = [
    b.weight('f32', [2], Float32Array.of(1, 1)),
    b.weight('f32', [2], new Float32Array(2)),
  ] as const;
  return b.finish(input, b.op({ op: 'affine', inputs: [sums], weights: two }), { name: 'own' });
}

describe('what cannot run on new frames alone is refused, and why is said', () => {
  it.each([
    [
      'frames after its own',
      windowed(1, [0, 1, 0, 1]),
      /conv of layer "look": it looks at frames after its own/,
    ],
    ['padding that is no level', windowed(0, [0, 2, 0, 0]), /its padding counts for 0, which is no level/],
    ['no time in it', affineModel(), /no layer of it runs along time/],
  ])('%s', async (_, model, message) => {
    const error = await openStream(model).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'unsupported-op', message: expect.stringMatching(message) });
  });

  it('and what is pushed must be frames of numbers', async () => {
    const stream = await loadStream(fileOf(windowed(1, [0, 2, 0, 0])));
    expect([stream.frames, stream.frameSize, stream.metadata.name]).toEqual([1, 4, 'own']);
    expect(stream.report().step.engine).toBe('js');
    await expect(stream.push(new Float32Array(5))).rejects.toMatchObject({ code: 'shape-mismatch' });
    await expect(stream.push(new Uint8Array(4))).rejects.toMatchObject({ code: 'shape-mismatch' });
    await expect(stream.push(Float32Array.of(1, NaN, 1, 1))).rejects.toMatchObject({ code: 'not-finite' });
    // A push that failed leaves no trace.
    const frames = inputOf(1, 'f32', 32);
    const whole = await (await loadModel(fileOf(windowed(1, [0, 2, 0, 0])))).predict(frames);
    const rows = [];
    for (let t = 0; t < 8; t++) rows.push(...(await stream.push(frames.subarray(4 * t, 4 * t + 4)))!);
    expect(Float32Array.from(rows)).toEqual(whole);
    stream.dispose();
    stream.dispose();
    await expect(stream.push(new Float32Array(4))).rejects.toMatchObject({ code: 'disposed' });
  });
});

const fileOf = ({ plan, weights, metadata }: PackedModel): Uint8Array => encodeModel(plan, weights, metadata);
