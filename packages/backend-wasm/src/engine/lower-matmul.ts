// Lowers matmul, the product of two buffers.
import type { Kit } from './kit.js';
import { linear, transposed } from './lower-moves.js';
import { Opcode } from './opcodes.js';
import type { Program, Word } from './program.js';
import type { Tensor } from './tensors.js';
import { Panels, Product, RecordWords } from './words.js';

/** matmul: [batch, m, k] x [batch, k, n] (or [batch, n, k] with transposeB). */
export function lowerMatmul(
  kit: Kit,
  program: Program,
  a: Tensor,
  b: Tensor,
  shape: readonly number[],
  transposeB: boolean,
): { output: Tensor; kernel: string } {
  const { emit, openGroup, pinned, tensor } = kit;
  const [m, n] = shape.slice(-2) as [number, number];
  const batch = shape.slice(0, -2).reduce((all, size) => all * size, 1);
  const { opcode, name, panel } = kit.kernelFor(program, a.type, n);
  const output = tensor(a.type === 'bits' ? 'i32' : 'f32', shape);
  const bits = a.type === 'bits';
  const steps = bits ? a.pixel : a.c;
  let from = b;
  let [panelBytes, stepBytes, partWeights] = [panel * 4, 0, 0];
  if (bits) {
    // The right operand's rows become panels, like constant weights.
    panelBytes = panel * steps;
    partWeights = Math.ceil(n / panel) * panelBytes;
    const source = linear(kit, program, b);
    from = tensor('u8', [batch * partWeights]);
    const group = openGroup(program, batch * n, 1, { open: false });
    const words: Record<Panels, Word> = {
      [Panels.source]: pinned(source),
      [Panels.target]: pinned(from),
      [Panels.step]: source.pixel,
      [Panels.steps]: steps,
      [Panels.panel]: panel,
      [Panels.rows]: n,
      [Panels.bytes]: partWeights,
    };
    emit(program, group, Opcode.panels, words, [source], from);
  } else {
    if (transposeB)
      from = transposed(kit, program, b, tensor('f32', [batch, b.c, n]), [0, 2, 1], [batch, n, b.c]);
    else from = linear(kit, program, b);
    stepBytes = from.pixel;
    if (panel === 1) panelBytes = 4;
    partWeights = a.c * from.pixel;
  }
  const group = openGroup(program, batch * m, n);
  const words = kit.productWords(program, new Int32Array(1), bits ? kit.uniform(n, a.c) : undefined, {
    [Product.weights]: pinned(from),
    [Product.segmentLength]: steps,
    [Product.channels]: n,
    [Product.panelBytes]: panelBytes,
    [Product.stepBytes]: stepBytes,
    [Product.parts]: 1,
    [Product.partRows]: m,
    [Product.partWeights]: partWeights,
    [Product.panel]: panel,
  });
  emit(program, group, opcode, { ...kit.view(RecordWords.a, a), ...words }, [a, from], output);
  return { output, kernel: name };
}
