// The seeded generator against an independent implementation, its statistics, forks and saved states.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng, restoreRng } from '../src/index.js';

/** xoshiro128** and splitmix32 in BigInt arithmetic, from their published definitions. */
function* reference(seed: number): Generator<number> {
  const M = 0xffffffffn;
  let a = BigInt(seed) & M;
  const split = () => {
    a = (a + 0x9e3779b9n) & M;
    let t = a ^ (a >> 16n);
    t = (t * 0x21f0aaadn) & M;
    t ^= t >> 15n;
    t = (t * 0x735a2d97n) & M;
    return (t ^ (t >> 15n)) & M;
  };
  const rotl = (x: bigint, k: bigint) => ((x << k) | (x >> (32n - k))) & M;
  const s = [split(), split(), split(), split()] as [bigint, bigint, bigint, bigint];
  for (;;) {
    const result = (rotl((s[1] * 5n) & M, 7n) * 9n) & M;
    const t = (s[1] << 9n) & M;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 11n);
    yield Number(result >> 8n) / 2 ** 24;
  }
}

describe('createRng', () => {
  it.each([0, 1, 42, -7, 2 ** 40 + 3])('draws what the definition says for seed %i', (seed) => {
    const [rng, expected] = [createRng(seed), reference(seed)];
    for (let i = 0; i < 50; i++) expect(rng.next()).toBe(expected.next().value);
  });

  it('is uniform and normal to the accuracy of 20,000 draws', () => {
    const rng = createRng(5);
    const draws = Array.from({ length: 20_000 }, () => rng.next());
    expect(draws.every((v) => v >= 0 && v < 1)).toBe(true);
    const mean = draws.reduce((a, b) => a + b) / draws.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.01);
    const normals = Array.from({ length: 20_000 }, () => rng.normal());
    const m = normals.reduce((a, b) => a + b) / normals.length;
    const variance = normals.reduce((a, b) => a + (b - m) ** 2, 0) / normals.length;
    expect(Math.abs(m)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.05);
    expect(normals.every(Number.isFinite)).toBe(true);
  });

  it('gives each integer below the bound, and no other', () => {
    const rng = createRng(9);
    const counts = new Map<number, number>();
    for (let i = 0; i < 3000; i++) {
      const value = rng.integer(3);
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual([0, 1, 2]);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(120);
    expect(rng.integer(1)).toBe(0);
    expect(rng.integer(2 ** 32)).toBeLessThan(2 ** 32);
  });

  it.each([0, -1, 1.5, 2 ** 32 + 1, Number.NaN])('refuses the bound %s', (bound) =>
    expect(() => createRng(1).integer(bound)).toThrow(expect.objectContaining({ code: 'invalid-option' })),
  );

  it.each([0.5, Number.NaN, Infinity, 2 ** 53])('refuses the seed %s', (seed) =>
    expect(() => createRng(seed)).toThrow(expect.objectContaining({ code: 'invalid-option' })),
  );

  it('shuffles in place: a permutation, the same for the same seed', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer(), (items, seed) => {
        const shuffled = createRng(seed).shuffle([...items]);
        expect(shuffled).toEqual(createRng(seed).shuffle([...items]));
        expect([...shuffled].sort((a, b) => a - b)).toEqual([...items].sort((a, b) => a - b));
      }),
    );
    const bytes = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(createRng(3).shuffle(bytes)).toBe(bytes);
  });

  it('forks by label, whatever was drawn before, and apart from its parent', () => {
    const [a, b] = [createRng(11), createRng(11)];
    b.next();
    b.normal();
    expect(a.fork('weights').next()).toBe(b.fork('weights').next());
    expect(a.fork('weights').next()).not.toBe(a.fork('biases').next());
    expect(a.fork(1).next()).toBe(a.fork('1').next());
    expect(createRng(12).fork('weights').next()).not.toBe(a.fork('weights').next());
    expect(a.fork('x').fork('y').next()).not.toBe(a.fork('y').next());
  });

  it('goes on from a saved state, through JSON, with the same forks', () => {
    const rng = createRng(77);
    for (let i = 0; i < 10; i++) rng.next();
    const restored = restoreRng(JSON.parse(JSON.stringify(rng.state())));
    expect(restored.fork('a').next()).toBe(rng.fork('a').next());
    for (let i = 0; i < 20; i++) expect(restored.next()).toBe(rng.next());
    expect(restored.normal()).toBe(rng.normal());
  });
});
