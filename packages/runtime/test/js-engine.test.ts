import { describe, expect, it } from 'vitest';
import { dirtyMemory, jsEngine, validateModel } from '../src/index.js';
import { noise } from './support/noise.js';
import { oracle } from './support/oracle.js';
import { testRandom } from './support/random.js';
import { randomPlan } from './support/random-plan.js';

describe('js engine on random plans', () => {
  const seen = new Map<string, number>();
  it.each(Array.from({ length: 12 }, (_, i) => i * 100))(
    'seeds %i and the 99 after it agree with the oracle',
    async (start) => {
      for (let seed = start; seed < start + 100; seed++) {
        const model = randomPlan(seed, 3 + (seed % 8));
        validateModel(model);
        const executable = await jsEngine().compile(model);
        executable[dirtyMemory]!(noise);
        const got = executable.run(model.input);
        const expected = oracle(model, model.input)[model.plan.output]!;
        const note = `seed ${seed}: ${model.plan.ops.map(({ op }) => op).join(' ')}`;
        expect(got.length, note).toBe(expected.length);
        for (let i = 0; i < got.length; i++) {
          const tolerance = model.exact ? 0 : 3e-6 * Math.max(1, Math.abs(expected[i]!));
          if (!(Math.abs(got[i]! - expected[i]!) <= tolerance))
            expect.fail(`${note}: element ${i} is ${got[i]}, expected ${expected[i]}`);
        }
        // A second example in the same run, and a later run, see nothing of the first.
        const other = model.input.map((v) => (model.input instanceof Uint8Array ? 255 - v : -v));
        const both = new (model.input.constructor as Float32ArrayConstructor)(2 * other.length);
        both.set(other);
        both.set(model.input, other.length);
        expect(executable.run(both).subarray(got.length), note).toEqual(got);
        for (const { op } of model.plan.ops) seen.set(op, (seen.get(op) ?? 0) + 1);
        executable.dispose();
      }
    },
  );
  it('holds no more memory than allowed', async () => {
    for (let seed = 0; seed < 200; seed++) {
      const model = randomPlan(seed, 3);
      const { arenaBytes, weightBytes } = (await jsEngine().compile(model)).report();
      const memoryBytes = arenaBytes + weightBytes - 1;
      await expect(jsEngine().compile(model, { memoryBytes }), `seed ${seed}`).rejects.toMatchObject({
        code: 'limit-exceeded',
      });
    }
  });
  it('follows the float32 order of plan.ts bit for bit, for numbers that do not sum exactly', async () => {
    for (let seed = 5000; seed < 5600; seed++) {
      const model = randomPlan(seed, 4);
      if (!(model.input instanceof Float32Array)) continue;
      const random = testRandom(seed);
      const noise = (data: Float32Array) => {
        for (let i = 0; i < data.length; i++)
          if (Number.isFinite(data[i])) data[i] = data[i]! * (1 + random.next()) + random.next() / 3;
      };
      noise(model.input);
      const quantizers = model.plan.ops.flatMap((op) => (op.op === 'quantize' ? [op.weights[0]] : []));
      model.weights.forEach((data, i) => {
        if (data instanceof Float32Array && !quantizers.includes(i)) noise(data);
      });
      const got = (await jsEngine().compile(model)).run(model.input);
      const expected = oracle(model, model.input, { float32: true })[model.plan.output]!;
      const note = `seed ${seed}: ${model.plan.ops.map(({ op }) => op).join(' ')}`;
      for (let i = 0; i < got.length; i++)
        if (got[i] !== expected[i] && !(Number.isNaN(got[i]!) && Number.isNaN(expected[i]!)))
          expect.fail(`${note}: element ${i} is ${got[i]}, expected ${expected[i]}`);
    }
  });
  it('met every op often', () => {
    const ops =
      'add affine avgPool clamp concat constant conv dense depthwise layerNorm matmul maxPool mul pad prelu quantize reshape slice softmax threshold transpose unary';
    for (const op of ops.split(' ')) expect(seen.get(op) ?? 0, op).toBeGreaterThan(15);
  });
});

it('refuses options that it does not know', async () => {
  await expect(jsEngine().compile(randomPlan(1, 2), { thread: 2 } as never)).rejects.toMatchObject({
    code: 'invalid-option',
  });
});
