// What a model costs, as plain data: 1-bit and float parameters, memory before and after packing, binary and float MACs.
import type * as tfl from '@tensorflow/tfjs-layers';
import { checkOptions, checkValue, option, type Quantizer } from '@bitgrad/core';
import { fixedInputShape } from './input-shape.js';
import type { Shape } from './keras.js';
import { Attention } from './layers/attention.js';
import { isProductLayer, type ProductLayer } from './product-layer.js';
import { isQuantLayer } from './quant-layer.js';
import { walkLayers, type LayerUse } from './walk.js';

/** Costs that add up over layers. */
export interface Costs {
  /** Weights of quantizers with two levels. */
  readonly binaryParams: number;
  /** Weights of quantizers with more levels (ternary, k-bit). */
  readonly lowBitParams: number;
  /** Every other deployed weight: float kernels, biases, BatchNorm, learned thresholds. */
  readonly floatParams: number;
  /** Trained, but dropped at deployment (such as FDA's noise module). */
  readonly droppedParams: number;
  /**
   * Bytes of the deployed weights as a file holds them: 1-bit kernels 8 weights a byte, other quantized kernels one byte a
   * weight, the rest float32. Folding BatchNorm into thresholds makes a compiled model smaller still; engines hold 1-bit
   * kernels as rows of whole 32-bit words, which is more where a layer has few input channels.
   */
  readonly packedBytes: number;
  /** Bytes of the deployed weights in float32. */
  readonly floatBytes: number;
  /** Multiply-accumulates for one example with two-level weights and inputs: XNOR and popcount; null where unknown. */
  readonly binaryMacs: number | null;
  /**
   * All other multiply-accumulates of dense layers, convolutions and attention; elementwise work is not counted. Null where
   * they depend on an unknown size.
   */
  readonly floatMacs: number | null;
}

/** One layer's costs. */
export interface LayerSummary extends Costs {
  readonly name: string;
  readonly className: string;
  /** Batch axis first, null for unknown sizes. */
  readonly outputShape: Shape;
}

/** A model's costs, by layer and in all. */
export interface ModelSummary {
  readonly name: string;
  readonly layers: readonly LayerSummary[];
  readonly total: Costs;
}

type Layer = tfl.layers.Layer;
/** Costs while they are added up: NaN where unknown. */
type Sums = { [K in keyof Costs]: number };

const product = (sizes: readonly (number | null)[]): number =>
  sizes.reduce<number>((a, b) => a * (b === null || b < 0 ? Number.NaN : b), 1);

const zero: Sums = {
  binaryParams: 0,
  lowBitParams: 0,
  floatParams: 0,
  droppedParams: 0,
  packedBytes: 0,
  floatBytes: 0,
  binaryMacs: 0,
  floatMacs: 0,
};

const add = (a: Sums, b: Sums): Sums =>
  Object.fromEntries(
    Object.keys(zero).map((key) => [key, a[key as keyof Sums] + b[key as keyof Sums]]),
  ) as unknown as Sums;

const costsOf = (sums: Sums): Costs => {
  const known = (n: number): number | null => (Number.isNaN(n) ? null : n);
  return { ...sums, binaryMacs: known(sums.binaryMacs), floatMacs: known(sums.floatMacs) };
};

const floats = (count: number): Sums => ({
  ...zero,
  floatParams: count,
  packedBytes: 4 * count,
  floatBytes: 4 * count,
});

const isBinary = (quantizer: Quantizer | undefined): boolean => quantizer?.forward.levels.length === 2;

function kernelCosts(layer: ProductLayer, slot: string): Sums {
  const { shape } = layer.kernels.get(slot)!;
  const count = product(shape);
  const quantizer = layer.slots.get(slot)?.quantizer;
  if (!quantizer) return floats(count);
  return isBinary(quantizer)
    ? { ...zero, binaryParams: count, packedBytes: Math.ceil(count / 8), floatBytes: 4 * count } // prettier-ignore
    : { ...zero, lowBitParams: count, packedBytes: count, floatBytes: 4 * count };
}

function paramCosts(layer: Layer): Sums {
  const kernels = isProductLayer(layer) ? [...layer.kernels] : [];
  const parameters = isQuantLayer(layer) ? [...layer.slots.values()].flatMap((slot) => slot.parameters) : [];
  const dropped = parameters.filter(({ spec }) => !spec.deployed).map(({ weight }) => weight);
  const special = new Set([...kernels.map(([, weight]) => weight), ...dropped]);
  const rest = layer.weights.filter((weight) => !special.has(weight));
  return [
    ...kernels.map(([slot]) => kernelCosts(layer as ProductLayer, slot)),
    ...rest.map((weight) => floats(product(weight.shape))),
    ...dropped.map((weight): Sums => ({ ...zero, droppedParams: product(weight.shape) })),
  ].reduce(add, zero);
}

/** Multiply-accumulates of a kernel in one use of its layer. */
function kernelMacs(layer: Layer, shape: readonly number[], use: LayerUse): number {
  // Each weight of a convolution kernel is used once at each output position, of a transposed one at each input one.
  const transposed = layer.getClassName().endsWith('Conv2DTranspose');
  const positions = product((transposed ? use.inputShape : use.outputShape).slice(1, -1));
  return product(shape) * positions * use.times;
}

const isProduct = /^(Dense|Conv[123]D|Conv[23]DTranspose|DepthwiseConv2D|SeparableConv2D)$/;

function macCosts(layer: Layer, uses: readonly LayerUse[]): Sums {
  if (isProductLayer(layer)) {
    const input = layer.slots.get('input')?.quantizer;
    return uses
      .flatMap((use) =>
        [...layer.kernels].map(([slot, { shape }]) => {
          const macs = kernelMacs(layer, shape as number[], use);
          // The pointwise half of a separable convolution works on sums, not on levels.
          const binary =
            slot !== 'pointwise' && isBinary(input) && isBinary(layer.slots.get(slot)?.quantizer);
          return binary ? { ...zero, binaryMacs: macs } : { ...zero, floatMacs: macs };
        }),
      )
      .reduce(add, zero);
  }
  if (layer.getClassName() === Attention.className) {
    // Queries times keys, and weights times values: tokens * tokens * width each.
    const macs = uses.map(
      ({ outputShape, times }) => 2 * product(outputShape.slice(1)) * product([outputShape[1]!]) * times,
    );
    return { ...zero, floatMacs: macs.reduce((a, b) => a + b, 0) };
  }
  if (!isProduct.test(layer.getClassName())) return zero;
  const kernels = layer.weights.filter((weight) => weight.shape.length > 1);
  const macs = uses.flatMap((use) => kernels.map(({ shape }) => kernelMacs(layer, shape as number[], use)));
  return { ...zero, floatMacs: macs.reduce((a, b) => a + b, 0) };
}

/** Options of {@link summary}. */
export interface SummaryOptions {
  /** Shape of one example, for a model whose input has unknown sizes: [height, width, channels]. */
  readonly inputShape?: readonly number[];
}

/**
 * The costs of a built model for one example. A layer that is used several times counts its weights once and its MACs
 * each time. MACs are products at every output position, padded taps included; those that depend on an unknown size are
 * null, unless `inputShape` tells it.
 * @throws BitgradError `invalid-option` for what is no model; `shape-mismatch` for a shape that is not the model's
 */
export function summary(model: Layer, options: SummaryOptions = {}): ModelSummary {
  const { inputShape } = checkOptions('layers', 'summary', options, { inputShape: option.list(option.integer(1), 1) }); // prettier-ignore
  const fixed = inputShape && [null, ...fixedInputShape('layers', model as tfl.LayersModel, inputShape)];
  const layers = walkLayers(model, fixed).map(({ layer, uses }) => ({
    name: layer.name,
    className: layer.getClassName(),
    outputShape: uses[0]?.outputShape ?? [null],
    sums: add(paramCosts(layer), macCosts(layer, uses)),
  }));
  return {
    name: model.name,
    layers: layers.map(({ sums, ...of }): LayerSummary => ({ ...of, ...costsOf(sums) })),
    total: costsOf(layers.map(({ sums }) => sums).reduce(add, zero)),
  };
}

const group = (n: number | null): string =>
  n === null ? 'unknown' : String(n).replace(/\B(?=(\d{3})+$)/g, ',');

const columns: readonly [title: string, cell: (costs: Costs) => string][] = [
  ['1-bit params', (c) => group(c.binaryParams + c.lowBitParams)],
  ['float params', (c) => group(c.floatParams)],
  ['packed bytes', (c) => group(c.packedBytes)],
  ['float32 bytes', (c) => group(c.floatBytes)],
  ['binary MACs', (c) => group(c.binaryMacs)],
  ['float MACs', (c) => group(c.floatMacs)],
];

const summaryRule = option.required(
  option.of('what summary(model) gives', (v) => {
    const { layers, total } = (v ?? {}) as Partial<ModelSummary>;
    const listed = Array.isArray(layers) && layers.every((layer) => Array.isArray((layer as LayerSummary | null)?.outputShape)); // prettier-ignore
    return listed && typeof total?.packedBytes === 'number';
  }),
);

/**
 * A summary as a text table, one line a layer and one of totals; no trailing newline.
 * @throws BitgradError `invalid-option` for anything but a summary
 */
export function formatSummary(given: ModelSummary): string {
  checkValue('layers', 'summary given to formatSummary', given, summaryRule);
  const { name, layers, total } = given;
  const shown = columns.map(([title, cell]) =>
    title === '1-bit params' && total.lowBitParams > 0
      ? ([`quantized params`, cell] as const)
      : ([title, cell] as const),
  );
  const rows = [
    ['layer', 'output', ...shown.map(([title]) => title)],
    ...layers.map((layer) => [
      `${layer.name} (${layer.className})`,
      `[${layer.outputShape.slice(1).map((size) => (size === null || size < 0 ? '?' : size))}]`,
      ...shown.map(([, cell]) => cell(layer)),
    ]),
    [`total of ${name}`, '', ...shown.map(([, cell]) => cell(total))],
  ];
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ').trimEnd(); // prettier-ignore
  const rule = '-'.repeat(widths.reduce((a, b) => a + b + 2, -2));
  const ratio = total.packedBytes > 0 ? total.floatBytes / total.packedBytes : 1;
  return [
    line(rows[0]!),
    rule,
    ...rows.slice(1, -1).map(line),
    rule,
    line(rows.at(-1)!),
    `memory ${(total.packedBytes / 1024).toFixed(1)} KiB packed, ${(total.floatBytes / 1024).toFixed(1)} KiB in float32: ${ratio.toFixed(1)}x smaller`,
    ...(total.binaryMacs === null || total.floatMacs === null
      ? ['MACs depend on sizes that the model leaves open: summary(model, { inputShape }) counts them']
      : []),
    ...(total.droppedParams > 0
      ? [`${group(total.droppedParams)} more parameters are used in training only`]
      : []),
  ].join('\n');
}
