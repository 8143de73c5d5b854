// Random causal nets of any number of frames: the same layers and weights for each, so that a long one says what a stream
// must give.
import { axisWindow, windowExtent } from '@bitgrad/bits';
import { createPlanBuilder, type PackedModel, type PlanBuilder } from '../../src/index.js';
import { testRandom, type TestRandom } from './random.js';

/** What ends a net: its rows themselves, their mean over an example, or all of them side by side. */
export type End = 'rows' | 'mean' | 'flat';

interface Parts {
  readonly b: PlanBuilder;
  readonly r: TestRandom;
}

const floats = ({ r }: Parts, n: number): Float32Array => Float32Array.from({ length: n }, () => r.int(-9, 9) / 4); // prettier-ignore
const words = ({ r }: Parts, rows: number, n: number): Uint32Array =>
  Uint32Array.from({ length: rows * Math.ceil(n / 32) }, (_, i) => {
    const rest = n - 32 * (i % Math.ceil(n / 32));
    return r.int(0, 2 ** Math.min(32, rest) - 1);
  });

/** Scale and bias of each channel. */
function affine(p: Parts, x: number): number {
  const c = p.b.buffers[x]!.shape.at(-1)!;
  const weights = [p.b.weight('f32', [c], floats(p, c)), p.b.weight('f32', [c], floats(p, c))] as const;
  return p.b.op({ op: 'affine', inputs: [x], weights });
}

/** A causal convolution along time, which lies in either axis of an image: of +-1, bytes or floats. */
function conv(p: Parts, x: number, filters: number): number {
  const { b, r } = p;
  const [type, [t, , c]] = [b.buffers[x]!.type, b.buffers[x]!.shape as [number, number, number]];
  const wide = r.int(0, 1) === 1;
  const image = wide ? b.op({ op: 'reshape', inputs: [x] }, [1, t, c]) : x;
  const [size, stride, dilation] = [r.int(1, 4), r.int(1, 2), r.int(1, 2)];
  const extent = windowExtent(size, dilation);
  // With a stride the window may end with any frame of it.
  const before = Math.max(0, extent - 1 - r.int(0, stride - 1));
  const two = (n: number, other: number): [number, number] => (wide ? [other, n] : [n, other]);
  const kernel = two(size, 1);
  const shape = [filters, ...kernel, c];
  const weight = type === 'f32' ? b.weight('f32', shape, floats(p, filters * size * c)) : b.weight('bits', shape, words(p, filters * size, c)); // prettier-ignore
  const pads: [number, number, number, number] = wide ? [0, before, 0, 0] : [before, 0, 0, 0];
  const after = axisWindow(t, size, stride, dilation, [before, 0]).size;
  if (after !== Math.floor(t / stride)) throw new Error('not the rows of a causal convolution');
  const padValue = type === 'f32' ? 0 : type === 'bits' ? r.pick([-1, 1]) : r.int(0, 255);
  const attributes = { kernel, strides: two(stride, 1), dilations: two(dilation, 1), pads, groups: 1 };
  const y = b.op({ op: 'conv', inputs: [image], weights: [weight], ...attributes, padValue, shift: 0 });
  return wide ? b.op({ op: 'reshape', inputs: [y] }, [after, 1, filters]) : y;
}

/** The signs of floats, against a threshold for each channel. */
function signs(p: Parts, x: number): number {
  const c = p.b.buffers[x]!.shape.at(-1)!;
  const weights = [p.b.weight('f32', [c], floats(p, c)), p.b.weight('bits', [c], words(p, 1, c))] as const;
  return p.b.op({ op: 'threshold', inputs: [x], weights });
}

const pool = (p: Parts, x: number): number =>
  p.b.op({ op: p.r.pick(['avgPool', 'maxPool'] as const), inputs: [x], kernel: [2, 1], strides: [2, 1], dilations: [1, 1], pads: [0, 0, 0, 0] }); // prettier-ignore

/** The layers on rows: the same for each number of frames. */
function body(p: Parts, input: number, type: 'u8' | 'f32', channels: number): number {
  const { b, r } = p;
  const [t] = b.buffers[input]!.shape;
  const rows = b.op({ op: 'reshape', inputs: [input] }, [t!, 1, channels]);
  // Bytes go into integers at once, or become floats; only floats may be kept beside floats.
  let x = type === 'u8' && r.int(0, 1) === 1 ? affine(p, conv(p, rows, r.int(1, 40))) : affine(p, rows);
  const real = type === 'f32';
  for (let layers = r.int(1, 4); layers > 0; layers--) {
    const c = b.buffers[x]!.shape[2]!;
    const kind = r.int(0, 3);
    if (kind === 0) x = pool(p, x);
    else if (kind === 1 && real) x = conv(p, x, r.int(1, 8));
    else {
      const y = affine(p, conv(p, signs(p, x), kind === 2 ? r.int(1, 70) : c));
      const same = b.buffers[y]!.shape.join() === b.buffers[x]!.shape.join();
      x = same ? b.op({ op: 'add', inputs: [x, y] }) : y;
    }
  }
  return x;
}

/** From rows to five numbers. */
function finish(p: Parts, rows: number, end: End): number {
  if (end === 'rows') return rows;
  const { b } = p;
  const [t, , c] = b.buffers[rows]!.shape as [number, number, number];
  const none = { strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] } as const;
  const whole = end === 'mean' ? b.op({ op: 'avgPool', inputs: [rows], kernel: [t, 1], ...none }) : rows;
  const vector = b.op({ op: 'reshape', inputs: [whole] }, [end === 'mean' ? c : t * c]);
  const n = b.buffers[vector]!.shape[0]!;
  return b.op({ op: 'dense', inputs: [vector], weights: [b.weight('f32', [5, n], floats(p, 5 * n))] });
}

/** A net of a seed on so many frames. */
export function causalNet(
  seed: number,
  frames: number,
  end: End,
): PackedModel & { type: 'u8' | 'f32'; channels: number } {
  const p = { b: createPlanBuilder(), r: testRandom(seed) };
  const [type, channels] = [p.r.pick(['u8', 'f32'] as const), p.r.int(1, 6)];
  const input = p.b.buffer(type, [frames, channels]);
  const rows = body(p, input, type, channels);
  const ends = { b: p.b, r: testRandom(seed + 1e6) };
  return { ...p.b.finish(input, finish(ends, rows, end)), type, channels };
}

/** The end alone, on rows of a shape. */
export function endOf(seed: number, shape: readonly number[], end: End): PackedModel {
  const p = { b: createPlanBuilder(), r: testRandom(seed + 1e6) };
  const input = p.b.buffer('f32', shape);
  return p.b.finish(input, finish(p, input, end));
}
