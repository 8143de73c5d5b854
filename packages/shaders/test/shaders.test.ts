// Lowering: translation to GLSL, memory that is shared only over disjoint lifetimes, fusion, splitting, renaming.
import { convTrial, randomPlan, trial } from '@bitgrad/testkit/engine';
import { expect, it } from 'vitest';
import { assignSlots, lowerModel, toGlsl } from '../src/index.js';

it('rewrites declarations to GLSL, and nothing else', () => {
  expect(
    toGlsl(`fn f(a: i32, b: vec4<u32>) -> vec4<f32> {
  let x: i32 = a >> 5u;
  for (var k: i32 = 0; k < 3; k++) { g(k, vec4<i32>(b)); }
}`),
  ).toBe(`vec4 f(i32 a, uvec4 b) {
  i32 x = a >> 5u;
  for (i32 k = 0; k < 3; k++) { g(k, ivec4(b)); }
}`);
});

it('leaves no WGSL declaration in the GLSL of any op', () => {
  for (let seed = 1; seed < 300; seed++)
    for (const { code, product } of lowerModel(randomPlan(seed, 5), { fuseThreshold: () => false }).kernels)
      expect(toGlsl(code + (product?.tap4 ?? ''))).not.toMatch(/\b(fn|let|var) \w|->|<[iuf]32>/);
});

it('shares memory only between buffers that are never alive together', () => {
  for (let seed = 1; seed < 400; seed++) {
    const program = lowerModel(randomPlan(seed, 8), { fuseThreshold: () => seed % 2 === 0 });
    const { slotOf, words } = assignSlots(program);
    // Runs the program on names: every read must find the buffer that was written, not a later tenant of its slot.
    const tenant = new Map<number, number>([[slotOf[program.input]!, program.storage[program.input]!]]);
    for (const { reads, write } of program.kernels) {
      for (const ref of reads)
        if ('buffer' in ref) {
          expect(tenant.get(slotOf[ref.buffer]!), `seed ${seed}`).toBe(program.storage[ref.buffer]);
          expect(slotOf[write], `seed ${seed}`).not.toBe(slotOf[ref.buffer]);
        }
      expect(words[slotOf[write]!]).toBeGreaterThanOrEqual(program.words[write]!);
      tenant.set(slotOf[write]!, write);
    }
    expect(tenant.get(slotOf[program.output]!)).toBe(program.storage[program.output]);
  }
});

it('lets a product pack its thresholds only where it is asked to', () => {
  const model = convTrial({ type: 'bits', size: [4, 4], c: 8, cOut: 6, threshold: true });
  const kernels = (fuse: boolean) =>
    lowerModel(model, { fuseThreshold: () => fuse }).kernels.map(({ name, fused, product }) => [
      name,
      fused.length,
      product?.packs,
    ]);
  expect(kernels(true)).toEqual([
    ['threshold', 0, undefined],
    ['xnor-conv', 1, true],
    ['xnor-dense', 0, false],
  ]);
  expect(kernels(false).map(([name]) => name)).toEqual(['threshold', 'xnor-conv', 'threshold', 'xnor-dense']);
});

it('renames reshapes that move no word, and splits concatenations that no kernel can bind', () => {
  const reshaped = trial('reshape', { type: 'u8', shape: [2, 32] }, (b) => {
    b.op({ op: 'reshape', inputs: [b.signs(0)] }, [64]);
  });
  const program = lowerModel(reshaped, { fuseThreshold: () => false });
  expect(program.renamed).toEqual([1]);
  expect(program.kernels.map(({ name }) => name)).toEqual(['threshold', 'affine']);
  const wide = trial('concat', { type: 'f32', shape: [2, 3] }, (b) => {
    b.op({ op: 'concat', axis: 0, inputs: new Array<number>(20).fill(0) });
  });
  const { kernels } = lowerModel(wide, { fuseThreshold: () => false });
  expect(kernels.map(({ reads }) => reads.length)).toEqual([7, 7, 7, 2]);
});

it('claims constants before it makes them, and refuses what 32-bit positions cannot address', () => {
  const wide = (k: number, units: number, memoryBytes?: number) => {
    const buffers = [
      { type: 'u8' as const, shape: [k] },
      { type: 'i32' as const, shape: [units] },
    ];
    const spec = { type: 'bits' as const, shape: [units, k] };
    const ops = [{ op: 'dense' as const, inputs: [0], weights: [0] as const, output: 1 }];
    const plan = { version: 1, input: 0, output: 1, buffers, weights: [spec], ops };
    return lowerModel(
      { plan, weights: [new Uint32Array(units * Math.ceil(k / 32))], metadata: {} },
      { fuseThreshold: () => false, ...(memoryBytes !== undefined && { memoryBytes }) },
    );
  };
  // 4 bytes for a level: 32 times the 2 MiB of the file.
  const before = process.memoryUsage().arrayBuffers;
  expect(() => wide(2 ** 14, 2 ** 10, 2 ** 24)).toThrow(
    expect.objectContaining({ code: 'limit-exceeded', message: expect.stringContaining('got 67108864') }),
  );
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 2 ** 20);
  expect(wide(64, 4, 1024).constants[0]).toHaveLength(256);
  const rows = { type: 'bits' as const, shape: [67_600_000, 1] };
  expect(() =>
    lowerModel(
      {
        plan: { version: 1, input: 0, output: 0, buffers: [rows], weights: [], ops: [] },
        weights: [],
        metadata: {},
      },
      { fuseThreshold: () => false },
    ),
  ).toThrow(
    expect.objectContaining({ code: 'limit-exceeded', message: expect.stringContaining('2163200000') }),
  );
});
