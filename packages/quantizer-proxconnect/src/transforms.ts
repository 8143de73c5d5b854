// The transforms of this package: identity, the clip behind BNN, and soft signs of growing steepness on a box.
import { E, type Expression, type Scalars } from '@bitgrad/core';
import type { SoftSign } from './math/curves.js';
import type { Transform } from '@bitgrad/certificate';

/** T(p) = p: F = P and B = 1, ProxConnect. */
export const identityTransform: Transform = Object.freeze({
  name: 'identity',
  value: (p: number) => p,
  slope: () => 1,
  expression: (p: Expression) => p,
  slopeExpression: () => E.constant(1),
});

/** Steepness and edge of a soft sign, as they follow from the scalars. */
export interface SoftSignShape {
  /** Steepness b > 0: T goes through curve(b p). */
  steepness(scalars: Scalars): number;
  /** Beyond this |p|, T is constant; Infinity for the whole curve. */
  edge(scalars: Scalars): number;
  /** T is multiplied by this where the edge is infinite. Default 1. */
  gain?(scalars: Scalars): number;
}

/**
 * T(p) = curve(b p) / curve(b edge) for |p| <= edge and sign(p) beyond, so that T ends exactly at +-1; T' counts from
 * inside at the edge, where T has a kink, and is 0 beyond. With an infinite edge T(p) = gain * curve(b p).
 */
export const softSignTransform = (curve: SoftSign, shape: SoftSignShape): Transform => {
  const at = (scalars: Scalars) => {
    const [b, edge] = [shape.steepness(scalars), shape.edge(scalars)];
    const gain = Number.isFinite(edge) ? 1 / curve.value(b * edge) : (shape.gain?.(scalars) ?? 1);
    return { b, edge, gain };
  };
  return Object.freeze({
    name: curve.name,
    value: (p: number, scalars: Scalars) => {
      const { b, edge, gain } = at(scalars);
      if (Math.abs(p) >= edge) return p < 0 ? -1 : 1;
      return gain * curve.value(b * p);
    },
    slope: (p: number, scalars: Scalars) => {
      const { b, edge, gain } = at(scalars);
      return Math.abs(p) > edge ? 0 : gain * b * curve.slope(b * p);
    },
    expression: (p: Expression, scalars: Scalars) => {
      const { b, edge, gain } = at(scalars);
      const inside = scaled(curve.valueExpression(E.mul(p, b)), gain);
      return Number.isFinite(edge) ? E.select(E.ge(E.abs(p), edge), E.sign(p), inside) : inside;
    },
    slopeExpression: (p: Expression, scalars: Scalars) => {
      const { b, edge, gain } = at(scalars);
      const inside = scaled(curve.slopeExpression(E.mul(p, b)), gain * b);
      return Number.isFinite(edge) ? E.select(E.gt(E.abs(p), edge), 0, inside) : inside;
    },
    breakpoints: (scalars: Scalars) => {
      const { b, edge } = at(scalars);
      const kinks = curve.breakpoints.map((u) => u / b).filter((p) => Math.abs(p) < edge);
      return Number.isFinite(edge) ? [-edge, ...kinks, edge] : kinks;
    },
  });
};

const scaled = (x: Expression, gain: number): Expression => (gain === 1 ? x : E.mul(x, gain));

/** T(p) = clip(p, -edge, edge) / edge: the transform behind BNN's clipped straight-through estimator. */
export const clipTransform = (edge: number): Transform =>
  Object.freeze({
    name: 'clip',
    options: { edge },
    value: (p: number) => Math.min(1, Math.max(-1, p / edge)),
    slope: (p: number) => (Math.abs(p) <= edge ? 1 / edge : 0),
    expression: (p: Expression) => E.clip(scaled(p, 1 / edge), -1, 1),
    slopeExpression: (p: Expression) => E.mul(E.le(E.abs(p), edge), 1 / edge),
    breakpoints: () => [-edge, edge],
  });
