// Pools, joins and moves of Keras.
import { option } from '@bitgrad/bits';
import { sizeOf } from '../../../graph.js';
import { wholeWindow } from '../../../ops/conv.js';
import type { LayerOptions, Translation } from '../layer.js';
import { channelsLast, windowOf } from './products.js';

const pool = (op: 'maxPool' | 'avgPool', axes: 1 | 2): Translation => (layer) => {
  const window = windowOf(layer, axes, 'pool_size');
  return layer.emit(op, [layer.inputs[0]!], op === 'avgPool' ? { ...window, countPadding: false } : window);
}; // prettier-ignore

const global = (op: 'maxPool' | 'avgPool'): Translation => (layer) => {
  channelsLast(layer);
  const shape = layer.shape();
  const mean = op === 'avgPool' ? { countPadding: false } : {};
  const pooled = layer.emit(op, [layer.inputs[0]!], { ...wholeWindow(shape, 'last'), ...mean });
  if (layer.read('keepdims', option.boolean, false)) return pooled;
  return layer.emit('reshape', [pooled], { shape: [1, shape.at(-1)!] });
}; // prettier-ignore

const join =
  (op: string): Translation =>
  (layer) => {
    if (layer.inputs.length < 2) layer.fail('joins fewer than two values', 'Mend the file.');
    return layer.inputs.reduce((a, b) => layer.emit(op, [a, b]));
  };

/** Sizes before and after each axis: one number, one an axis, or two. */
export function borders(layer: LayerOptions, axes: number): [number[], number[]] {
  const size = option.integer(0, 65535);
  const rule = option.either(size, option.list(option.either(size, option.list(size, 2)), axes === 1 ? 1 : axes)); // prettier-ignore
  const given = layer.read<number | (number | number[])[]>('padding', rule, 1);
  const list = typeof given === 'number' ? Array<number>(axes).fill(given) : given;
  const pairs = axes === 1 && list.length === 2 ? [list as number[]] : list.map((v) => (typeof v === 'number' ? [v, v] : v)); // prettier-ignore
  if (pairs.length !== axes || pairs.some((pair) => pair.length !== 2)) layer.fail(`has padding ${JSON.stringify(given)}`, `Give ${axes} pairs of sizes.`); // prettier-ignore
  return [pairs.map(([before]) => before!), pairs.map(([, after]) => after!)];
}

const zeroPadding = (axes: 1 | 2): Translation => (layer) => {
  channelsLast(layer);
  const [before, after] = borders(layer, axes).map((list) => [0, ...list, 0]);
  return layer.emit('pad', [layer.inputs[0]!], { before, after, value: 0 });
}; // prettier-ignore

/** Moves of Keras. */
export const shapes: Readonly<Record<string, Translation>> = {
  MaxPooling1D: pool('maxPool', 1),
  MaxPooling2D: pool('maxPool', 2),
  AveragePooling1D: pool('avgPool', 1),
  AveragePooling2D: pool('avgPool', 2),
  GlobalAveragePooling1D: global('avgPool'),
  GlobalAveragePooling2D: global('avgPool'),
  GlobalMaxPooling1D: global('maxPool'),
  GlobalMaxPooling2D: global('maxPool'),
  Add: join('add'),
  Multiply: join('mul'),
  Subtract: join('sub'),
  Concatenate(layer) {
    const rank = layer.shape().length;
    const axis = layer.read('axis', option.integer(-rank, rank - 1), -1);
    return layer.emit('concat', layer.inputs, { axis: (axis + rank) % rank });
  },
  Flatten(layer) {
    channelsLast(layer);
    return layer.emit('reshape', [layer.inputs[0]!], { shape: [1, sizeOf(layer.shape())] });
  },
  Reshape(layer) {
    const given = layer.read<number[]>('target_shape', option.list(option.integer(-1)), []);
    const rest = given.reduce((a, n) => a * (n === -1 ? 1 : n), 1);
    const shape = given.map((n) => (n === -1 ? sizeOf(layer.shape()) / rest : n));
    return layer.emit('reshape', [layer.inputs[0]!], { shape: [1, ...shape] });
  },
  ZeroPadding1D: zeroPadding(1),
  ZeroPadding2D: zeroPadding(2),
};
