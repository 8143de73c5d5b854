// Lowers matmul, the product of two buffers.
import { copyTensor, transposed } from './lower-copy.js';
import { kernelFor, productWords } from './lower-products.js';
import { panels } from './opcodes.js';
import { uniform } from './padding.js';
import { emit, openGroup, pinned, view, type Program, type Word } from './program.js';
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
  let weights: Word[];
  let from = b;
  let [panelBytes, stepBytes] = [panel * 4, 0];
  if (bits) {
    // The right operand's rows become panels, like constant weights.
    panelBytes = panel * steps;
    const perBatch = Math.ceil(n / panel) * panelBytes;
    const linear = isLinear(b) ? b : copyTensor(program, b, tensor('bits', [b.h, b.w, b.c]));
    from = tensor('u8', [batch * perBatch]);
    const group = openGroup(program, n, 1, { open: false });
    for (let i = 0; i < batch; i++)
      emit(
        program,
        group,
        panels,
        [pinned(linear, i * n * linear.pixel), pinned(from, i * perBatch), linear.pixel, steps, panel],
        [linear],
        from,
      );
    weights = Array.from({ length: batch }, (_, i) => pinned(from, i * perBatch));
  } else {
    if (transposeB) from = transposed(program, b, tensor('f32', [batch, b.c, n]), [0, 2, 1], [batch, n, b.c]);
    else if (!isLinear(b)) from = copyTensor(program, b, tensor('f32', [b.h, b.w, b.c]));
    const rows = from;
    stepBytes = rows.pixel;
    if (panel === 1) panelBytes = 4;
    weights = Array.from({ length: batch }, (_, i) => pinned(rows, i * a.c * rows.pixel));
  }
  const group = openGroup(program, rowsOf(output), n);
  const initial = bits ? uniform(n, a.c) : undefined;
  weights.forEach((address, i) => {
    const words = productWords(program, {
      weights: address,
      segments: new Int32Array(1),
      length: steps,
      channels: n,
      panelBytes,
      stepBytes,
      ...(initial && { initial }),
      firstRow: i * m,
      lastRow: (i + 1) * m,
    });
    emit(program, group, opcode, [...view(a), 0, 0, 0, 0, ...view(output), ...words], [a, from], output);
  });
  return { output, kernel: name };
}
