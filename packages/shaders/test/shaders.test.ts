// Kernels in both languages and the sharing of memory; whether they compute rightly is tested by the GPU engines.
import { describe, expect, it } from 'vitest';
import { assignSlots, toGlsl, type Program } from '../src/index.js';

describe('toGlsl', () => {
  it('rewrites declarations, functions and vectors, and leaves the rest', () => {
    expect(toGlsl('fn f(a: i32, b: vec4<u32>) -> f32 { var x: i32 = a; let y: f32 = 1.0; return y; }')).toBe(
      'f32 f(i32 a, uvec4 b) { i32 x = a; f32 y = 1.0; return y; }',
    );
  });
});

describe('assignSlots', () => {
  it('shares memory only between buffers that are never alive together', () => {
    const chain = (reads: number[], write: number) => ({ reads: reads.map((buffer) => ({ buffer })), write });
    // 0 -> 1 -> 2 -> 3, and 1 is read again by the last: 1 may not be overwritten before it.
    const program = {
      words: [4, 8, 8, 2],
      storage: [0, 1, 2, 3],
      input: 0,
      output: 3,
      kernels: [chain([0], 1), chain([1], 2), chain([1, 2], 3)],
    } as unknown as Program;
    const { words, slotOf } = assignSlots(program);
    expect(new Set([slotOf[1], slotOf[2], slotOf[3]]).size).toBe(3);
    expect(slotOf[0]).not.toBe(slotOf[1]);
    program.words.forEach((size, buffer) => expect(words[slotOf[buffer]!]).toBeGreaterThanOrEqual(size));
  });
});
