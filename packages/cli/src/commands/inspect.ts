// `bitgrad inspect`: what a packed file holds, without running it.
import { checkCommand, expectText } from '../arguments.js';
import { resolve } from 'node:path';
import { popcount } from '@bitgrad/core';
import {
  elementCount,
  planArena,
  storageBytes,
  validateModel,
  type ElementType,
  type Op,
  type PackedModel,
} from '@bitgrad/runtime';
import { readPacked } from '../engines.js';
import type { Given } from '@bitgrad/recipe';
import { shared } from '../options.js';
import { exitCodes } from '../exit.js';
import { histogram, type Histogram } from '../histogram.js';
import { writeLine, type CliIo } from '../io.js';
import { kilobytes, resultTable } from '../table.js';
import { plain, widest } from '../text.js';

export const inspectEntries = { json: shared.json };

/** Options of `bitgrad inspect`. */
export type InspectOptions = Given<typeof inspectEntries>;

/** One op of the plan. */
interface InspectedOp {
  readonly op: string;
  /** Layer that it came from. */
  readonly name: string;
  /** Type and shape of what it writes. */
  readonly output: string;
  readonly weightTypes: readonly ElementType[];
  readonly weightBytes: number;
  /** Multiply-accumulates, padded taps included; `binaryMacs` are those of bits with bits. */
  readonly macs: number;
  readonly binaryMacs: number;
}

/** The object of `bitgrad inspect --json`. */
export interface Inspection {
  readonly file: string;
  readonly fileBytes: number;
  readonly floatBytes: number | null;
  readonly weightBytes: number;
  /** Bytes of all activations together, at their most. */
  readonly arenaBytes: number;
  readonly macs: number;
  readonly binaryMacs: number;
  readonly input: string;
  readonly output: string;
  readonly metadata: PackedModel['metadata'];
  readonly ops: readonly InspectedOp[];
  /** Of 1-bit kernels, the share of -1, by layer. */
  readonly negativeShare: Readonly<Record<string, number>>;
  /** Of threshold ops, by layer. */
  readonly thresholds: Readonly<Record<string, Histogram>>;
}

const products: ReadonlySet<string> = new Set(['conv', 'depthwise', 'dense', 'matmul']);

/** Terms of each sum of a product. */
const termsOf = (op: Op, { plan }: PackedModel): number => {
  const shape =
    op.op === 'matmul' ? plan.buffers[op.inputs[0]!]!.shape : plan.weights[op.weights![0]!]!.shape;
  if (op.op === 'depthwise') return op.kernel[0] * op.kernel[1];
  return op.op === 'conv' ? elementCount(shape.slice(1)) : shape.at(-1)!;
};

const inspectOp = (op: Op, model: PackedModel): InspectedOp => {
  const { plan } = model;
  const output = plan.buffers[op.output]!;
  const weights = (op.weights ?? []).map((w) => plan.weights[w]!);
  const macs = products.has(op.op) ? elementCount(output.shape) * termsOf(op, model) : 0;
  const bits = [plan.buffers[op.inputs[0]!]?.type, op.op === 'matmul' ? plan.buffers[op.inputs[1]!]!.type : weights[0]?.type]; // prettier-ignore
  return {
    op: op.op,
    name: op.name ?? '',
    output: `${output.type} ${output.shape.join('x')}`,
    weightTypes: weights.map(({ type }) => type),
    weightBytes: weights.reduce((sum, { type, shape }) => sum + storageBytes(type, shape), 0),
    macs,
    binaryMacs: bits.every((type) => type === 'bits') ? macs : 0,
  };
};

/** Layer names may repeat: a number keeps them apart. */
const keyed = <T>(pairs: readonly (readonly [string, T])[]): Record<string, T> => {
  const result = new Map<string, T>();
  for (const [name, value] of pairs) {
    let key = name || 'layer';
    for (let i = 2; result.has(key); i++) key = `${name || 'layer'} (${i})`;
    result.set(key, value);
  }
  return Object.fromEntries(result);
};

/** Looks into a packed model. */
export function inspectModel(file: string, model: PackedModel, fileBytes: number): Inspection {
  expectText('file', file);
  const { plan, weights, metadata } = validateModel(model);
  const ops = plan.ops.map((op) => inspectOp(op, model));
  const text = ({ type, shape }: { type: string; shape: readonly number[] }) => `${type} ${shape.join('x')}`;
  const sum = (of: (op: InspectedOp) => number): number => ops.reduce((total, op) => total + of(op), 0);
  const negative = plan.ops
    .filter((op) => products.has(op.op) && op.weights && plan.weights[op.weights[0]!]!.type === 'bits')
    .map((op): [string, number] => {
      const index = op.weights![0]!;
      const ones = (weights[index] as Uint32Array).reduce((count, word) => count + popcount(word), 0);
      return [op.name ?? '', ones / elementCount(plan.weights[index]!.shape)];
    });
  const thresholds = plan.ops
    .filter((op) => op.op === 'threshold')
    .map((op): [string, Histogram] => [op.name ?? '', histogram(weights[op.weights![0]!]!)]);
  return {
    file,
    fileBytes,
    floatBytes: metadata.floatBytes ?? null,
    weightBytes: plan.weights.reduce((total, { type, shape }) => total + storageBytes(type, shape), 0),
    arenaBytes: planArena(plan).bytes,
    macs: sum(({ macs }) => macs),
    binaryMacs: sum(({ binaryMacs }) => binaryMacs),
    input: text(plan.buffers[plan.input]!),
    output: text(plan.buffers[plan.output]!),
    metadata,
    ops,
    negativeShare: keyed(negative),
    thresholds: keyed(thresholds),
  };
}

/** Writes what a packed file holds; returns the exit code. */
export async function runInspect(
  file: string,
  given: InspectOptions,
  io: CliIo,
  directory = process.cwd(),
): Promise<number> {
  expectText('file', file);
  const options = checkCommand('inspect', inspectEntries, given, io, directory);
  const path = resolve(directory, file);
  const { model, fileBytes } = await readPacked(path);
  const found = inspectModel(path, model, fileBytes);
  writeLine(io.stdout, options.json ? JSON.stringify(found) : format(found, io));
  return exitCodes.done;
}

const count = (n: number): string =>
  n >= 1e9 ? `${(n / 1e9).toFixed(2)} G` : n >= 1e6 ? `${(n / 1e6).toFixed(2)} M` : n >= 1e3 ? `${(n / 1e3).toFixed(1)} k` : String(n); // prettier-ignore

const columns = (table: readonly (readonly string[])[]): string[] => {
  const rows = table.map((row) => row.map(plain));
  const widths = rows[0]!.map((_, i) => widest(rows.map((row) => row[i]!)));
  return rows.map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i]!)).join('  ')}`.trimEnd());
};

/** The first names, and how many more there are: a line of 200,000 names helps nobody. */
const list = (names: readonly string[]): string =>
  names.slice(0, 100).map(plain).join(', ') + (names.length > 100 ? `, ... (${names.length} in all)` : '');

function format(found: Inspection, io: CliIo): string {
  const { metadata, floatBytes } = found;
  const bold = io.colors.bold;
  const ratio = floatBytes ? `, ${(floatBytes / found.fileBytes).toFixed(1)}x smaller than float32` : '';
  const head = resultTable(
    `${metadata.name ?? 'model'} (${found.file})`,
    [
      ['file', `${kilobytes(found.fileBytes)}${ratio}`],
      ['weights', kilobytes(found.weightBytes)],
      ['activations', kilobytes(found.arenaBytes)],
      ['multiply-accumulates', `${count(found.macs)}, ${count(found.binaryMacs)} of them binary`],
      ['input', found.input],
      ['output', found.output],
      ...(metadata.classes ? [['classes', list(metadata.classes)] as const] : []),
      ...(metadata.quantizers ? [['quantizers', list(metadata.quantizers)] as const] : []),
      ...(metadata.producer ? [['made by', plain(metadata.producer)] as const] : []),
    ],
    io,
  );
  const ops = columns([
    ['layer', 'op', 'output', 'weights', 'size', 'MACs'],
    ...found.ops.map((op) => [
      op.name,
      op.op,
      op.output,
      op.weightTypes.join(', '),
      op.weightBytes > 0 ? kilobytes(op.weightBytes) : '',
      op.macs > 0 ? count(op.macs) : '',
    ]),
  ]);
  const shares = Object.entries(found.negativeShare).map(
    ([name, share]) => [name, `${(100 * share).toFixed(1)} % of the weights are -1`] as const,
  );
  const thresholds = Object.entries(found.thresholds).map(
    ([name, h]) =>
      [name, `${h.bars}  ${h.low} to ${h.high}${h.constant > 0 ? `, ${h.constant} constant` : ''}`] as const,
  );
  return [
    head,
    [bold('ops'), ...ops].join('\n'),
    ...(shares.length > 0 ? [[bold('1-bit kernels'), ...columns(shares)].join('\n')] : []),
    ...(thresholds.length > 0 ? [[bold('thresholds'), ...columns(thresholds)].join('\n')] : []),
  ].join('\n\n');
}
