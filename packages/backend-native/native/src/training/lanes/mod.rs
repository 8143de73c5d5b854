//! Vectors of float32. Each operation rounds once, as in WebAssembly, so that kernels give the same bits on every processor
//! and the same as those of backend-wasm.
use crate::isa::Isa;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;

/// Numbers of the longest vector.
pub const MOST: usize = 16;

/// Vectors of `N` numbers, 8 or 16, and what is done to them lane by lane.
///
/// # Safety
/// As for `Isa`; loads and stores need `N` numbers from their address on, of any alignment.
pub unsafe trait Floats {
    const N: usize;
    type F: Copy;
    type I: Copy;
    unsafe fn load(p: *const f32) -> Self::F;
    unsafe fn store(p: *mut f32, a: Self::F);
    /// As `store`, past the caches where that can be had; the address is a multiple of the vector's bytes.
    #[inline(always)]
    unsafe fn stream(p: *mut f32, a: Self::F) {
        Self::store(p, a)
    }
    /// Makes what was streamed known to other threads.
    #[inline(always)]
    unsafe fn streamed() {}
    unsafe fn splat(a: f32) -> Self::F;
    unsafe fn add(a: Self::F, b: Self::F) -> Self::F;
    unsafe fn sub(a: Self::F, b: Self::F) -> Self::F;
    unsafe fn mul(a: Self::F, b: Self::F) -> Self::F;
    unsafe fn div(a: Self::F, b: Self::F) -> Self::F;
    unsafe fn sqrt(a: Self::F) -> Self::F;
    /// NaN where an operand is; -0 is below 0.
    unsafe fn min(a: Self::F, b: Self::F) -> Self::F;
    unsafe fn max(a: Self::F, b: Self::F) -> Self::F;
    /// Halves to even.
    unsafe fn nearest(a: Self::F) -> Self::F;
    unsafe fn floor(a: Self::F) -> Self::F;
    unsafe fn and(a: Self::F, b: Self::F) -> Self::F;
    unsafe fn or(a: Self::F, b: Self::F) -> Self::F;
    unsafe fn xor(a: Self::F, b: Self::F) -> Self::F;
    /// Comparisons give lanes of ones or zeros.
    unsafe fn lt(a: Self::F, b: Self::F) -> Self::F;
    unsafe fn le(a: Self::F, b: Self::F) -> Self::F;
    unsafe fn eq(a: Self::F, b: Self::F) -> Self::F;
    unsafe fn ne(a: Self::F, b: Self::F) -> Self::F;
    /// a where the mask is ones, else b.
    unsafe fn select(mask: Self::F, a: Self::F, b: Self::F) -> Self::F;
    /// The sign bits, lane 0 lowest.
    unsafe fn signs(a: Self::F) -> u32;
    unsafe fn bits(a: Self::F) -> Self::I;
    unsafe fn from_bits(a: Self::I) -> Self::F;
    /// Numbers within int32.
    unsafe fn truncate(a: Self::F) -> Self::I;
    unsafe fn convert(a: Self::I) -> Self::F;
    unsafe fn splat_i(a: i32) -> Self::I;
    unsafe fn add_i(a: Self::I, b: Self::I) -> Self::I;
    unsafe fn sub_i(a: Self::I, b: Self::I) -> Self::I;
    unsafe fn and_i(a: Self::I, b: Self::I) -> Self::I;
    unsafe fn eq_i(a: Self::I, b: Self::I) -> Self::I;
    unsafe fn shl<const N: i32>(a: Self::I) -> Self::I;
    /// With the sign.
    unsafe fn shr<const N: i32>(a: Self::I) -> Self::I;

    /// The first `count` numbers (all, where there are more), 0 behind them.
    #[inline(always)]
    unsafe fn load_part(p: *const f32, count: usize) -> Self::F {
        if count >= Self::N {
            return Self::load(p);
        }
        let mut part = [0.0; MOST];
        std::ptr::copy_nonoverlapping(p, part.as_mut_ptr(), count);
        Self::load(part.as_ptr())
    }
    #[inline(always)]
    unsafe fn store_part(p: *mut f32, a: Self::F, count: usize) {
        if count >= Self::N {
            return Self::store(p, a);
        }
        let mut all = [0.0; MOST];
        Self::store(all.as_mut_ptr(), a);
        std::ptr::copy_nonoverlapping(all.as_ptr(), p, count);
    }
    /// A vector whose halves lie apart; of 8 lanes, the first address alone is read.
    #[inline(always)]
    unsafe fn load_halves(low: *const f32, _high: *const f32) -> Self::F {
        Self::load(low)
    }
    #[inline(always)]
    unsafe fn neg(a: Self::F) -> Self::F {
        Self::xor(a, Self::splat(-0.0))
    }
    #[inline(always)]
    unsafe fn abs(a: Self::F) -> Self::F {
        Self::and(a, Self::from_bits(Self::splat_i(i32::MAX)))
    }
    /// a * b + c, rounded twice.
    #[inline(always)]
    unsafe fn mul_add(a: Self::F, b: Self::F, c: Self::F) -> Self::F {
        Self::add(Self::mul(a, b), c)
    }
}

/// Bytes from which a result is written past the caches: it would not stay there, and a line that is written whole need not be
/// read before, which is a third of the traffic of a sum.
const STREAMED: usize = 1 << 20;

/// Numbers of a block that is put together before it is streamed.
pub const BLOCK: usize = 4096;

/// Whether so many numbers are streamed, in blocks of so many.
pub fn streams(count: isize, block: isize) -> bool {
    count as usize * 4 >= STREAMED && block as usize <= BLOCK
}

/// Copies a block past the caches.
///
/// # Safety
/// As for `Floats`; `Floats::streamed` has to follow.
#[inline(always)]
pub unsafe fn stream_block<V: Floats>(from: *const f32, to: *mut f32, count: usize) {
    let head = (to.align_offset(4 * V::N)).min(count);
    std::ptr::copy_nonoverlapping(from, to, head);
    let mut i = head;
    while i + V::N <= count {
        V::stream(to.add(i), V::load(from.add(i)));
        i += V::N;
    }
    std::ptr::copy_nonoverlapping(from.add(i), to.add(i), count - i);
}

/// A set of instructions: vectors of 8 numbers, and what kernels need besides.
///
/// # Safety
/// As for `Floats`.
pub unsafe trait Lanes: Isa + Floats {
    /// The longest vectors that pay, for loops over many numbers.
    type Wide: Floats;
    /// Blocks of tables of `signed_outer`, 16 kB each, for which the first-level cache has room: 1 or 2. More of them save passes
    /// over the sums.
    const BLOCKS: usize = 1;

    /// 16 bytes: 8 where a number is below 0, else 0.
    #[inline(always)]
    unsafe fn negative_bytes(x: *const f32, to: *mut u8) {
        for i in [0, 8] {
            let signs = Self::signs(Self::lt(Self::load(x.add(i)), Self::splat(0.0))) as u64;
            // Bit i to bit 3 of byte i.
            let low = (signs & 15).wrapping_mul(0x0020_4081) & 0x0101_0101;
            let high = (signs >> 4).wrapping_mul(0x0020_4081) & 0x0101_0101;
            (to.add(i) as *mut u64).write_unaligned(((low | high << 32) << 3).to_le());
        }
    }

    /// Four numbers from each of 8 addresses: the first of all, the second of all, and so on.
    #[inline(always)]
    unsafe fn transpose4(from: &[*const f32; 8]) -> [Self::F; 4] {
        let mut planes = [[0.0f32; 8]; 4];
        for q in 0..8 {
            for j in 0..4 {
                planes[j][q] = *from[q].add(j);
            }
        }
        [Self::load(&planes[0][0]), Self::load(&planes[1][0]), Self::load(&planes[2][0]), Self::load(&planes[3][0])]
    }

    /// Lane q of every vector, for each q.
    #[inline(always)]
    unsafe fn transpose8(v: [Self::F; 8]) -> [Self::F; 8] {
        let mut rows = [[0.0f32; 8]; 8];
        for i in 0..8 {
            let mut row = [0.0f32; 8];
            Self::store(row.as_mut_ptr(), v[i]);
            for q in 0..8 {
                rows[q][i] = row[q];
            }
        }
        let mut all = v;
        for q in 0..8 {
            all[q] = Self::load(rows[q].as_ptr());
        }
        all
    }

    /// Counts of differing levels of 8 rows and `W` channels, 16 or 32, of at most 2,000 words of 32 levels: weights [word][W]. Where
    /// levels are looked up, in 8 steps of 4 levels a word: a row's in the high half of a byte, weights [step][W] in the low.
    #[inline(always)]
    unsafe fn narrow<const W: usize>(rows: &[*const u8; 8], weights: *const u8, words: usize) -> [[u16; W]; 8] {
        let weights = weights as *const u32;
        let mut counts = [[0u16; W]; 8];
        for k in 0..words {
            for r in 0..8 {
                let a = (rows[r] as *const u32).add(k).read_unaligned();
                for c in 0..W {
                    counts[r][c] += (a ^ *weights.add(k * W + c)).count_ones() as u16;
                }
            }
        }
        counts
    }

    /// 16 picks for each of 8 groups of 4 pixels: a pick is the sum of the pixels' sign bytes (8 or 0), times 1, 2, 4, 8.
    /// Reads 16 bytes of every pixel, writes [16][8].
    #[inline(always)]
    unsafe fn picks(pixels: &[*const u8; 32], offset: isize, picks: *mut u8) {
        for g in 0..8 {
            let group = [0, 1, 2, 3].map(|j| pixels[4 * g + j].offset(offset));
            for i in 0..16 {
                let sum = (0..4).fold(0, |sum, j| sum | (*group[j].add(i) << j));
                *picks.add(8 * i + g) = sum;
            }
        }
    }
}
