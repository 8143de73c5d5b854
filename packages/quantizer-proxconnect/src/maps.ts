// The proximal maps of this package: identity, piecewise linear quantizer, and the quantizer of a box.
import { E, type Expression, type Scalars } from '@bitgrad/core';
import {
  piecewiseBreakpoints,
  piecewiseJumps,
  piecewiseLinear,
  piecewiseLinearExpression,
  type Shifts,
} from './math/piecewise-linear.js';
import type { ProximalMap } from '@bitgrad/certificate';

/** How the shifts of L follow from the scalars of the schedule; constant shifts ignore them. */
export type ShiftsOf = (scalars: Scalars) => Shifts;

/** P(w) = w, the proximal map of a constant. */
export const identityMap: ProximalMap = Object.freeze({
  name: 'identity',
  value: (w: number) => w,
  expression: (w: Expression) => w,
});

/**
 * P = L(rho, varrho) for ascending levels (arXiv 2110.13220).
 * @param shifts constant shifts, or how they follow from the scalars
 */
export const levelMap = (levels: readonly number[], shifts: Shifts | ShiftsOf): ProximalMap => {
  const at: ShiftsOf = typeof shifts === 'function' ? shifts : () => shifts;
  return Object.freeze({
    name: 'levels',
    options: { levels: [...levels] },
    value: (w: number, scalars: Scalars) => piecewiseLinear(w, levels, at(scalars)),
    expression: (w: Expression, scalars: Scalars) => piecewiseLinearExpression(w, levels, at(scalars)),
    jumps: (scalars: Scalars) => piecewiseJumps(levels, at(scalars)),
    breakpoints: (scalars: Scalars) => piecewiseBreakpoints(levels, at(scalars)),
  });
};

/**
 * P is edge * L(w / edge) for the levels -1 and +1 where |w| < edge, and w outside: the box is pulled to its ends, and
 * what lies beyond is left alone. With rho = 0 it is the identity; with rho >= 1 it is edge * sign(w) inside, the
 * proximal map behind BNN's clipped straight-through estimator (arXiv 2402.17710).
 */
export const boxMap = (
  edge: number | ((scalars: Scalars) => number),
  shifts: Shifts | ShiftsOf,
): ProximalMap => {
  const at: ShiftsOf = typeof shifts === 'function' ? shifts : () => shifts;
  const edgeAt = typeof edge === 'function' ? edge : () => edge;
  return Object.freeze({
    name: 'box',
    ...(typeof edge === 'number' ? { options: { edge } } : {}),
    value: (w: number, scalars: Scalars) => {
      const e = edgeAt(scalars);
      return Math.abs(w) >= e ? w : e * piecewiseLinear(w / e, [-1, 1], at(scalars));
    },
    expression: (w: Expression, scalars: Scalars) => {
      const [e, s] = [edgeAt(scalars), at(scalars)];
      if (s.rho === 0 && s.varrho === 0) return w;
      const ends = [-e, e];
      const inside = piecewiseLinearExpression(w, ends, { rho: s.rho * e, varrho: s.varrho * e });
      return E.select(E.ge(E.abs(w), e), w, inside);
    },
    jumps: (scalars: Scalars) => {
      const [e, s] = [edgeAt(scalars), at(scalars)];
      return piecewiseJumps([-e, e], { rho: s.rho * e, varrho: s.varrho * e });
    },
    breakpoints: (scalars: Scalars) => {
      const [e, s] = [edgeAt(scalars), at(scalars)];
      const inner = piecewiseBreakpoints([-e, e], { rho: s.rho * e, varrho: s.varrho * e });
      return [...new Set([-e, ...inner, e])].sort((a, b) => a - b);
    },
  });
};
