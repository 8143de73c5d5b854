// Shapes, and moving elements.
import { sizeOf, tensorOf } from '../../../graph.js';
import { axisOf, type OnnxNode, type Translation } from '../node.js';

/** Axes as an attribute or, since operator set 13, as an input. */
const axesOf = (n: OnnxNode, rank: number): number[] | undefined => {
  const given = n.ints('axes') ?? (n.inputs[1] ? Array.from(n.constant(1)!.data) : undefined);
  return given?.map((axis) => axisOf(n, axis, rank));
};

const listOf = (n: OnnxNode, name: string, i: number): number[] | undefined => {
  const attribute = n.ints(name);
  if (attribute) return [...attribute];
  return n.inputs[i] ? Array.from(n.constant(i)!.data) : undefined;
};

/** Moves of ONNX. */
export const shapes: Readonly<Record<string, Translation>> = {
  Constant(n) {
    const value = n.tensor('value');
    const number = n.has('value_float') ? n.float('value_float', 0) : n.has('value_int') ? n.int('value_int', 0) : undefined; // prettier-ignore
    const ints = n.ints('value_ints');
    const tensor =
      value ?? (number === undefined ? ints && tensorOf([ints.length], ints) : tensorOf([], [number]));
    n.emit('identity', [n.number(tensor ?? n.fail('has no number', 'Use value, value_float, value_int or value_ints.'), 'value')]); // prettier-ignore
  },
  Shape: (n) => void n.emit('identity', [n.number(tensorOf([n.shape(0).length], n.shape(0)), 'shape')]),
  ConstantOfShape(n) {
    const shape = Array.from(n.constant(0)!.data);
    const value = n.tensor('value')?.data[0] ?? 0;
    if (shape.some((d) => !Number.isInteger(d) || d < 0) || sizeOf(shape) > 2 ** 20) n.fail('is larger than a constant may be', 'Store it in the file.'); // prettier-ignore
    n.emit('identity', [n.number(tensorOf(shape, new Float64Array(sizeOf(shape)).fill(value)), 'value')]);
  },
  Reshape(n) {
    const from = n.shape(0);
    const given = listOf(n, 'shape', 1) ?? n.fail('has no shape', 'Mend the file.');
    const zeros = n.int('allowzero', 0) === 0;
    const kept = given.map((d, i) => (d === 0 && zeros ? (from[i] ?? 0) : d));
    const rest = kept.reduce((a, d) => a * (d === -1 ? 1 : d), 1);
    n.emit('reshape', [n.inputs[0]!], { shape: kept.map((d) => (d === -1 ? sizeOf(from) / rest : d)) });
  },
  Flatten(n) {
    const from = n.shape(0);
    const axis = n.int('axis', 1);
    const at = axis === from.length ? axis : axisOf(n, axis, from.length);
    n.emit('reshape', [n.inputs[0]!], { shape: [sizeOf(from.slice(0, at)), sizeOf(from.slice(at))] });
  },
  Squeeze(n) {
    const from = n.shape(0);
    const axes = axesOf(n, from.length);
    n.emit('reshape', [n.inputs[0]!], { shape: from.filter((d, i) => (axes ? !axes.includes(i) : d !== 1)) });
  },
  Unsqueeze(n) {
    const shape = [...n.shape(0)];
    const count = (n.ints('axes') ?? n.constant(1)?.data ?? []).length;
    const axes = axesOf(n, shape.length + count) ?? n.fail('has no axes', 'Mend the file.');
    for (const axis of axes.sort((a, b) => a - b)) shape.splice(axis, 0, 1);
    n.emit('reshape', [n.inputs[0]!], { shape });
  },
  Transpose(n) {
    const reversed = n.shape(0).map((_, i) => i).reverse(); // prettier-ignore
    n.emit('transpose', [n.inputs[0]!], { permutation: n.ints('perm') ?? reversed });
  },
  Concat: (n) => void n.emit('concat', n.inputs, { axis: axisOf(n, n.int('axis', 0), n.shape(0).length) }),
  Gather: (n) => void n.emit('gather', n.inputs.slice(0, 2), { axis: axisOf(n, n.int('axis', 0), n.shape(0).length) }), // prettier-ignore
  Pad(n) {
    const rank = n.shape(0).length;
    if (n.text('mode', 'constant') !== 'constant')
      n.fail(`has mode ${n.text('mode', '')}`, 'Use mode constant.');
    if (n.inputs[3]) n.fail('names its axes', 'Give pads for all axes.');
    const pads = listOf(n, 'pads', 1) ?? n.fail('has no pads', 'Mend the file.');
    if (pads.length !== 2 * rank) n.fail(`has ${pads.length} pads`, `Give ${2 * rank}, two for each axis.`);
    const value = n.inputs[2] ? (n.constant(2)!.data[0] ?? 0) : n.float('value', 0);
    const sides = [pads.slice(0, rank), pads.slice(rank)];
    if (rank > 2 && sides.every(([batch, channels]) => batch === 0 && channels === 0))
      n.borders.set(n.output, { input: n.inputs[0]!, pads: sides.flatMap((s) => s.slice(2)), value });
    n.emit('pad', [n.inputs[0]!], { before: pads.slice(0, rank), after: pads.slice(rank), value });
  },
  Slice(n) {
    const from = n.shape(0);
    const [starts, ends] = [listOf(n, 'starts', 1), listOf(n, 'ends', 2)];
    if (!starts || !ends || starts.length !== ends.length)
      return n.fail('has no starts and ends', 'Mend the file.');
    const axes = (listOf(n, 'axes', 3) ?? starts.map((_, i) => i)).map((axis) =>
      axisOf(n, axis, from.length),
    );
    if ((listOf(n, 'steps', 4) ?? []).some((s) => s !== 1)) n.fail('has steps', 'Take every element.');
    const begin = from.map(() => 0);
    const size = [...from];
    axes.forEach((axis, i) => {
      const within = (v: number): number => Math.min(from[axis]!, Math.max(0, v < 0 ? v + from[axis]! : v));
      begin[axis] = within(starts[i]!);
      size[axis] = Math.max(0, within(ends[i]!) - begin[axis]!);
    });
    n.emit('slice', [n.inputs[0]!], { begin, size });
  },
};
