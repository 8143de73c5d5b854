// A numerical detail shared by the smooth surrogates.
import { E, type Expression, type Operand } from '@bitgrad/core';

/** Beyond this the bell is below 1e-34: clipping keeps float32 exponentials finite and changes nothing. */
const limit = 80;

/** |u|, clipped where its exponential would leave float32. */
export const magnitude = (u: Operand): Expression => E.min(E.abs(u), limit);

/** sigmoid(-|u|), the small tail, exact where 1 - sigmoid(|u|) would cancel. */
export const tail = (absolute: Expression): Expression => E.sigmoid(E.neg(absolute));

/** 1 - tanh(u)^2 = 4 q (1 - q) with q = sigmoid(-2|u|): no cancellation in the tails. */
export function sechSquared(u: Operand): Expression {
  const q = tail(magnitude(E.mul(u, 2)));
  return E.mul(E.mul(q, 4), E.sub(1, q));
}
