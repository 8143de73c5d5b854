// Operations of elementwise programs, for the interpreter in assembly/training/elementwise.ts: in the order of `opcodes` in
// @bitgrad/bits, which a test holds it to.

/** What an instruction does. */
export enum Operation {
  neg,
  abs,
  sqrt,
  exp,
  log,
  sin,
  cos,
  tanh,
  sigmoid,
  round,
  floor,
  reciprocal,
  add,
  sub,
  mul,
  div,
  min,
  max,
  ge,
  gt,
  le,
  lt,
  eq,
  ne,
  dirichlet,
  select,
}
