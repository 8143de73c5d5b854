// Sums that engines may make at once with what they are sums of: blocks as Bi-Real nets have them (a binary convolution, batch
// normalization, the sum with a real-valued shortcut, the signs of the next block), and products of bytes in two planes.
import { defineCase } from '../case.js';
import { checkTrials, type Effort, type EngineSubject } from './check.js';
import { trial, type ModelBuilder, type Trial } from './model.js';

/** Who reads what, besides the next step. */
const readers = ['nobody', 'of the affine step', 'of the sum', 'as second operand', 'one row'] as const;

interface ShortcutNet {
  channels: number;
  blocks: number;
  reader: (typeof readers)[number];
}

const window = { kernel: [3, 3], strides: [1, 1], dilations: [1, 1], pads: [1, 1, 1, 1] };

function affine(b: ModelBuilder, x: number): number {
  const c = [b.buffers[x]!.shape.at(-1)!];
  const scale = b.weight('f32', c, () => b.random.int(-2, 3) / 4);
  return b.op({ op: 'affine', inputs: [x], weights: [scale, b.weight('f32', c)] });
}

function signs(b: ModelBuilder, x: number): number {
  const c = [b.buffers[x]!.shape.at(-1)!];
  const t = b.weight('f32', c, () => b.random.int(-4, 4) / 4);
  return b.op({ op: 'threshold', inputs: [x], weights: [t, b.weight('bits', c)] });
}

const shortcutNet = ({ channels, blocks, reader }: ShortcutNet): Trial =>
  trial(
    `${blocks} blocks of ${channels} channels, other readers: ${reader}`,
    { type: 'f32', shape: [5, 6, channels] },
    (b) => {
      let x = reader === 'nobody' ? affine(b, 0) : 0;
      for (let i = 0; i < blocks; i++) {
        const w = b.weight('bits', [channels, 3, 3, channels]);
        const conv = {
          op: 'conv',
          inputs: [signs(b, x)],
          weights: [w],
          ...window,
          groups: 1,
          shift: 0,
          padValue: 0,
        };
        const y = affine(b, b.op(conv));
        const pooled = { op: 'maxPool', inputs: [x], ...window, kernel: [5, 6], pads: [0, 0, 0, 0] };
        const shortcut = reader === 'one row' ? b.op(pooled) : x;
        x = b.op({ op: 'add', inputs: reader === 'as second operand' ? [shortcut, y] : [y, shortcut] });
        if (reader === 'of the affine step') x = b.op({ op: 'add', inputs: [x, y] });
        if (reader === 'of the sum') x = b.op({ op: 'mul', inputs: [x, x] });
      }
      b.op({ op: 'affine', inputs: [signs(b, x)], weights: [0, 0].map(() => b.weight('f32', [channels])) });
    },
  );

/** Channels around the bounds of vectors, panels and words. */
const channels = [1, 4, 15, 16, 17, 31, 32, 33, 64, 96, 130];

/** Two convolutions of bytes, `2^by high + low`, whose sum is one with weights of more bits; or not quite, where `off` says so. */
interface PlaneNet {
  cOut: number;
  by: number;
  shift: number;
  off: 'nothing' | 'the padding' | 'the window' | 'a reader' | 'the order' | 'the range';
}

const planeNet = ({ cOut, by, shift, off }: PlaneNet): Trial =>
  trial(
    `planes of ${cOut} channels, 2^${by}, shift ${shift}, off: ${off}`,
    { type: 'u8', shape: [6, 5, 3] },
    (b) => {
      const conv = (of: number, padValue: number, strides: number): number => {
        const range = off === 'the range' ? 127 : 60;
        const weights = [b.weight('i8', [cOut, 3, 3, 3], () => b.random.int(-range, range + 1))];
        const place = { ...window, strides: [strides, strides] };
        return b.op({ op: 'conv', inputs: [0], weights, ...place, groups: 1, shift: shift + of, padValue });
      };
      const high = conv(by, 5 * 2 ** by + (off === 'the padding' ? 1 : 0), off === 'the window' ? 6 : 1);
      const low = conv(0, 5, off === 'the window' ? 6 : 1);
      let sum = b.op({ op: 'add', inputs: off === 'the order' ? [low, high] : [high, low] });
      if (off === 'a reader') sum = b.op({ op: 'add', inputs: [sum, low] });
      const t = b.weight('i32', [cOut], () => b.random.int(-9, 9) * 500);
      const levels = b.op({ op: 'threshold', inputs: [sum], weights: [t, b.weight('bits', [cOut])] });
      const ones = [b.weight('f32', [cOut], () => 1), b.weight('f32', [cOut], () => 0)];
      b.op({
        op: 'concat',
        inputs: [sum, levels].map((x) => b.op({ op: 'affine', inputs: [x], weights: ones })),
        axis: 2,
      });
    },
  );

/** Numbers of filters of a net with two planes; `brief` has them in turn. */
const outputs = (turn: number, effort?: Effort): number[] => {
  const all = [1, 16, 20];
  return effort === 'brief' ? [all[(turn + Math.floor(turn / 3)) % 3]!] : all;
};

export const sumCases = [
  defineCase<EngineSubject>('sums of bytes in two planes', (subject) =>
    checkTrials(
      subject,
      (['nothing', 'the padding', 'the window', 'a reader', 'the order', 'the range'] as const).flatMap(
        (off, i) =>
          outputs(i, subject.effort).map((cOut) => ({
            cOut,
            by: [7, 8, 0][i % 3]!,
            shift: i % 3 === 0 ? 1 : 0,
            off,
          })),
      ),
      planeNet,
    ),
  ),
  defineCase<EngineSubject>('shortcuts around binary convolutions', (subject) => {
    const nets = channels.flatMap((c, i) =>
      (subject.effort === 'brief' ? [readers[i % readers.length]!] : readers).map((reader) => ({
        channels: c,
        blocks: 1 + (i % 2),
        reader,
      })),
    );
    return checkTrials(subject, nets, shortcutNet);
  }),
];
