// Parameter folders of FINN's BNN-PYNQ overlays: for each layer and processing element a file of weights and one of
// thresholds, as 64-bit words. Neuron n of element p is output n * elements + p; a word has `simd` weights, bit 1 is +1.
import { BitgradError } from '@bitgrad/bits';
import { createGraphBuilder, type GraphBuilder } from '../builder.js';
import { defineImporter, type ReadContext, type SourceFile } from '../define.js';
import { check, failure } from '../fail.js';
import { tensorOf, type SourceGraph } from '../graph.js';

/**
 * The networks whose folders are known.
 * @see https://github.com/Xilinx/BNN-PYNQ, bnn/src/training and bnn/src/library
 */
interface Architecture {
  readonly input: readonly number[];
  /** Convolutions by 3 x 3 without padding at the start; the rest are dense. */
  readonly convolutions: number;
  /** Convolutions that a 2 x 2 maximum follows. */
  readonly pools: readonly number[];
  /** A pixel is a sign, +1 when over 127; else (byte - 128) / 128, with thresholds in units of 1 / 256. */
  readonly binaryInput: boolean;
}

const architectures: Readonly<Record<string, Architecture>> = {
  lfc: { input: [28, 28, 1], convolutions: 0, pools: [], binaryInput: true },
  cnv: { input: [32, 32, 3], convolutions: 6, pools: [1, 3], binaryInput: false },
};

/** Parts of one layer's files, by processing element. */
interface LayerFiles {
  readonly weights: readonly DataView[];
  readonly thresholds: readonly DataView[];
}

const pattern = /^(\d{1,3})-(\d{1,4})-(weights|thres)\.bin$/;

/** The files by layer and element, none missing. */
function layersOf(files: readonly SourceFile[]): LayerFiles[] {
  const found: { weights: DataView[]; thresholds: DataView[] }[] = [];
  for (const { name, bytes } of files) {
    const match = pattern.exec(name);
    if (!match) continue;
    check(bytes.length > 0 && bytes.length % 8 === 0, `bytes of ${name}`, bytes.length, 'a multiple of 8');
    const [layer, element] = [Number(match[1]), Number(match[2])];
    const of = (found[layer] ??= { weights: [], thresholds: [] });
    of[match[3] === 'weights' ? 'weights' : 'thresholds'][element] = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength); // prettier-ignore
  }
  for (let i = 0; i < found.length; i++) {
    const layer = found[i];
    const count = layer?.weights.length ?? 0;
    const whole = (list: readonly DataView[]): boolean => list.length === count && [...list].every((v) => v?.byteLength === list[0]!.byteLength); // prettier-ignore
    check(layer && count > 0 && whole(layer.weights) && (layer.thresholds.length === 0 || whole(layer.thresholds)), `files of layer ${i}`, [count, layer?.thresholds.length], 'weights, and thresholds or none, of equal length for each element'); // prettier-ignore
  }
  check(found.length > 1, 'layers of the folder', found.length, 'two or more');
  return found;
}

/** Weights in one word: the highest bit that any word uses. */
function simdOf(weights: readonly DataView[]): number {
  let all = 0n;
  for (const view of weights)
    for (let at = 0; at < view.byteLength; at += 8) all |= view.getBigUint64(at, true);
  return Math.max(1, all.toString(2).length);
}

/** A layer's weights as +1 and -1, [outputs][padded inputs], and its thresholds. */
interface Layer {
  readonly outputs: number;
  readonly padded: number;
  weight(output: number, input: number): number;
  readonly thresholds?: readonly number[];
}

function layerOf({ weights, thresholds }: LayerFiles, inputs: number, index: number): Layer {
  const elements = weights.length;
  const simd = simdOf(weights);
  const perRow = Math.ceil(inputs / simd);
  const words = weights[0]!.byteLength / 8;
  const rows = words / perRow;
  check(Number.isInteger(rows), `words of layer ${index}`, words, `a multiple of ${perRow}, for ${inputs} inputs in words of ${simd}`); // prettier-ignore
  const fits = thresholds.length === 0 || thresholds[0]!.byteLength === 8 * rows;
  check(fits, `thresholds of layer ${index}`, thresholds[0]?.byteLength, `${8 * rows} bytes, one for each of ${rows} outputs: activations of one bit`); // prettier-ignore
  return {
    outputs: rows * elements,
    padded: perRow * simd,
    weight(output, input) {
      const view = weights[output % elements]!;
      const word = Math.floor(output / elements) * perRow + Math.floor(input / simd);
      const bit = input % simd;
      return ((view.getUint32(8 * word + (bit < 32 ? 0 : 4), true) >>> (bit & 31)) & 1) === 1 ? 1 : -1;
    },
    ...(thresholds.length > 0 && {
      thresholds: Array.from({ length: rows * elements }, (_, o) =>
        Number(thresholds[o % elements]!.getBigInt64(8 * Math.floor(o / elements), true)),
      ),
    }),
  };
}

/** Sums of +-1 that are as many matches as a threshold: matches > t exactly where the sum is at least this. */
const sumThreshold = (layer: Layer, inputs: number, output: number): number => {
  // Padded inputs are -1, on both sides of the comparison.
  let padding = 0;
  for (let i = inputs; i < layer.padded; i++) padding -= layer.weight(output, i);
  return 2 * layer.thresholds![output]! - layer.padded - padding + 1;
};

const window = { kernel: [3, 3], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0], channels: 'last' };
const poolWindow = { ...window, kernel: [2, 2], strides: [2, 2] };

/** Writes the product of one layer; returns the name of its sums. */
function product(
  b: GraphBuilder,
  i: number,
  layer: Layer,
  inputs: number,
  outputs: number,
  conv: boolean,
  x: string,
): string {
  // prettier-ignore
  const w = new Float64Array(outputs * inputs);
  for (let o = 0; o < outputs; o++)
    for (let k = 0; k < inputs; k++) w[conv ? o * inputs + k : k * outputs + o] = layer.weight(o, k);
  const shape = conv ? [outputs, 3, 3, inputs / 9] : [inputs, outputs];
  b.constant(`w${i}`, tensorOf(shape, w));
  const attributes = conv ? { ...window, groups: 1, padValue: 0 } : {};
  b.node({
    name: `layer ${i}`,
    op: conv ? 'conv' : 'matmul',
    inputs: [x, `w${i}`],
    output: `s${i}`,
    attributes,
  });
  return `s${i}`;
}

/** Thresholds of sums for each output, for sums in units of 1 / 128 in a first layer of bytes. */
const thresholdsOf = (layer: Layer, inputs: number, outputs: number, bytes: boolean): number[] =>
  Array.from({ length: outputs }, (_, o) =>
    // 2^-8 units of sums that are multiples of 2^-7: greater than t / 2 is at least the next integer.
    bytes ? (Math.floor(layer.thresholds![o]! / 2) + 1) / 128 : sumThreshold(layer, inputs, o),
  );

function readFolder(files: readonly SourceFile[], context: ReadContext): SourceGraph {
  const layers = layersOf(files);
  const first = simdOf(layers[0]!.weights);
  const name = context.architecture ?? (first === 3 ? 'cnv' : 'lfc');
  const architecture = Object.hasOwn(architectures, name) ? architectures[name] : undefined;
  if (!architecture) throw new BitgradError({ code: 'unknown-name', source: 'importer', what: 'architecture', got: name, expected: `one of ${Object.keys(architectures).join(', ')}` }); // prettier-ignore
  const { input, convolutions, pools, binaryInput } = architecture;
  check(layers.length > convolutions, 'layers of the folder', layers.length, `more than ${convolutions}`);
  const classes = files.find((f) => f.name === 'classes.txt');
  const names = classes && new TextDecoder().decode(classes.bytes).split('\n').map((s) => s.trim()).filter(Boolean); // prettier-ignore
  const b = createGraphBuilder(context.limits, context.ops);
  b.input('x', [1, ...input]);
  let at = 'x';
  const node = (op: string, output: string, inputs: readonly string[], attributes: object): void => {
    b.node({ name: output, op, inputs, output, attributes: { ...attributes } });
    at = output;
  };
  const flatten = (): void => {
    const size = b.shapeOf(at).reduce((p, n) => p * n, 1);
    node('reshape', 'flat', [at], { shape: [1, size] });
  };
  if (convolutions === 0) flatten();
  if (binaryInput) node('step', 'signs', [at], { low: -1, high: 1, threshold: 127.5 });
  layers.forEach((own, i) => {
    const conv = i < convolutions;
    if (i === convolutions && i > 0) flatten();
    const inputs = b.shapeOf(at).at(-1)! * (conv ? 9 : 1);
    const layer = layerOf(own, inputs, i);
    const last = i === layers.length - 1;
    const outputs = last && names ? Math.min(names.length, layer.outputs) : layer.outputs;
    at = product(b, i, layer, inputs, outputs, conv, at);
    const bytes = i === 0 && !binaryInput;
    if (!layer.thresholds) {
      if (!last) throw failure('invalid-file', { what: `thresholds of layer ${i}`, got: 'none', expected: 'one for each output' }); // prettier-ignore
      return;
    }
    const t = thresholdsOf(layer, inputs, outputs, bytes);
    b.constant(`t${i}`, tensorOf([outputs, 1], t));
    if (last) {
      // How far the sum is beyond its threshold: the output bit is its sign, and the class the furthest.
      b.constant('margins', tensorOf([outputs], t));
      node('sub', 'logits', [at, 'margins'], {});
    } else {
      const axis = b.shapeOf(at).length - 1;
      node('multiThreshold', `signs ${i}`, [at, `t${i}`], { scale: 2, offset: -1, axis });
    }
    if (conv && pools.includes(i)) node('maxPool', `pool ${i}`, [at], poolWindow);
  });
  const normalization = binaryInput ? { mean: [0], std: [1] } : { mean: [128], std: [128] };
  return b.finish(at, { name, channels: 'last', normalization, ...(names && { classes: names }) });
}

/** FINN's BNN-PYNQ folders. */
export const finn = defineImporter({
  description: 'parameter folders of FINN, BNN-PYNQ (0-0-weights.bin, 0-0-thres.bin, ...): lfc, cnv',
  accepts: (files) => files.some(({ name }) => pattern.test(name)),
  read: readFolder,
});
