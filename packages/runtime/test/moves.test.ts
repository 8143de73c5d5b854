// Where concat, pad and slice take elements from, by example; engines are compared with the wasm engine, which has its own.
import { describe, expect, it } from 'vitest';
import { boxesOf, createPlanBuilder, jsEngine, validateModel, type OpDraft } from '../src/index.js';

describe('boxesOf', () => {
  const ends = { inputs: [0], output: 1 };

  it('slice: one box from its beginning', () => {
    expect(boxesOf({ op: 'slice', ...ends, begin: [1, 0, 2] }, [[3, 4, 5]], [2, 4, 3])).toEqual({
      boxes: [{ input: 0, from: [1, 0, 2], to: [0, 0, 0], size: [2, 4, 3] }],
    });
  });
  it('pad: the input behind what is before it, in a value', () => {
    const op = { op: 'pad' as const, ...ends, before: [1, 2], after: [0, 3], value: -1 };
    expect(boxesOf(op, [[2, 2]], [3, 7])).toEqual({
      boxes: [{ input: 0, from: [0, 0], to: [1, 2], size: [2, 2] }],
      fill: -1,
    });
  });
  it('concat: one behind the other', () => {
    const op = { op: 'concat' as const, inputs: [0, 0, 0], output: 1, axis: 1 };
    const shapes = [1, 4, 2].map((n) => [3, n]);
    expect(boxesOf(op, shapes, [3, 7]).boxes.map(({ to, size }) => [to, size])).toEqual([
      [[0, 0], [3, 1]], // prettier-ignore
      [[0, 1], [3, 4]], // prettier-ignore
      [[0, 5], [3, 2]], // prettier-ignore
    ]);
  });
  it('the JS engine moves them', async () => {
    const run = async (op: object, shape?: number[]): Promise<number[]> => {
      const b = createPlanBuilder();
      const x = b.buffer('f32', [2, 3]);
      const y = b.op({ inputs: [x], ...op } as unknown as OpDraft, shape);
      const executable = await jsEngine().compile(validateModel(b.finish(x, y)));
      return Array.from(executable.run(Float32Array.of(1, 2, 3, 4, 5, 6)));
    };
    expect(await run({ op: 'slice', begin: [0, 1] }, [2, 2])).toEqual([2, 3, 5, 6]);
    expect(await run({ op: 'pad', before: [0, 1], after: [1, 0], value: 9 })).toEqual([9, 1, 2, 3, 9, 4, 5, 6, 9, 9, 9, 9]); // prettier-ignore
    expect(await run({ op: 'concat', axis: 1, inputs: [0, 0] })).toEqual([1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6]); // prettier-ignore
    expect(await run({ op: 'transpose', permutation: [1, 0] })).toEqual([1, 4, 2, 5, 3, 6]);
  });
});
