// Every model of @bitgrad/zoo as C against the reference engine, bit for bit: on as many inputs as the reference engine runs in two
// seconds by the model's card, at most 200 or, by .ci/run, 2,000; with BITGRAD_FULL=1 on 10,000. They are the test pictures of
// the card where BITGRAD_TEST_DATA has them, and random numbers where it does not, or beyond their end. BITGRAD_REPORT=1 tells
// which.
import { createRng } from '@bitgrad/bits';
import { loadDataset } from '@bitgrad/datasets/node';
import { decodeModel, elementCount } from '@bitgrad/runtime';
import { amount } from '@bitgrad/tooling/endurance';
import { testData, unpacker } from '@bitgrad/tooling/test-data';
import { findPretrained, modelNames, type Pretrained } from '@bitgrad/zoo';
import { describe, expect, it } from 'vitest';
import { isHere, sameOnAll, toolchains } from './support/run.js';

const gcc = toolchains[0]!;
const unpacked = unpacker();
const { most, ms } = amount({
  test: { most: 200, ms: 2_000 },
  ci: { most: 2_000, ms: 2_000 },
  full: { most: 10_000, ms: Infinity },
});
const countFor = ({ latency }: Pretrained['card']): number => {
  const { medianMs } = latency.find(({ engine }) => engine === 'js')!;
  return Math.min(most, Math.ceil(ms / medianMs));
};

/** Bytes of some test pictures of a card, and why there are none. Recordings would have to be read as the model hears them. */
async function pictures(
  { test, input }: Pretrained['card'],
  count: number,
): Promise<{ bytes: Uint8Array; why: string }> {
  const [kind, path] = test.data.split(':') as [string, string?];
  const none = (why: string) => ({ bytes: new Uint8Array(), why });
  if (!path || kind === 'audio' || input.type !== 'u8') return none(`${test.data} has no pictures`);
  // Cards name it as it lies in a clone.
  const { folder, missing } = testData(path.replace(/^data\//, ''));
  if (missing) return none(missing);
  const [height, width] = input.shape as [number, number];
  const testLimit = Math.min(count, test.images);
  const { test: split } = await loadDataset(`${kind}:${unpacked(folder)}`, { testLimit, ...(kind === 'folder' && { size: [height, width] }) }); // prettier-ignore
  expect(split.images.length / split.size, `an image of ${folder}`).toBe(elementCount(input.shape));
  return { bytes: split.images, why: '' };
}

describe.skipIf(!isHere(gcc))('models of the zoo as C (needs gcc)', () => {
  it.each(modelNames)(
    '%s gives the same bits',
    async (name) => {
      const { card, bytes } = await findPretrained(name);
      const count = countFor(card);
      const model = decodeModel(bytes());
      const { shape, type } = model.plan.buffers[model.plan.input]!;
      const length = count * elementCount(shape);
      const rng = createRng(1);
      const inputs =
        type === 'u8'
          ? Uint8Array.from({ length }, () => rng.integer(256))
          : Float32Array.from({ length }, () => rng.normal());
      const { bytes: known, why } = await pictures(card, count);
      inputs.set(known.subarray(0, length));
      const outputs = await sameOnAll(model, inputs, gcc);
      expect(outputs.length).toBe(count * elementCount(model.plan.buffers[model.plan.output]!.shape));
      // Inputs that all give one answer would compare nothing.
      expect(new Set(outputs).size).toBeGreaterThan(card.labels.length);
      const real = Math.min(count, known.length / elementCount(shape));
      if (process.env.BITGRAD_REPORT)
        process.stdout.write(`${name}: ${real} of ${card.test.data}, ${count - real} random ${why}\n`);
    },
    amount({ test: 300_000, full: 6_000_000 }),
  );
});
