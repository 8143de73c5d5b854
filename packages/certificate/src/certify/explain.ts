// A certificate in words.
import type { Scalars } from '@bitgrad/core';
import type { Certificate, Position } from './certify.js';
import type { SampledFunction } from './sampled-function.js';

const show = (x: number): string => String(Number(x.toPrecision(4)));

const showScalars = (scalars: Scalars): string =>
  Object.entries(scalars)
    .map(([name, value]) => `${name} = ${show(value)}`)
    .join(', ') || 'no scalars';

/** What is notable about P, T and r, in one sentence each. */
function describe({ decomposition }: Position, [lo, hi]: readonly [number, number]): string[] {
  if (!decomposition) return [];
  const { proximalMap: P, transform: T, free } = decomposition;
  const near = (a: number, b: number) => Math.abs(a - b) <= 1e-3 * Math.max(1, Math.abs(b));
  const probe = (f: SampledFunction, g: (x: number) => number) => f.x.every((x, i) => near(f.y[i]!, g(x)));
  const values = new Set(Array.from(P.y, (y) => Number(y.toPrecision(6))));
  const kind = probe(P, (x) => x)
    ? 'P is the identity: the network trains the latent values themselves'
    : values.size <= 16
      ? `P is a step function onto ${[...values].sort((a, b) => a - b).join(', ')}`
      : `P goes from ${show(P.y[0]!)} at ${show(lo)} to ${show(P.y.at(-1)!)} at ${show(hi)}, never down`;
  const through = probe(T, (x) => x)
    ? 'T is the identity: P is F'
    : `T goes from ${show(T.y[0]!)} to ${show(T.y.at(-1)!)}`;
  const loose = free.length
    ? [
        `P is free on ${free
          .slice(0, 4)
          .map(([a, b]) => `[${show(a)}, ${show(b)}]`)
          .join(', ')}${free.length > 4 ? ', ...' : ''}: B does not tell it from 0 there.`,
      ]
    : [];
  return [`${kind}.`, `${through}.`, ...loose];
}

/** The text of `Certificate.explain()`. */
export function explainCertificate(certificate: Certificate): string {
  const { name, holds, positions, range, tolerance } = certificate;
  const checked = `Checked on [${show(range[0])}, ${show(range[1])}] at ${positions
    .map((p) => showScalars(p.settings))
    .join(' | ')}; tolerance ${tolerance}.`;
  if (holds)
    return [
      `${name}: the certificate holds. F = T o P and B = T' o P with a proximal map P.`,
      ...describe(positions[positions.length >> 1]!, range),
      checked,
    ].join('\n');
  return [
    `${name}: the certificate fails. No proximal P and transform T give both F and B.`,
    ...positions
      .filter((p) => !p.holds)
      .flatMap((p) => [
        `At ${showScalars(p.settings)}:`,
        ...p.violations.map((x) => `  condition ${x.condition}: ${x.explanation}`),
      ]),
    checked,
  ].join('\n');
}
