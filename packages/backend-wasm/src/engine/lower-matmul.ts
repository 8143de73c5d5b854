// Lowers matmul, the product of two buffers.
import { copyTensor, transposed } from './lower-copy.js';
import { kernelFor, productWords } from './lower-products.js';
import { panels } from './opcodes.js';
import { uniform } from './padding.js';
import { emit, openGroup, pinned, view, type Program } from './program.js';
import { isLinear, rowsOf, tensor, type Tensor } from './tensors.js';

/** matmul: [batch, m, k] x [batch, k, n] (or [batch, n, k] with transposeB). */
export function lowerMatmul(
  program: Program,
  a: Tensor,
  b: Tensor,
  shape: readonly number[],
  transposeB: boolean,
): { output: Tensor; kernel: string } {
  const { opcode, name, panel } = kernelFor(program, a.type);
  const [m, n] = shape.slice(-2) as [number, number];
  const output = tensor(a.type === 'bits' ? 'i32' : 'f32', shape);
  const batch = rowsOf(output) / m;
  const bits = a.type === 'bits';
  const steps = bits ? a.pixel : a.c;
  let from = b;
  let [panelBytes, stepBytes, partWeights] = [panel * 4, 0, 0];
  if (bits) {
    // The right operand's rows become panels, like constant weights.
    panelBytes = panel * steps;
    partWeights = Math.ceil(n / panel) * panelBytes;
    const linear = isLinear(b) ? b : copyTensor(program, b, tensor('bits', [b.h, b.w, b.c]));
    from = tensor('u8', [batch * partWeights]);
    const group = openGroup(program, batch * n, 1, { open: false });
    const words = [pinned(linear), pinned(from), linear.pixel, steps, panel, n, partWeights];
    emit(program, group, panels, words, [linear], from);
  } else {
    if (transposeB) from = transposed(program, b, tensor('f32', [batch, b.c, n]), [0, 2, 1], [batch, n, b.c]);
    else if (!isLinear(b)) from = copyTensor(program, b, tensor('f32', [b.h, b.w, b.c]));
    stepBytes = from.pixel;
    if (panel === 1) panelBytes = 4;
    partWeights = a.c * from.pixel;
  }
  const words = productWords(program, {
    weights: pinned(from),
    segments: new Int32Array(1),
    length: steps,
    channels: n,
    panelBytes,
    stepBytes,
    ...(bits && { initial: uniform(n, a.c) }),
    partRows: m,
    partWeights,
  });
  const group = openGroup(program, rowsOf(output), n);
  emit(program, group, opcode, [...view(a), 0, 0, 0, 0, ...view(output), ...words], [a, from], output);
  return { output, kernel: name };
}
