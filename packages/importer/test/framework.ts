// What other frameworks answer, as the scripts of apps/bench/reference write it, and how it compares.
import { readFileSync } from 'node:fs';
import { importModel, interpret, type ImportOptions, type SourceFile } from '../src/index.js';
import { run, sizeOf } from './support.js';

export interface Answer {
  readonly shape: readonly number[];
  readonly outputs: readonly (readonly number[])[];
}

/** `inputs` of larq_models.py: multiples of 1/16 from -2 to 2. */
const inputs = (size: number, count: number): Float32Array =>
  Float32Array.from({ length: size * count }, (_, i) => (((i * 37 + Math.floor(i / size) * 101 + (i ** 2 % 23)) % 65) - 32) / 16); // prettier-ignore

const largest = (row: readonly number[]): number => row.indexOf(Math.max(...row));

/** Compares the interpreter and the packed model with the framework, output by output. */
export async function compared(
  files: readonly SourceFile[],
  { shape, outputs }: Answer,
  options: ImportOptions = {},
) {
  const size = sizeOf(shape);
  const x = inputs(size, outputs.length);
  const { graph, model, agreement, fallbacks } = await importModel(files, { ...options, samples: x.subarray(0, 2 * size) }); // prettier-ignore
  const packed = await run(model, x);
  const width = outputs[0]!.length;
  let [difference, classes] = [0, 0];
  outputs.forEach((want, n) => {
    const rows = [packed.subarray(n * width, (n + 1) * width), interpret(graph, x.subarray(n * size, (n + 1) * size)).data]; // prettier-ignore
    for (const row of rows) {
      want.forEach((v, j) => (difference = Math.max(difference, Math.abs(v - row[j]!))));
      classes += largest([...row]) === largest(want) ? 0.5 : 0;
    }
  });
  if (process.env.BITGRAD_KERAS ?? process.env.BITGRAD_PYTORCH) process.stdout.write(`${graph.name}: ${outputs.length} inputs, largest difference ${difference}, ${classes} classes equal\n`); // prettier-ignore
  return { difference, classes, agreement, fallbacks, model };
}

export const answersOf = (path: string): [string, Answer][] =>
  Object.entries(JSON.parse(readFileSync(path, 'utf8')) as Record<string, Answer>);
