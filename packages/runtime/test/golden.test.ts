// Files of every version of the format that were ever written (test/golden/VERSION): read, run and written again as then.
import { readFileSync, readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { formatVersion } from '../src/format/layout.js';
import { decodeModel, encodeModel, jsEngine, opDefinitions } from '../src/index.js';

const folder = new URL('./golden/', import.meta.url);
const present = `${formatVersion.major}.${formatVersion.minor}`;
const files = (version: string): string[] =>
  readdirSync(new URL(`${version}/`, folder))
    .filter((name) => name.endsWith('.bitgrad'))
    .map((name) => name.replace('.bitgrad', ''));
const versions = readdirSync(folder);

it('there are files of the present version, with every op', () => {
  expect(versions, '`pnpm golden` writes them').toContain(present);
  const ops = files(present).flatMap((name) =>
    decodeModel(readFileSync(new URL(`${present}/${name}.bitgrad`, folder))).plan.ops.map(({ op }) => op),
  );
  expect([...new Set(ops)].sort()).toEqual(Object.keys(opDefinitions).sort());
});

it.each(versions.flatMap((version) => files(version).map((name) => [version, name])))(
  'version %s, file %s: the same answer, bit for bit',
  async (version, name) => {
    const file = new Uint8Array(readFileSync(new URL(`${version}/${name}.bitgrad`, folder)));
    const { input, output } = JSON.parse(
      readFileSync(new URL(`${version}/${name}.json`, folder), 'utf8'),
    ) as Record<'input' | 'output', string>;
    const bytes = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, 'base64'));
    const model = decodeModel(file);
    const { type } = model.plan.buffers[model.plan.input]!;
    const given = type === 'u8' ? bytes(input) : new Float32Array(bytes(input).buffer);
    const got = (await jsEngine().compile(model)).run(given);
    expect(new Uint8Array(got.buffer, got.byteOffset, got.byteLength)).toEqual(bytes(output));
    if (version === present) expect(encodeModel(model.plan, model.weights, model.metadata)).toEqual(file);
  },
);
