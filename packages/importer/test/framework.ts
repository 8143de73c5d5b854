// What other frameworks answer, as the scripts of apps/bench/reference write it, and how it compares.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { importModel, interpret, type ImportOptions, type SourceFile } from '../src/index.js';
import { run, sizeOf } from './support.js';

export interface Answer {
  readonly shape: readonly number[];
  readonly outputs: readonly (readonly number[])[];
}

/** The files of a model, as they were before they were compressed. */
export const filesOf = (directory: string, model: string): SourceFile[] =>
  readdirSync(directory)
    .filter((name) => name.replace(/(_weights)?\.(json|h5|keras)(\.gz)?$/, '') === model)
    .map((name) => {
      const bytes = readFileSync(join(directory, name));
      return { name: name.replace('.gz', ''), bytes: new Uint8Array(name.endsWith('.gz') ? gunzipSync(bytes) : bytes) }; // prettier-ignore
    });

/** `inputs` of larq_models.py: multiples of 1/16 from -2 to 2. */
export const inputs = (size: number, count: number): Float32Array =>
  Float32Array.from({ length: size * count }, (_, i) => (((i * 37 + Math.floor(i / size) * 101 + (i ** 2 % 23)) % 65) - 32) / 16); // prettier-ignore

const largest = (row: readonly number[]): number => row.indexOf(Math.max(...row));

/**
 * Compares with the framework: `difference` is the interpreter's largest, `apart` the inputs on which the packed model is not
 * within 1e-4 (in float32 a sum that is 0 but for rounding may have another sign), `classes` the inputs of equal class.
 */
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
  let [difference, classes, apart] = [0, 0, 0];
  outputs.forEach((want, n) => {
    const far = (row: ArrayLike<number>) => want.reduce((most, v, j) => Math.max(most, Math.abs(v - row[j]!)), 0); // prettier-ignore
    const exact = interpret(graph, x.subarray(n * size, (n + 1) * size)).data;
    const row = packed.subarray(n * width, (n + 1) * width);
    difference = Math.max(difference, far(exact));
    apart += far(row) < 1e-4 ? 0 : 1;
    for (const values of [exact, row]) classes += largest([...values]) === largest(want) ? 0.5 : 0;
  });
  if (process.env.BITGRAD_KERAS ?? process.env.BITGRAD_PYTORCH) process.stdout.write(`${graph.name}: ${outputs.length} inputs, largest difference ${difference}, ${classes} classes equal, ${apart} packed outputs apart\n`); // prettier-ignore
  return { difference, classes, apart, agreement, fallbacks, model };
}

export const answersOf = (path: string): [string, Answer][] =>
  Object.entries(JSON.parse(readFileSync(path, 'utf8')) as Record<string, Answer>);
