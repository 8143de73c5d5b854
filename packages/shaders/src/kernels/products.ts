// conv, depthwise and dense as matrix products over the taps of a window; matmul of two buffers.
import { windowExtent, wordsPerRow } from '@bitgrad/bits';
import {
  channelCount,
  elementCount,
  rowCount,
  type ConvOp,
  type DenseOp,
  type DepthwiseOp,
  type MatmulOp,
  type Window,
} from '@bitgrad/runtime';
import { reader } from '../access.js';
import type { Arithmetic, Product } from '../program.js';
import { elementsOf, panelOf, panelWords } from '../weights.js';
import { weightConstant, type Context, type Draft, type Weight } from './context.js';

/** Steps of the three arithmetics, for one output channel and for four. */
const macs: Readonly<Record<Arithmetic, string>> = {
  xnor: `
fn mac(acc: i32, a: u32, b: u32) -> i32 { return acc + i32(countOneBits(a ^ b)); }
fn mac4(acc: vec4<i32>, a: u32, b: vec4<u32>) -> vec4<i32> { return acc + vec4<i32>(countOneBits(vec4<u32>(a) ^ b)); }`,
  integer: `
fn mac(acc: i32, a: u32, b: u32) -> i32 { return acc + i32(a) * i32(b); }
fn mac4(acc: vec4<i32>, a: u32, b: vec4<u32>) -> vec4<i32> { return acc + i32(a) * vec4<i32>(b); }`,
  float: `
fn mac(acc: f32, a: u32, b: u32) -> f32 { return rnd(acc + rnd(floatOf(a) * floatOf(b))); }
fn mac4(acc: vec4<f32>, a: u32, b: vec4<u32>) -> vec4<f32> { return rnd4(acc + rnd4(floatOf(a) * floatOf4(b))); }`,
};

/** The type of the sums of a product. */
const sumType = (arithmetic: Arithmetic): 'f32' | 'i32' => (arithmetic === 'float' ? 'f32' : 'i32');

/** A convolution in one form: window, groups, channels of the input that each output channel sees. */
interface Form extends Window {
  arithmetic: Arithmetic;
  height: number;
  width: number;
  outW: number;
  /** Output positions and channels. */
  m: number;
  n: number;
  groups: number;
  /** Input channels of a group, and of the whole input. */
  length: number;
  channels: number;
  taps: number;
  shift: number;
  padValue: number;
}

function formOf({ op, x: [x], w: [w], out }: Context<ConvOp | DepthwiseOp | DenseOp>): Form {
  const packed = x!.type === 'bits' && w!.type === 'bits' && op.op !== 'depthwise';
  const arithmetic = x!.type === 'f32' ? 'float' : packed ? 'xnor' : 'integer';
  const channels = channelCount(x!.shape);
  const n = channelCount(out.shape);
  const m = rowCount(out.shape);
  if (op.op === 'dense')
    return {
      arithmetic,
      m,
      n,
      channels,
      groups: 1,
      length: channels,
      taps: 1,
      shift: 0,
      padValue: 0,
      height: m,
      width: 1,
      outW: 1,
      kernel: [1, 1],
      strides: [1, 1],
      dilations: [1, 1],
      pads: [0, 0, 0, 0],
    };
  const groups = op.op === 'conv' ? op.groups : channels;
  const [height, width] = x!.shape as [number, number];
  const { kernel, strides, dilations, pads, shift, padValue } = op;
  return {
    arithmetic,
    m,
    n,
    channels,
    groups,
    length: channels / groups,
    taps: kernel[0] * kernel[1],
    shift,
    padValue,
    height,
    width,
    outW: out.shape[1]!,
    kernel,
    strides,
    dilations,
    pads,
  };
}

/** Declares iy and ix, the input position of tap t at output position m. */
const position = ({ outW, kernel, strides, dilations, pads }: Form): string => `
  let iy: i32 = (m / ${outW}) * ${strides[0]} - ${pads[0]} + (t / ${kernel[1]}) * ${dilations[0]};
  let ix: i32 = (m % ${outW}) * ${strides[1]} - ${pads[1]} + (t % ${kernel[1]}) * ${dilations[1]};`;

const outside = ({ height, width, pads }: Form): string =>
  pads.some((pad) => pad > 0) ? `iy < 0 || iy >= ${height} || ix < 0 || ix >= ${width}` : 'false';

/** Words or elements of a tap along k, and the source of `tap`. */
function taps(form: Form, type: string): { perTap: number; code: string; tap4?: string } {
  const { arithmetic, groups, length, channels, n, width } = form;
  const perTap = arithmetic === 'xnor' ? wordsPerRow(length) : length;
  const pixelWords = wordsPerRow(channels);
  const first = groups === 1 ? '0' : `(n / ${n / groups}) * ${length}`;
  const pixel = `iy * ${width} + ix`;
  const start = `
  let t: i32 = k / ${perTap};
  let c: i32 = k % ${perTap};${position(form)}`;
  const aligned = groups === 1 || length % 32 === 0;
  let load: string;
  if (arithmetic !== 'xnor') {
    const element = `x0((${pixel}) * ${channels} + ${first} + c)`;
    load = `return ${arithmetic === 'float' ? `bitsOf(${element})` : `u32(${element})`};`;
  } else if (aligned) load = `return w0((${pixel}) * ${pixelWords} + (${first}) / 32 + c);`;
  else
    load = `
  let at: i32 = ${first} + c * 32;
  let base: i32 = (${pixel}) * ${pixelWords} + (at >> 5u);
  let s: u32 = u32(at & 31);
  var v: u32 = w0(base) >> s;
  if (s > 0u && (at >> 5u) + 1 < ${pixelWords}) { v |= w0(base + 1) << (32u - s); }
  let left: i32 = ${length} - c * 32;
  if (left < 32) { v &= (1u << u32(left)) - 1u; }
  return v;`;
  const one = `fn tap(m: i32, k: i32, n: i32) -> u32 {${start}
  if (${outside(form)}) { return 0u; }
  ${load}
}`;
  const vectors = arithmetic === 'xnor' && groups === 1 && perTap % 4 === 0;
  const four = `fn tap4(m: i32, k: i32, n: i32) -> vec4<u32> {${start}
  if (${outside(form)}) { return vec4<u32>(0u); }
  return q0(((${pixel}) * ${pixelWords} + c) >> 2u);
}`;
  const read = arithmetic === 'xnor' ? '' : reader(0, { type: type as 'u8', shape: [channels] });
  return { perTap, code: [read, one].join('\n'), ...(vectors && { tap4: four }) };
}

/** Sums of the weights of each tap, [taps][n]: what a padded tap of value 1 adds. */
function tapSums({ n, taps: count, length }: Form, value: (n: number, k: number) => number): Uint32Array {
  const sums = new Int32Array(count * n);
  for (let o = 0; o < n; o++)
    for (let t = 0; t < count; t++)
      for (let c = 0; c < length; c++) sums[t * n + o]! += value(o, t * length + c);
  return new Uint32Array(sums.buffer);
}

/** Source of `finish`: the value of the op from the sum over the taps. `sums` is the operand with the tap sums, if needed. */
function finish(form: Form, sums: number | undefined): string {
  const { arithmetic, taps: count, length, n, shift, padValue, kernel, dilations, height, width } = form;
  if (arithmetic === 'float') return 'fn finish(m: i32, n: i32, acc: f32) -> f32 { return acc; }';
  const base = arithmetic === 'xnor' ? `${count * length} - 2 * acc` : shift > 0 ? `acc << ${shift}u` : 'acc';
  if (sums === undefined) return `fn finish(m: i32, n: i32, acc: i32) -> i32 { return ${base}; }`;
  const factor = arithmetic === 'xnor' ? padValue - 1 : padValue;
  const reach = [0, 1].map((axis) => windowExtent(kernel[axis]!, dilations[axis]!) - 1);
  return `fn finish(m: i32, n: i32, acc: i32) -> i32 {
  var v: i32 = ${base};
  let y: i32 = (m / ${form.outW}) * ${form.strides[0]} - ${form.pads[0]};
  let x: i32 = (m % ${form.outW}) * ${form.strides[1]} - ${form.pads[1]};
  if (y < 0 || x < 0 || y + ${reach[0]} >= ${height} || x + ${reach[1]} >= ${width}) {
    for (var t: i32 = 0; t < ${count}; t++) {${position(form)}
      if (${outside(form)}) { v += (${factor}) * i32(w${sums}(t * ${n} + n)); }
    }
  }
  return v;
}`;
}

/** The word of output i from the sums of one channel: engines without a better plan use this. */
const plainWord = ({ n, k, arithmetic }: Product): string => {
  const type = sumType(arithmetic);
  return `fn word(i: i32) -> u32 {
  let m: i32 = i / ${n};
  let n: i32 = i % ${n};
  var acc: ${type} = ${type}(0);
  for (var k: i32 = 0; k < ${k}; k++) { acc = mac(acc, tap(m, k, n), w1(((n >> 2u) * ${k} + k) * 4 + (n & 3))); }
  return outcome(m, n, acc);
}`;
};

/** What follows the sum of a product before it is stored. */
export interface Epilogue {
  kind: 'store' | 'affine' | 'threshold';
  weights: readonly Weight[];
}

function outcome({ arithmetic }: Form, { kind, weights }: Epilogue, first: number): string {
  const type = sumType(arithmetic);
  const head = `fn outcome(m: i32, n: i32, acc: ${type}) -> u32 { let v: ${type} = finish(m, n, acc);`;
  if (kind === 'store') return `${head} return ${type === 'f32' ? 'bitsOf(v)' : 'u32(v)'}; }`;
  if (kind === 'affine')
    return `${head} return bitsOf(rnd(rnd(f32(v) * floatOf(w${first}(n))) + floatOf(w${first + 1}(n)))); }`;
  const threshold = weights[0]!.type === 'f32' ? `floatOf(w${first}(n))` : `i32(w${first}(n))`;
  return `${head}
  var b: u32 = 0u;
  if (v < ${threshold}) { b = 1u; }
  return b ^ ((w${first + 1}(n >> 5u) >> u32(n & 31)) & 1u);
}`;
}

/** The kernel of conv, depthwise or dense. */
export function product(context: Context<ConvOp | DepthwiseOp | DenseOp>, epilogue: Epilogue): Draft {
  const {
    op,
    x: [x],
    w: [w],
    constant,
  } = context;
  const form = formOf(context);
  const { arithmetic, groups, n, m, taps: count, length } = form;
  const tap = taps(form, x!.type);
  const k = count * tap.perTap;
  let elements: ArrayLike<number> | undefined;
  const values = (): ArrayLike<number> => (elements ??= elementsOf(w!, w!.data));
  const at =
    op.op === 'depthwise'
      ? (o: number, t: number) => t * n + o
      : (o: number, i: number) => o * count * length + i;
  const panel = constant(panelWords(n, k), () =>
    arithmetic === 'xnor'
      ? panelOf(arithmetic, w!.data, n, k, (o, i) => o * k + i)
      : panelOf(arithmetic, values(), n, k, at),
  );
  const reads = [x!.ref, panel];
  const factor = arithmetic === 'xnor' ? form.padValue - 1 : form.padValue;
  let sums: number | undefined;
  if (arithmetic !== 'float' && factor !== 0 && form.pads.some((pad) => pad > 0)) {
    sums = reads.length;
    reads.push(constant(count * n, () => tapSums(form, (o, i) => values()[at(o, i)]!)));
  }
  const first = reads.length;
  for (const weight of epilogue.weights) reads.push(weightConstant(context, weight));
  const spec: Product = {
    m,
    n,
    k,
    arithmetic,
    ...(tap.tap4 !== undefined && { tap4: tap.tap4 }),
    packs: epilogue.kind === 'threshold',
    shared: groups === 1 ? n : (n / groups) % 4 === 0 ? 4 : 1,
  };
  return {
    name: `${arithmetic}-${op.op}`,
    reads,
    code: [
      tap.code,
      macs[arithmetic],
      finish(form, sums),
      outcome(form, epilogue, first),
      spec.packs ? '' : plainWord(spec),
    ].join('\n'),
    loads: 2 * k,
    product: spec,
  };
}

/** The kernel of matmul: one output element at a time. */
export function matmul({ op, x: [a, b], out }: Context<MatmulOp>): Draft {
  const packed = a!.type === 'bits';
  const k = channelCount(a!.shape);
  const n = channelCount(out.shape);
  const m = out.shape[out.shape.length - 2]!;
  const inner = packed ? wordsPerRow(k) : k;
  const type = packed ? 'i32' : 'f32';
  const [alongK, alongN] = op.transposeB ? [1, inner] : [n, 1];
  return {
    name: packed ? 'xnor-matmul' : 'float-matmul',
    reads: [a!.ref, b!.ref],
    loads: 2 * inner,
    code: `${macs[packed ? 'xnor' : 'float']}
fn word(i: i32) -> u32 {
  let begin: i32 = (i / ${n}) * ${inner};
  let start: i32 = (i / ${m * n}) * ${elementCount([inner, n])} + (i % ${n}) * ${alongN};
  var acc: ${type} = ${type}(0);
  for (var k: i32 = 0; k < ${inner}; k++) { acc = mac(acc, w0(begin + k), w1(start + k * ${alongK})); }
  return ${packed ? `u32(${k} - 2 * acc)` : 'bitsOf(acc)'};
}`,
  };
}
