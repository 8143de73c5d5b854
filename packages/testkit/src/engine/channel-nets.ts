// Ordinary small networks over every number of channels from 1 to 130: one or two convolutions, batch normalization as
// thresholds, pooling, an op that moves elements, flatten, a binary layer. Rows of such tensors begin and end anywhere in
// a byte and in a word.
import { defineCase } from '../case.js';
import { checkTrials, type Effort, type EngineSubject } from './check.js';
import { trial, type ModelBuilder, type Trial } from './model.js';

const pools = ['none', 'maximum', 'overlapping', 'average'] as const;
const moves = ['none', 'reshape', 'concat', 'slice', 'pad', 'transpose'] as const;

/** One of the networks. */
export interface ChannelNet {
  filters: number;
  /** Height and width, even. */
  size: number;
  convolutions: 1 | 2;
  pool: (typeof pools)[number];
  move: (typeof moves)[number];
}

const window = (kernel: number, strides: number, pad: number) => ({
  kernel: [kernel, kernel],
  strides: [strides, strides],
  dilations: [1, 1],
  pads: [pad, pad, pad, pad],
});

/** Thresholds near the middle of the sums, so that both levels are common. */
function decide(b: ModelBuilder, x: number, spread: number): number {
  const { type, shape } = b.buffers[x]!;
  const c = shape[shape.length - 1]!;
  const t = b.weight(type === 'f32' ? 'f32' : 'i32', [c], () => b.random.int(-4, 4) * spread);
  return b.op({ op: 'threshold', inputs: [x], weights: [t, b.weight('bits', [c])] });
}

function pooled(b: ModelBuilder, x: number, pool: ChannelNet['pool']): number {
  if (pool === 'none') return x;
  if (pool === 'maximum') return b.op({ op: 'maxPool', inputs: [x], ...window(2, 2, 0) });
  if (pool === 'overlapping') return b.op({ op: 'maxPool', inputs: [x], ...window(3, 2, 1) });
  return decide(b, b.op({ op: 'avgPool', inputs: [x], ...window(2, 2, 0) }), 0.25);
}

function moved(b: ModelBuilder, x: number, move: ChannelNet['move']): number {
  const [h, w, c] = b.buffers[x]!.shape as [number, number, number];
  const op = (attributes: Record<string, unknown>, shape?: number[]): number =>
    b.op({ op: move, inputs: [x], ...attributes }, shape);
  switch (move) {
    case 'none':
      return x;
    case 'reshape':
      return op({}, [c, h * w]);
    case 'concat':
      return op({ inputs: [x, x, x], axis: 2 });
    case 'slice':
      return op({ begin: [1, 2, c > 1 ? 1 : 0] }, [h - 1, w - 2, Math.max(1, c - 1)]);
    case 'pad':
      return op({ before: [0, 1, 1], after: [1, 0, 2], value: -1 });
    case 'transpose':
      return op({ permutation: [2, 0, 1] });
  }
}

/** The network; its output are integers, so that every engine gives the same bits. */
export const channelNet = ({ filters, size, convolutions, pool, move }: ChannelNet): Trial =>
  trial(
    `${convolutions} of ${filters} filters on ${size}, ${pool}, ${move}`,
    { type: 'u8', shape: [size, size, 3] },
    (b) => {
      const convolve = (x: number, c: number, extra: Record<string, unknown>): number => {
        const w = b.weight('bits', [filters, 3, 3, c]);
        return b.op({ op: 'conv', inputs: [x], weights: [w], ...window(3, 1, 1), ...extra, groups: 1 });
      };
      let x = decide(b, convolve(0, 3, { padValue: 255, shift: 1 }), 500);
      if (convolutions === 2) x = decide(b, convolve(x, filters, { padValue: 0, shift: 0 }), 2);
      x = moved(b, pooled(b, x, pool), move);
      const n = b.buffers[x]!.shape.reduce((a, s) => a * s, 1);
      const flat = b.op({ op: 'reshape', inputs: [x] }, [n]);
      b.op({ op: 'dense', inputs: [flat], weights: [b.weight('bits', [8, n])] });
    },
  );

/** The numbers around the bounds of words, and one inside each word: together they have every remainder by 8. */
const few = Array.from({ length: 130 }, (_, i) => i + 1).filter((filters) =>
  [0, 1, 31, 6 + 7 * Math.floor(filters / 32)].some((at) => filters % 32 === at % 32),
);

/** One network at each of them; all pools and moves are among these, and the bounds of words meet different ones. */
const briefNets = few.map((filters, i): ChannelNet => ({
  filters,
  size: i % 5 ? 16 : 24,
  convolutions: i % 3 ? 1 : 2,
  pool: pools[(i + (i >> 2)) % pools.length]!,
  move: moves[i % moves.length]!,
}));
// Levels of an odd number of words go from layer to layer and into a dense layer as they are.
for (const filters of [32, 96])
  briefNets.push({ filters, size: 16, convolutions: 2, pool: 'none', move: 'none' });

/**
 * Networks of so many filters: all of them; or two, an ordinary one and one that moves levels; or `quick` one of these two; or
 * `brief` one of them at some numbers alone, the bounds of words among them.
 * Neighbours of a number modulo 32 meet other pools, moves and sizes.
 */
export function channelNets(filters: number, effort: Effort = 'normal'): ChannelNet[] {
  if (effort === 'thorough')
    return ([16, 24] as const).flatMap((size) =>
      ([1, 2] as const).flatMap((convolutions) =>
        pools.flatMap((pool) => moves.map((move) => ({ filters, size, convolutions, pool, move }))),
      ),
    );
  if (effort === 'brief') return briefNets.filter((net) => net.filters === filters);
  const turn = filters + (filters >> 2);
  const nets: ChannelNet[] = [
    {
      filters,
      size: turn % 3 ? 16 : 24,
      convolutions: turn % 5 ? 1 : 2,
      pool: pools[turn % 4]!,
      move: 'none',
    },
    { filters, size: 16, convolutions: 1, pool: pools[(turn + 1) % 4]!, move: moves[1 + (turn % 5)]! },
  ];
  return effort === 'normal' ? nets : [nets[turn % 2]!];
}

/** One case for some numbers of filters: a test of a few seconds each. */
export const channelCases = [1, 27, 53, 79, 105].map((first) =>
  defineCase<EngineSubject>(`networks of ${first} to ${first + 25} filters`, (subject) => {
    const nets = Array.from({ length: 26 }, (_, i) => channelNets(first + i, subject.effort)).flat();
    return checkTrials(subject, nets, channelNet);
  }),
);
