// `pnpm golden`: writes files of the present format version, with an input and its output each, once for a version. What
// was written once stays: test/golden.test.ts holds every later reader and engine to it.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { formatVersion } from '../src/format/layout.js';
import { encodeModel, jsEngine, opDefinitions } from '../src/index.js';
import { randomPlan } from '../test/support/random-plan.js';

const folder = new URL(`../test/golden/${formatVersion.major}.${formatVersion.minor}/`, import.meta.url);
if (existsSync(folder)) throw new Error(`${folder.pathname} is there: files of a version are written once`);
mkdirSync(folder, { recursive: true });
const base64 = ({ buffer, byteOffset, byteLength }: Uint8Array | Int32Array | Float32Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('base64');

const missing = new Set(Object.keys(opDefinitions));
for (let seed = 1; missing.size > 0; seed++) {
  const { input, plan, weights, metadata } = randomPlan(seed, 12);
  const file = encodeModel(plan, weights, metadata);
  // Small files, each with an op that none before has.
  if (file.length > 12_000 || !plan.ops.some(({ op }) => missing.has(op))) continue;
  for (const { op } of plan.ops) missing.delete(op);
  const output = (await jsEngine().compile({ plan, weights, metadata })).run(input);
  writeFileSync(new URL(`${seed}.bitgrad`, folder), file);
  writeFileSync(
    new URL(`${seed}.json`, folder),
    `${JSON.stringify({ input: base64(input), output: base64(output) })}\n`,
  );
}
