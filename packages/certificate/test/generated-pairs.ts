// Pairs (F, B) whose soundness is known by how they are made. Sound ones: F = T o P, B = T' o P of random parts, or F
// strictly monotone with any B of one sign. Unsound ones: a sound pair with one condition broken by more than the default
// tolerance. Nothing here is taken from the certificate.
import type { Rng } from '@bitgrad/core';

type Curve = (x: number) => number;

/** A pair and what is known of it. */
export interface KnownPair {
  readonly kind: string;
  readonly sound: boolean;
  readonly F: Curve;
  readonly B: Curve;
  /** Points where F, B or their slopes jump; half of the pairs declare them. */
  readonly special?: readonly number[];
}

/** All pairs live on this range. */
export const range = [-4, 4] as const;
const grid = Array.from({ length: 4001 }, (_, i) => range[0] + (i * (range[1] - range[0])) / 4000);

const between = (rng: Rng, low: number, high: number): number => low + (high - low) * rng.next();
const logBetween = (rng: Rng, low: number, high: number): number =>
  Math.exp(between(rng, Math.log(low), Math.log(high)));
const pick = <T>(rng: Rng, items: readonly T[]): T => items[rng.integer(items.length)]!;

/** A piece of P: `rise(t)` for t in [0, width], from 0. */
interface Piece {
  readonly from: number;
  readonly to: number;
  readonly flat: boolean;
  /** P jumps by this where the piece begins. */
  readonly jump: number;
  readonly rise: Curve;
}

/** Ascending points of the range at least 0.2 apart, not on the lattice of any sampling. */
function knots(rng: Rng, count: number): number[] {
  const points = Array.from({ length: count }, () => between(rng, -3.7, 3.7)).sort((a, b) => a - b);
  return points.filter((x, i) => i === 0 || x - points[i - 1]! > 0.2);
}

const rises: readonly ((rng: Rng, width: number) => Curve)[] = [
  (rng) => {
    const slope = logBetween(rng, 0.1, 3);
    return (t) => slope * t;
  },
  (rng, width) => {
    const [power, height] = [between(rng, 0.4, 3), between(rng, 0.2, 2)];
    return (t) => height * (t / width) ** power;
  },
  (rng, width) => {
    const [power, height] = [between(rng, 0.4, 3), between(rng, 0.2, 2)];
    return (t) => height * (1 - (1 - Math.min(1, t / width)) ** power);
  },
  (rng) => {
    const [slope, wave, phase] = [between(rng, 0.3, 1.5), between(rng, 0.5, 4), between(rng, 0, 6)];
    const part = between(rng, 0, 0.9) / wave;
    return (t) => slope * (t + part * (Math.sin(wave * t + phase) - Math.sin(phase)));
  },
];

/** A random nondecreasing map in pieces. */
function randomMap(rng: Rng): { pieces: Piece[]; P: Curve } {
  const at = [range[0], ...knots(rng, rng.integer(6)), range[1]];
  const pieces = at.slice(1).map((to, i): Piece => {
    const from = at[i]!;
    const flat = rng.next() < 0.3;
    const jump = i > 0 && rng.next() < 0.4 ? logBetween(rng, 0.005, 1.5) : 0;
    return { from, to, flat, jump, rise: flat ? () => 0 : pick(rng, rises)(rng, to - from) };
  });
  const start = between(rng, -2, 0);
  const base: number[] = [];
  pieces.forEach((piece, i) => {
    const before = pieces[i - 1];
    base.push((before ? base[i - 1]! + before.rise(before.to - before.from) : start) + piece.jump);
  });
  const P = (x: number) => {
    let i = pieces.length - 1;
    while (i > 0 && x < pieces[i]!.from) i--;
    const piece = pieces[i]!;
    return base[i]! + piece.rise(Math.max(0, x - piece.from));
  };
  return { pieces, P };
}

interface Smooth {
  readonly T: Curve;
  readonly slope: Curve;
  /** Where T has a kink. */
  readonly kinks?: readonly number[];
}

const transforms: readonly ((rng: Rng) => Smooth)[] = [
  () => ({ T: (p) => p, slope: () => 1 }),
  (rng) => {
    const b = logBetween(rng, 0.5, 20);
    return { T: (p) => Math.tanh(b * p), slope: (p) => b / Math.cosh(Math.min(300, Math.abs(b * p))) ** 2 };
  },
  (rng) => {
    const edge = between(rng, 0.3, 2);
    const slope: Curve = (p) => (Math.abs(p) <= edge ? 1 / edge : 0);
    return { T: (p) => Math.max(-1, Math.min(1, p / edge)), slope, kinks: [-edge, edge] };
  },
  (rng) => {
    // T' has a zero of some order at a point: touching for even orders, a change of sign for odd ones.
    const [order, at] = [1 + rng.integer(4), between(rng, -1.5, 1.5)];
    return { T: (p) => (p - at) ** (order + 1) / (order + 1), slope: (p) => (p - at) ** order };
  },
  (rng) => {
    const [b, phase] = [between(rng, 0.5, 5), between(rng, 0, 6)];
    return { T: (p) => Math.sin(b * p + phase), slope: (p) => b * Math.cos(b * p + phase) };
  },
  (rng) => {
    const b = between(rng, 0.5, 2);
    const inside: Curve = (u) => (Math.abs(u) >= 1 ? Math.sign(u) : u * (2 - Math.abs(u)));
    const slope: Curve = (p) => b * Math.max(0, 2 - 2 * Math.abs(b * p));
    return { T: (p) => inside(b * p), slope, kinks: [-1 / b, 0, 1 / b] };
  },
  (rng) => {
    const b = logBetween(rng, 0.5, 8);
    const sigmoid: Curve = (x) => 1 / (1 + Math.exp(-x));
    return {
      T: (p) => 2 * sigmoid(b * p) * (1 + b * p * (1 - sigmoid(b * p))) - 1,
      slope: (p) => (b * (2 - b * p * Math.tanh((b * p) / 2))) / (1 + Math.cosh(Math.min(300, b * p))),
    };
  },
];

interface Composed extends KnownPair {
  readonly pieces: readonly Piece[];
  readonly rangeF: number;
  readonly maxB: number;
}

const sizes = (F: Curve, B: Curve) => {
  const values = grid.map(F);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return { rangeF: high - low, maxB: Math.max(...grid.map((x) => Math.abs(B(x)))) };
};

/** The least x with P(x) >= p, or undefined beyond its values. */
function preimage(P: Curve, p: number): number | undefined {
  let [low, high] = range as readonly [number, number] as [number, number];
  if (P(low) >= p || P(high) < p) return undefined;
  for (let i = 0; i < 80; i++) {
    const m = (low + high) / 2;
    if (P(m) < p) low = m;
    else high = m;
  }
  return high;
}

/** F = g T(P), B = T'(P) with a factor: sound by construction. */
function composed(rng: Rng): Composed {
  for (;;) {
    const { pieces, P } = randomMap(rng);
    const { T, slope, kinks = [] } = pick(rng, transforms)(rng);
    const [gain, shift] = [logBetween(rng, 0.2, 5), rng.next() < 0.5 ? 0 : between(rng, -3, 3)];
    const F: Curve = (x) => gain * T(P(x)) + shift;
    const B: Curve = (x) => slope(P(x));
    const { rangeF, maxB } = sizes(F, B);
    if (rangeF < 0.05 || maxB < 0.05) continue;
    // T must not turn round inside a jump of P: the certificate counts J / B there.
    const jumps = pieces.filter(({ jump }) => jump > 0);
    const turned = jumps.some(({ from, jump }) => {
      const [height, b] = [T(P(from)) - T(P(from) - jump), slope(P(from))];
      return !(height * b > 0) || Math.abs(b) < 1e-3 * maxB || Math.abs(height) < 1e-4 * rangeF;
    });
    if (turned) continue;
    const points = [...pieces.slice(1).map(({ from }) => from), ...kinks.map((p) => preimage(P, p))];
    const special = rng.next() < 0.5 ? points.filter((x) => x !== undefined) : undefined;
    return { kind: 'composed', sound: true, F, B, special, pieces, rangeF, maxB };
  }
}

const bump: Curve = (t) => (t > 0 && t < 1 ? (4 * t * (1 - t)) ** 2 : 0);

/** A random positive function, at most 10. */
function positive(rng: Rng): Curve {
  const parts = Array.from({ length: 3 }, () => [between(rng, 0.2, 4), between(rng, 0, 6)] as const);
  const depth = between(rng, 0.05, 0.3);
  return (x) => 1 + depth * parts.reduce((sum, [wave, phase]) => sum + Math.sin(wave * x + phase), 0);
}

/** Strictly rising F with any positive B: P = integral of dF / B, whatever they are. */
function unrelated(rng: Rng): KnownPair {
  const [slope, B] = [positive(rng), positive(rng)];
  const [a, b] = [logBetween(rng, 0.2, 3), between(rng, 0, 1)];
  const F: Curve = (x) => b * x + Math.tanh(a * x) + 0.2 * Math.sin(0.9 * x) * b;
  return { kind: 'unrelated', sound: true, F, B: (x) => B(x) * slope(x) };
}

/** B times |x - c|^q near c, from one side or both: P diverges there for q >= 1 and exists for q < 1. */
function zeroIn(rng: Rng, sound: boolean): KnownPair {
  for (;;) {
    const { F, B } = rng.next() < 0.5 ? composed(rng) : unrelated(rng);
    const { rangeF, maxB } = sizes(F, B);
    const [c, width] = [between(rng, -3.5, 3.5), between(rng, 0.1, 1)];
    const q = sound ? between(rng, 0.1, 0.85) : pick(rng, [1, 1, 2, between(rng, 1, 3)]);
    const sides = pick(rng, [[-1], [1], [-1, 1]]);
    // F has to go on steadily around c, and B to be well away from 0 there without the factor.
    const near = grid.filter((x) => Math.abs(x - c) <= width);
    const slopes = near.slice(1).map((x, i) => (F(x) - F(near[i]!)) / (x - near[i]!));
    const steady = (values: number[], least: number) =>
      Math.min(...values.map(Math.abs)) > least && Math.max(...values) * Math.min(...values) > 0;
    if (!steady(slopes, 0.02 * rangeF) || Math.max(...slopes.map(Math.abs)) > 20 * rangeF) continue;
    if (!steady(near.map(B), 0.05 * maxB)) continue;
    const factor: Curve = (x) =>
      sides.includes(Math.sign(x - c) || sides[0]!) ? Math.min(1, Math.abs(x - c) / width) ** q : 1;
    const special = rng.next() < 0.5 ? [c] : undefined;
    const kind = sound ? 'integrable zero' : 'zero that does not converge';
    return { kind, sound, F, B: (x) => B(x) * factor(x), special };
  }
}

/** The interval of a piece that satisfies something, or undefined. */
function part(rng: Rng, pair: Composed, flat: boolean): readonly [number, number] | undefined {
  const fitting = pair.pieces.filter((p) => p.flat === flat && p.to - p.from > 0.3);
  if (fitting.length === 0) return undefined;
  const { from, to } = pick(rng, fitting);
  const width = between(rng, 0.25, 0.9) * (to - from);
  const start = between(rng, from, to - width);
  return [start, start + width];
}

const inside = ([a, b]: readonly [number, number]) => grid.filter((x) => x > a && x < b);
const variation = (f: Curve, xs: readonly number[]) =>
  xs.slice(1).reduce((sum, x, i) => sum + Math.abs(f(x) - f(xs[i]!)), 0);

/** One way to break a sound pair; undefined where the pair has no place for it. */
type Fault = (rng: Rng, pair: Composed) => Pick<KnownPair, 'F' | 'B'> | undefined;

const faults: Readonly<Record<string, Fault>> = {
  'B of the wrong sign where F moves': (rng, pair) => {
    const place = part(rng, pair, false);
    if (!place || variation(pair.F, inside(place)) < 1e-4 * pair.rangeF) return undefined;
    const least = Math.max(...inside(place).map((x) => Math.abs(pair.B(x))));
    if (least < 1e-3 * pair.maxB) return undefined;
    return { F: pair.F, B: (x) => (x > place[0] && x < place[1] ? -pair.B(x) : pair.B(x)) };
  },
  'B is 0 where F moves': (rng, pair) => {
    const place = part(rng, pair, false);
    if (!place || variation(pair.F, inside(place)) < 1e-4 * pair.rangeF) return undefined;
    const B: Curve = (x) => (x > place[0] && x < place[1] ? 0 : pair.B(x));
    return sizes(pair.F, B).maxB > 0 ? { F: pair.F, B } : undefined;
  },
  'B varies where F stands still': (rng, pair) => {
    const place = part(rng, pair, true);
    if (!place || Math.abs(pair.B((place[0] + place[1]) / 2)) < 0.01 * pair.maxB) return undefined;
    const depth = logBetween(rng, 1e-3, 0.5) * (rng.next() < 0.5 ? 1 : -1);
    const width = place[1] - place[0];
    const shape: Curve = pick(rng, [
      (t: number) => bump(t),
      (t: number) => Number(t > 0.4 && t < 1),
      (t: number) => (t > 0 && t < 1 ? t : 0),
    ]);
    return { F: pair.F, B: (x) => pair.B(x) * (1 + depth * shape((x - place[0]) / width)) };
  },
  'a wiggle of F within rounding, while B varies': (rng, pair) => {
    const place = part(rng, pair, true);
    if (!place || Math.abs(pair.B((place[0] + place[1]) / 2)) < 0.01 * pair.maxB) return undefined;
    const size = logBetween(rng, 1e-11, 1e-8) * pair.rangeF;
    const width = place[1] - place[0];
    const wave = between(rng, 5, 40);
    return {
      F: (x) =>
        pair.F(x) + (x > place[0] && x < place[1] ? size * Math.sin((wave * (x - place[0])) / width) : 0),
      B: (x) => pair.B(x) * (1 + 0.3 * bump((x - place[0]) / width)),
    };
  },
  'B apart from its neighbours where F stands still': (rng, pair) => {
    const at = pair.pieces.findIndex((p, i) => {
      const [before, after] = [pair.pieces[i - 1], pair.pieces[i + 1]];
      return p.flat && before && after && !before.flat && !after.flat && p.jump === 0 && after.jump === 0;
    });
    if (at < 0) return undefined;
    const { from, to } = pair.pieces[at]!;
    const b = pair.B((from + to) / 2);
    const moves = [
      [from - 0.15, from - 1e-9],
      [to + 1e-9, to + 0.15],
    ] as const;
    if (Math.abs(b) < 0.05 * pair.maxB) return undefined;
    if (moves.some((m) => variation(pair.F, inside(m)) < 1e-3 * pair.rangeF)) return undefined;
    // Where P leaves the piece steeply it is not told from a jump, and B beside the piece is not what it is on it.
    const steep = [from - 1e-6, to + 1e-6].some(
      (x) =>
        Math.abs(pair.B(x) - b) > 1e-3 * Math.abs(b) ||
        Math.abs(pair.F(x) - pair.F((from + to) / 2)) > 3e-5 * pair.rangeF,
    );
    if (steep) return undefined;
    const factor = pick(rng, [1.5, 3, 0.3]);
    return { F: pair.F, B: (x) => (x >= from && x < to ? factor : 1) * pair.B(x) };
  },
  'F jumps against B': (rng, pair) => {
    const c = between(rng, -3.8, 3.8);
    const b = pair.B(c);
    if (Math.abs(b) < 1e-3 * pair.maxB) return undefined;
    const height = logBetween(rng, 3e-6, 0.5) * pair.rangeF * -Math.sign(b);
    // Away from jumps of its own, which would swallow it.
    if (pair.pieces.some(({ from, jump }) => jump > 0 && Math.abs(from - c) < 0.01)) return undefined;
    return { F: (x) => pair.F(x) + (x >= c ? height : 0), B: pair.B };
  },
  'F jumps where B is 0': (rng, pair) => {
    const dead = grid.filter((x) => Math.abs(x) < 3.9 && [-0.05, 0, 0.05].every((d) => pair.B(x + d) === 0));
    if (dead.length === 0) return undefined;
    const c = pick(rng, dead) + 1e-4;
    const height = logBetween(rng, 3e-6, 0.5) * pair.rangeF * pick(rng, [-1, 1]);
    return { F: (x) => pair.F(x) + (x >= c ? height : 0), B: pair.B };
  },
};

/** One of the kinds of pairs, by chance. */
export function knownPair(rng: Rng): KnownPair {
  const choice = rng.next();
  if (choice < 0.35) {
    const { kind, sound, F, B, special } = composed(rng);
    return { kind, sound, F, B, special };
  }
  if (choice < 0.4) return unrelated(rng);
  if (choice < 0.47) return zeroIn(rng, true);
  if (choice < 0.6) return zeroIn(rng, false);
  for (;;) {
    const [kind, fault] = pick(rng, Object.entries(faults));
    const pair = composed(rng);
    const broken = fault(rng, pair);
    if (broken) return { kind, sound: false, special: pair.special, ...broken };
  }
}

/** The kinds of unsound pairs. */
export const faultKinds = [...Object.keys(faults), 'zero that does not converge'];
