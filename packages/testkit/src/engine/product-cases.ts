// conv, depthwise, dense and matmul, over channels around the word size, windows, groups and arithmetics.
import { defineCase } from '../case.js';
import { checkTrials, type EngineSubject } from './check.js';
import { convTrial, trial, type ConvTrial, type Trial } from './model.js';

const border = [1, 1, 1, 1] as const;
const channels = [1, 31, 32, 33, 127, 128];
const outputs = [1, 3, 4, 32, 33, 64];

const binary: ConvTrial[] = channels.map((c, i) => ({
  type: 'bits',
  size: [4, 5],
  c,
  cOut: outputs[i]!,
  pads: border,
  padValue: [1, 0, -1][i % 3]!,
}));
const windows: Omit<ConvTrial, 'type' | 'c'>[] = [
  { size: [7, 6], kernel: [1, 1], strides: [2, 2] },
  { size: [6, 6], kernel: [5, 5], pads: [2, 2, 2, 2] },
  { size: [9, 8], kernel: [3, 2], strides: [2, 3], pads: [2, 0, 1, 1] },
  { size: [9, 11], kernel: [2, 3], dilations: [2, 3], pads: [1, 5, 2, 4] },
  { size: [1, 9], kernel: [1, 5], strides: [1, 2], pads: [0, 4, 0, 4] },
];
const groups: ConvTrial[] = [
  { type: 'bits', size: [3, 3], c: 64, cOut: 8, groups: 2, pads: border },
  { type: 'bits', size: [3, 3], c: 66, cOut: 9, groups: 3, pads: border, padValue: -1 },
  { type: 'u8', size: [3, 4], c: 6, cOut: 8, groups: 2, weight: 'i8', pads: border, padValue: 5 },
  { type: 'f32', size: [3, 4], c: 9, cOut: 15, groups: 3, pads: border },
];
const depthwise: ConvTrial[] = [
  { type: 'bits', size: [5, 4], c: 33, multiplier: 1, pads: border, padValue: 1 },
  {
    type: 'bits',
    size: [5, 4],
    c: 8,
    multiplier: 2,
    weight: 'i8',
    pads: border,
    padValue: -1,
    strides: [2, 1],
  },
  { type: 'u8', size: [4, 4], c: 3, multiplier: 3, pads: border, padValue: 255, shift: 1 },
  { type: 'f32', size: [4, 5], c: 7, multiplier: 1, pads: border, dilations: [1, 2] },
  { type: 'f32', size: [4, 5], c: 4, multiplier: 2, weight: 'bits' },
];
const bytes: ConvTrial[] = [
  { type: 'u8', size: [5, 5], c: 3, cOut: 8, pads: border, padValue: 255, shift: 1 },
  { type: 'u8', size: [5, 5], c: 1, cOut: 7, weight: 'i8', pads: border, padValue: -300, shift: 3 },
  { type: 'bits', size: [4, 4], c: 5, cOut: 4, weight: 'i8', pads: border, padValue: -1 },
  { type: 'f32', size: [4, 4], c: 5, cOut: 12, weight: 'i8', pads: border },
  { type: 'f32', size: [4, 4], c: 5, cOut: 6, weight: 'bits', pads: border },
];

const dense = (
  type: 'bits' | 'u8' | 'f32',
  k: number,
  units: number,
  weight: 'bits' | 'i8' | 'f32',
  rows = 1,
): Trial =>
  trial(
    `dense ${type} x ${weight}, ${rows} x ${k} -> ${units}`,
    { type: type === 'u8' ? 'u8' : 'f32', shape: [rows, k] },
    (b) => {
      const x = type === 'bits' ? b.signs(0) : 0;
      b.op({ op: 'dense', inputs: [x], weights: [b.weight(weight, [units, k])] });
    },
  );

const matmul = (
  type: 'bits' | 'f32',
  lead: readonly number[],
  m: number,
  k: number,
  n: number,
  transposeB: boolean,
): Trial =>
  trial(
    `matmul ${type} ${lead} ${m}x${k}x${n} ${transposeB}`,
    { type: 'f32', shape: [...lead, m, k] },
    (b) => {
      const x = b.as(type, 0);
      const other = [...lead, ...(transposeB ? [n, k] : [k, n])];
      const y = b.op({ op: 'constant', inputs: [], weights: [b.weight(type, other)] });
      b.op({ op: 'matmul', inputs: [x, y], transposeB });
    },
  );

/**
 * A pre-norm attention block as a transformer has it: layer normalization, binary projections, the products of buffers
 * that are views of one another, softmax, shortcut, mean over the tokens.
 */
const attention = (t: number, heads: number, d: number): Trial =>
  trial(`attention of ${t} tokens, ${heads} heads of ${d}`, { type: 'f32', shape: [t, heads * d] }, (b) => {
    const width = heads * d;
    const small = (i: number): number => ((i * 7) % 13) / 64 - 0.09;
    const flat = (c: number, value: number) => b.weight('f32', [c], () => value);
    const place = b.op({ op: 'constant', inputs: [], weights: [b.weight('f32', [t, width], small)] });
    const x = b.op({ op: 'add', inputs: [0, place] });
    const norm = { op: 'layerNorm', weights: [flat(width, 1), flat(width, 0)], epsilon: 1e-5 } as const;
    const normal = b.op({ ...norm, inputs: [x] });
    // Signs of the input, not of what was normalized: no engine may round one over the edge.
    const product = b.op({
      op: 'dense',
      inputs: [b.signs(0)],
      weights: [b.weight('bits', [3 * width, width])],
    });
    const scale = [flat(3 * width, 1 / width), flat(3 * width, 0.01)] as [number, number];
    const qkv = b.op({ op: 'affine', inputs: [product], weights: scale });
    const part = (i: number, permutation: [number, number, number]): number => {
      const cut = b.op({ op: 'slice', inputs: [qkv], begin: [0, i * width] }, [t, width]);
      const split = b.op({ op: 'reshape', inputs: [cut] }, [t, heads, d]);
      return b.op({ op: 'transpose', inputs: [split], permutation });
    };
    const pair = [part(0, [1, 0, 2]), part(1, [1, 2, 0])];
    const scores = b.op({ op: 'matmul', inputs: pair, transposeB: false });
    const weights = b.op({ op: 'softmax', inputs: [scores] });
    const values = part(2, [1, 0, 2]);
    const mixed = b.op({ op: 'matmul', inputs: [weights, values], transposeB: false });
    const turned = b.op({ op: 'transpose', inputs: [mixed], permutation: [1, 0, 2] });
    const rows = b.op({ op: 'reshape', inputs: [turned] }, [t, width]);
    const sum = b.op({ op: 'add', inputs: [normal, rows] });
    const image = b.op({ op: 'reshape', inputs: [sum] }, [t, 1, width]);
    const window = { kernel: [t, 1], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] } as const;
    b.op({ op: 'avgPool', inputs: [image], ...window });
  });

const on = (name: string, trials: () => readonly Trial[]) =>
  defineCase<EngineSubject>(name, (subject) => checkTrials(subject, trials(), (model) => model));

/** Cases of the ops that multiply. */
export const productCases = [
  on('binary convolutions around the word size, every padding value', () => binary.map(convTrial)),
  on('windows: strides, asymmetric padding, dilation', () =>
    windows.flatMap((window, i) => [
      convTrial({ type: 'bits', c: 33, padValue: [0, 1, -1][i % 3]!, ...window }),
      i % 2
        ? convTrial({ type: 'u8', c: 3, padValue: 100, ...window })
        : convTrial({ type: 'f32', c: 3, ...window }),
    ]),
  ),
  on('groups, aligned to words and not', () => groups.map(convTrial)),
  on('depthwise convolutions', () => depthwise.map(convTrial)),
  on('bytes with shifts and padding values, i8 and packed weights', () => bytes.map(convTrial)),
  on('thresholds on sums: constants, flips, odd channels', () =>
    (
      [
        { type: 'bits', size: [4, 4], c: 40, cOut: 33, pads: border, threshold: true },
        { type: 'bits', size: [6, 6], c: 128, cOut: 64, pads: border, padValue: 1, threshold: true },
        { type: 'u8', size: [5, 4], c: 3, cOut: 31, pads: border, padValue: 9, threshold: true },
        { type: 'bits', size: [1, 2], c: 33, cOut: 37, kernel: [1, 1], threshold: true },
        { type: 'f32', size: [4, 4], c: 3, cOut: 34, threshold: true },
        { type: 'bits', size: [4, 4], c: 8, multiplier: 2, threshold: true },
        { type: 'bits', size: [4, 4], c: 64, cOut: 6, groups: 2, threshold: true },
      ] satisfies ConvTrial[]
    ).map(convTrial),
  ),
  on('fully connected layers, one and many rows, long sums', () => [
    dense('bits', 1, 1, 'bits'),
    dense('bits', 33, 10, 'bits', 9),
    dense('bits', 8192, 5, 'bits'),
    dense('u8', 5000, 4, 'i8'),
    dense('u8', 7, 3, 'bits', 11),
    dense('f32', 127, 10, 'f32'),
    dense('f32', 31, 8, 'bits', 10),
  ]),
  on('products of two buffers', () => [
    matmul('bits', [], 3, 33, 5, true),
    matmul('bits', [2], 3, 64, 4, true),
    matmul('f32', [], 4, 5, 3, false),
    matmul('f32', [2, 2], 3, 7, 2, true),
  ]),
  on('blocks of attention', () => [attention(1, 1, 1), attention(16, 4, 8), attention(17, 3, 11)]),
];
