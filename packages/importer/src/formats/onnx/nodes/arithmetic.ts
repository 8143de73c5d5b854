// Sums, products, comparisons.
import type { OnnxNode, Translation } from '../node.js';

const direct =
  (op: string): Translation =>
  (n) =>
    void n.emit(op, n.inputs.slice(0, 2));

/** Two or more values, from the left. */
const fold =
  (op: string): Translation =>
  (n) => {
    const [first = '', ...rest] = n.inputs;
    if (rest.length === 0) return void n.emit('identity', [first]);
    rest.reduce((a, b, i) => n.emit(op, [a, b], {}, i === rest.length - 1 ? '' : String(i)), first);
  };

const one = (n: OnnxNode, i: number): number | null => {
  const t = n.constant(i);
  if (!t) return null;
  return t.data.length === 1
    ? t.data[0]!
    : n.fail('has bounds that differ by channel', 'Use one bound for all.');
};

/** Smaller or larger of a value and a constant. */
const bounded =
  (side: 'min' | 'max'): Translation =>
  (n) => {
    const bound = one(n, 1);
    n.emit('clip', [n.inputs[0]!], side === 'min' ? { min: null, max: bound } : { min: bound, max: null });
  };

/** Arithmetic of ONNX. */
export const arithmetic: Readonly<Record<string, Translation>> = {
  Add: direct('add'),
  Sub: direct('sub'),
  Mul: direct('mul'),
  Div: direct('div'),
  Pow: direct('pow'),
  Greater: direct('greater'),
  GreaterOrEqual: direct('greaterOrEqual'),
  Less: direct('less'),
  LessOrEqual: direct('lessOrEqual'),
  Sum: fold('add'),
  Min: bounded('min'),
  Max: bounded('max'),
  Neg: (n) => void n.emit('mul', [n.inputs[0]!, n.number(-1, 'minus')]),
  Sqrt: (n) => void n.emit('pow', [n.inputs[0]!, n.number(0.5, 'half')]),
  Reciprocal: (n) => void n.emit('div', [n.number(1, 'one'), n.inputs[0]!]),
  Not: (n) => void n.emit('sub', [n.number(1, 'one'), n.inputs[0]!]),
  Where: (n) => void n.emit('where', n.inputs.slice(0, 3)),
  Clip(n) {
    const [min, max] = n.version < 11 ? ['min', 'max'].map((k) => (n.has(k) ? n.float(k, 0) : null)) : [one(n, 1), one(n, 2)]; // prettier-ignore
    n.emit('clip', [n.inputs[0]!], { min, max });
  },
};
