//! What processors are good at: the inner loops of products, for each set of instructions. Everything else is written once and
//! compiled for each of them (see `dispatch` in program.rs).
use crate::packed::{Unit, PANEL};

/// Rows whose products are made together.
pub const ROWS: usize = 4;
/// Output channels of a panel of floats or integers.
pub const LANES: usize = 16;

/// A set of instructions.
///
/// # Safety
/// Its functions may only run where `available` has it, in a function compiled for it; pointers must be readable as far as the
/// segments and the length say: `length` steps from every segment of every row, and as many of weights for all segments.
pub unsafe trait Isa {
    /// How binary products with constant weights are made.
    const UNIT: Unit;
    /// 8 rows of floats at a time instead of 4.
    const WIDE: bool = false;
    /// Float products of 16 channels, product and sum rounded apart, in the order of the window; `step` bytes from step to step
    /// of the weights.
    unsafe fn float<const R: usize>(
        rows: [*const u8; R],
        weights: *const u8,
        segments: &[i32],
        length: usize,
        step: usize,
    ) -> [[f32; LANES]; R] {
        float(rows, weights, segments, length, step)
    }

    /// Bits of the lanes of 32 where a < b.
    unsafe fn below_f32(a: *const f32, b: *const f32) -> u32 {
        below(a, b)
    }
    unsafe fn below_i32(a: *const i32, b: *const i32) -> u32 {
        below(a, b)
    }
    unsafe fn below_i16(a: *const i16, b: *const i16) -> u32 {
        below(a, b)
    }

    /// Sums of products of i16 pairs: `[pair][16][2]` weights.
    unsafe fn integer(rows: [*const u8; ROWS], weights: *const u8, segments: &[i32], length: usize) -> [[i32; LANES]; ROWS] {
        integer(rows, weights, segments, length)
    }

    /// Counts of differing levels; a step is 4 of them, in the high half of a byte, weights in the low.
    unsafe fn nibbles(rows: [*const u8; ROWS], weights: *const u8, segments: &[i32], length: usize) -> [[u16; PANEL]; ROWS] {
        bytes::<4>(rows, weights, segments, length)
    }

    /// Counts of differing levels, of packed units.
    unsafe fn units(rows: [*const u8; ROWS], weights: *const u8, segments: &[i32], length: usize) -> [[u16; PANEL]; ROWS] {
        match Self::UNIT {
            Unit::Word => words(rows, weights, segments, length),
            _ => bytes::<0>(rows, weights, segments, length),
        }
    }
}

#[inline(always)]
unsafe fn below<T: PartialOrd + Copy>(a: *const T, b: *const T) -> u32 {
    let mut bits = 0;
    for k in 0..32 {
        bits |= ((a.add(k).read_unaligned() < b.add(k).read_unaligned()) as u32) << k;
    }
    bits
}

#[inline(always)]
unsafe fn float<const R: usize>(
    rows: [*const u8; R],
    mut weights: *const u8,
    segments: &[i32],
    length: usize,
    step: usize,
) -> [[f32; LANES]; R] {
    let mut sums = [[0.0; LANES]; R];
    for &offset in segments {
        let from = rows.map(|row| row.offset(offset as isize) as *const f32);
        for k in 0..length {
            let w = (weights as *const [f32; LANES]).read_unaligned();
            for r in 0..R {
                let a = from[r].add(k).read_unaligned();
                for c in 0..LANES {
                    sums[r][c] += a * w[c];
                }
            }
            weights = weights.add(step);
        }
    }
    sums
}

#[inline(always)]
unsafe fn integer(rows: [*const u8; ROWS], weights: *const u8, segments: &[i32], length: usize) -> [[i32; LANES]; ROWS] {
    let mut sums = [[0i32; LANES]; ROWS];
    let mut weights = weights as *const [[i16; 2]; LANES];
    for &offset in segments {
        let from = rows.map(|row| row.offset(offset as isize) as *const [i16; 2]);
        for k in 0..length {
            let w = weights.read_unaligned();
            for r in 0..ROWS {
                let a = from[r].add(k).read_unaligned().map(i32::from);
                for c in 0..LANES {
                    let pair = (a[0] * w[c][0] as i32).wrapping_add(a[1] * w[c][1] as i32);
                    sums[r][c] = sums[r][c].wrapping_add(pair);
                }
            }
            weights = weights.add(1);
        }
    }
    sums
}

/// Bytes of levels, counted in bytes for as long as these suffice. `SHIFT` is where a row's levels begin in a byte.
#[inline(always)]
unsafe fn bytes<const SHIFT: u32>(
    rows: [*const u8; ROWS],
    weights: *const u8,
    segments: &[i32],
    length: usize,
) -> [[u16; PANEL]; ROWS] {
    /// Steps of at most 8 that fit in a byte.
    const RUN: usize = 31;
    let mut counts = [[0u16; PANEL]; ROWS];
    let mut weights = weights as *const [[u8; 16]; PANEL / 16];
    for &offset in segments {
        let from = rows.map(|row| row.offset(offset as isize));
        for start in (0..length).step_by(RUN) {
            let mut sums = [[[0u8; 16]; PANEL / 16]; ROWS];
            for k in start..length.min(start + RUN) {
                let w = weights.read();
                for r in 0..ROWS {
                    let a = *from[r].add(k) >> SHIFT;
                    for q in 0..PANEL / 16 {
                        for c in 0..16 {
                            sums[r][q][c] += (a ^ w[q][c]).count_ones() as u8;
                        }
                    }
                }
                weights = weights.add(1);
            }
            for r in 0..ROWS {
                for c in 0..PANEL {
                    counts[r][c] = counts[r][c].wrapping_add(sums[r][c / 16][c % 16] as u16);
                }
            }
        }
    }
    counts
}

#[inline(always)]
unsafe fn words(rows: [*const u8; ROWS], weights: *const u8, segments: &[i32], length: usize) -> [[u16; PANEL]; ROWS] {
    let mut counts = [[0u32; PANEL]; ROWS];
    let mut weights = weights as *const [u32; PANEL];
    for &offset in segments {
        let from = rows.map(|row| row.offset(offset as isize) as *const u32);
        for k in 0..length {
            let w = weights.read_unaligned();
            for r in 0..ROWS {
                let a = from[r].add(k).read_unaligned();
                for c in 0..PANEL {
                    counts[r][c] += (a ^ w[c]).count_ones();
                }
            }
            weights = weights.add(1);
        }
    }
    counts.map(|row| row.map(|count| count as u16))
}

/// Any processor.
pub struct Portable;
// SAFETY: nothing beyond the baseline of the target.
unsafe impl Isa for Portable {
    const UNIT: Unit = Unit::Word;
}

/// As NEON counts, for processors that count bytes and nothing wider; tested everywhere.
pub struct PortableBytes;
// SAFETY: nothing beyond the baseline of the target.
unsafe impl Isa for PortableBytes {
    const UNIT: Unit = Unit::Byte;
}

/// arm64: `cnt` counts the bits of bytes.
#[cfg(target_arch = "aarch64")]
pub struct Neon;
// SAFETY: NEON is in the baseline of arm64.
#[cfg(target_arch = "aarch64")]
unsafe impl Isa for Neon {
    const UNIT: Unit = Unit::Byte;
}

#[cfg(target_arch = "x86_64")]
pub mod x86 {
    use super::*;
    use std::arch::x86_64::*;

    /// x64 since 2013: levels are looked up, `pshufb` on 32 channels.
    pub struct Avx2;

    // SAFETY: uses AVX2 alone.
    unsafe impl Isa for Avx2 {
        const UNIT: Unit = Unit::Nibble;
        #[inline(always)]
        unsafe fn below_f32(a: *const f32, b: *const f32) -> u32 {
            below_f32_avx2(a, b)
        }
        #[inline(always)]
        unsafe fn below_i32(a: *const i32, b: *const i32) -> u32 {
            below_i32_avx2(a, b)
        }
        #[inline(always)]
        unsafe fn below_i16(a: *const i16, b: *const i16) -> u32 {
            below_i16_avx2(a, b)
        }
        #[inline(always)]
        unsafe fn float<const R: usize>(
            rows: [*const u8; R],
            weights: *const u8,
            segments: &[i32],
            length: usize,
            step: usize,
        ) -> [[f32; LANES]; R] {
            float_avx2(rows, weights, segments, length, step)
        }
        #[inline(always)]
        unsafe fn integer(rows: [*const u8; ROWS], weights: *const u8, segments: &[i32], length: usize) -> [[i32; LANES]; ROWS] {
            integer_avx2(rows, weights, segments, length)
        }
        #[inline(always)]
        unsafe fn nibbles(rows: [*const u8; ROWS], weights: *const u8, segments: &[i32], length: usize) -> [[u16; PANEL]; ROWS] {
            lookup_avx2(rows, weights, segments, length)
        }
    }

    #[target_feature(enable = "avx2")]
    unsafe fn below_f32_avx2(a: *const f32, b: *const f32) -> u32 {
        let mut bits = 0;
        for q in 0..4 {
            let less = _mm256_cmp_ps::<_CMP_LT_OQ>(_mm256_loadu_ps(a.add(8 * q)), _mm256_loadu_ps(b.add(8 * q)));
            bits |= (_mm256_movemask_ps(less) as u32) << (8 * q);
        }
        bits
    }

    #[target_feature(enable = "avx2")]
    unsafe fn below_i32_avx2(a: *const i32, b: *const i32) -> u32 {
        let (a, b) = (a as *const __m256i, b as *const __m256i);
        let mut bits = 0;
        for q in 0..4 {
            let less = _mm256_cmpgt_epi32(_mm256_loadu_si256(b.add(q)), _mm256_loadu_si256(a.add(q)));
            bits |= (_mm256_movemask_ps(_mm256_castsi256_ps(less)) as u32) << (8 * q);
        }
        bits
    }

    #[target_feature(enable = "avx2")]
    unsafe fn below_i16_avx2(a: *const i16, b: *const i16) -> u32 {
        let (a, b) = (a as *const __m256i, b as *const __m256i);
        let low = _mm256_cmpgt_epi16(_mm256_loadu_si256(b), _mm256_loadu_si256(a));
        let high = _mm256_cmpgt_epi16(_mm256_loadu_si256(b.add(1)), _mm256_loadu_si256(a.add(1)));
        // The bytes of both, 8 by 8 in turn: put in order.
        let bytes = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packs_epi16(low, high));
        _mm256_movemask_epi8(bytes) as u32
    }

    #[target_feature(enable = "avx2")]
    unsafe fn float_avx2<const R: usize>(
        rows: [*const u8; R],
        mut weights: *const u8,
        segments: &[i32],
        length: usize,
        step: usize,
    ) -> [[f32; LANES]; R] {
        let mut sums = [[_mm256_setzero_ps(); 2]; R];
        for &offset in segments {
            let from = rows.map(|row| row.offset(offset as isize) as *const f32);
            let mut k = 0;
            macro_rules! step {
                () => {
                    let w = weights as *const f32;
                    let w = [_mm256_loadu_ps(w), _mm256_loadu_ps(w.add(8))];
                    for r in 0..R {
                        let a = _mm256_set1_ps(from[r].add(k).read_unaligned());
                        for q in 0..2 {
                            sums[r][q] = _mm256_add_ps(sums[r][q], _mm256_mul_ps(a, w[q]));
                        }
                    }
                    weights = weights.add(step);
                    k += 1;
                };
            }
            while k + 2 <= length {
                step!();
                step!();
            }
            if k < length {
                step!();
            }
            debug_assert_eq!(k, length);
        }
        let mut all = [[0.0; LANES]; R];
        for r in 0..R {
            for q in 0..2 {
                _mm256_storeu_ps(all[r].as_mut_ptr().add(8 * q), sums[r][q]);
            }
        }
        all
    }

    #[target_feature(enable = "avx2")]
    unsafe fn integer_avx2(rows: [*const u8; ROWS], weights: *const u8, segments: &[i32], length: usize) -> [[i32; LANES]; ROWS] {
        let mut sums = [[_mm256_setzero_si256(); 2]; ROWS];
        let mut weights = weights as *const __m256i;
        for &offset in segments {
            let from = rows.map(|row| row.offset(offset as isize) as *const i32);
            for k in 0..length {
                let w = [_mm256_loadu_si256(weights), _mm256_loadu_si256(weights.add(1))];
                for r in 0..ROWS {
                    let a = _mm256_set1_epi32(from[r].add(k).read_unaligned());
                    for q in 0..2 {
                        sums[r][q] = _mm256_add_epi32(sums[r][q], _mm256_madd_epi16(a, w[q]));
                    }
                }
                weights = weights.add(2);
            }
        }
        std::mem::transmute(sums)
    }

    #[repr(align(64))]
    struct Tables([u8; 272]);

    /// The 16-entry tables of popcount(a ^ w), at 16 a, which is how the arena stores a nibble. As long as any byte may reach,
    /// so that none has to be checked.
    static TABLES: Tables = {
        let mut tables = [0; 272];
        let mut at: usize = 0;
        while at < 256 {
            tables[at] = ((at >> 4) ^ (at & 15)).count_ones() as u8;
            at += 1;
        }
        Tables(tables)
    };

    /// The table for a byte with levels in its high half.
    #[inline(always)]
    pub unsafe fn table_of(a: u8) -> __m128i {
        // SAFETY: 16 bytes from any byte on are in the tables.
        _mm_loadu_si128(TABLES.0.as_ptr().add(a as usize) as *const __m128i)
    }

    #[target_feature(enable = "avx2")]
    unsafe fn lookup_avx2(rows: [*const u8; ROWS], weights: *const u8, segments: &[i32], length: usize) -> [[u16; PANEL]; ROWS] {
        /// Steps of at most 4 that fit in a byte.
        const RUN: usize = 63;
        let zero = _mm256_setzero_si256();
        let mut counts = [[zero; 4]; ROWS];
        let mut weights = weights as *const __m256i;
        let mut segments = segments.iter();
        let mut left = 0;
        let mut from = rows;
        loop {
            let mut sums = [[zero; 2]; ROWS];
            let mut room = RUN;
            loop {
                if left == 0 {
                    match segments.next() {
                        Some(&offset) => from = rows.map(|row| row.offset(offset as isize)),
                        None => break,
                    }
                    left = length;
                }
                let n = left.min(room);
                let mut k = 0;
                macro_rules! step {
                    () => {
                        let w = [_mm256_loadu_si256(weights), _mm256_loadu_si256(weights.add(1))];
                        for r in 0..ROWS {
                            let table = _mm256_broadcastsi128_si256(table_of(*from[r].add(k)));
                            for q in 0..2 {
                                sums[r][q] = _mm256_add_epi8(sums[r][q], _mm256_shuffle_epi8(table, w[q]));
                            }
                        }
                        weights = weights.add(2);
                        k += 1;
                    };
                }
                // Two steps a turn: counting turns is an eighth of the instructions.
                while k + 2 <= n {
                    step!();
                    step!();
                }
                if k < n {
                    step!();
                }
                debug_assert_eq!(k, n);
                from = from.map(|row| row.add(n));
                left -= n;
                room -= n;
                if room == 0 {
                    break;
                }
            }
            for r in 0..ROWS {
                for q in 0..2 {
                    let (low, high) = (_mm256_castsi256_si128(sums[r][q]), _mm256_extracti128_si256::<1>(sums[r][q]));
                    counts[r][2 * q] = _mm256_add_epi16(counts[r][2 * q], _mm256_cvtepu8_epi16(low));
                    counts[r][2 * q + 1] = _mm256_add_epi16(counts[r][2 * q + 1], _mm256_cvtepu8_epi16(high));
                }
            }
            if left == 0 && segments.len() == 0 {
                return std::mem::transmute(counts);
            }
        }
    }

    /// x64 with AVX-512 (F, BW, VL, DQ) and VPOPCNTDQ: Ice Lake, Zen 4 and later.
    pub struct Avx512;

    // SAFETY: uses what `available` asks for.
    unsafe impl Isa for Avx512 {
        const UNIT: Unit = Unit::Word;
        const WIDE: bool = true;
        #[inline(always)]
        unsafe fn below_f32(a: *const f32, b: *const f32) -> u32 {
            below_f32_avx2(a, b)
        }
        #[inline(always)]
        unsafe fn below_i32(a: *const i32, b: *const i32) -> u32 {
            below_i32_avx2(a, b)
        }
        #[inline(always)]
        unsafe fn below_i16(a: *const i16, b: *const i16) -> u32 {
            below_i16_avx2(a, b)
        }
        #[inline(always)]
        unsafe fn float<const R: usize>(
            rows: [*const u8; R],
            weights: *const u8,
            segments: &[i32],
            length: usize,
            step: usize,
        ) -> [[f32; LANES]; R] {
            float_avx512(rows, weights, segments, length, step)
        }
        #[inline(always)]
        unsafe fn integer(rows: [*const u8; ROWS], weights: *const u8, segments: &[i32], length: usize) -> [[i32; LANES]; ROWS] {
            integer_avx512(rows, weights, segments, length)
        }
        #[inline(always)]
        unsafe fn nibbles(rows: [*const u8; ROWS], weights: *const u8, segments: &[i32], length: usize) -> [[u16; PANEL]; ROWS] {
            lookup_avx2(rows, weights, segments, length)
        }
        #[inline(always)]
        unsafe fn units(rows: [*const u8; ROWS], weights: *const u8, segments: &[i32], length: usize) -> [[u16; PANEL]; ROWS] {
            words_avx512(rows, weights, segments, length)
        }
    }

    #[target_feature(enable = "avx512f")]
    unsafe fn float_avx512<const R: usize>(
        rows: [*const u8; R],
        mut weights: *const u8,
        segments: &[i32],
        length: usize,
        step: usize,
    ) -> [[f32; LANES]; R] {
        let mut sums = [_mm512_setzero_ps(); R];
        for &offset in segments {
            let from = rows.map(|row| row.offset(offset as isize) as *const f32);
            for k in 0..length {
                let w = _mm512_loadu_ps(weights as *const f32);
                for r in 0..R {
                    let a = _mm512_set1_ps(from[r].add(k).read_unaligned());
                    sums[r] = _mm512_add_ps(sums[r], _mm512_mul_ps(a, w));
                }
                weights = weights.add(step);
            }
        }
        let mut all = [[0.0; LANES]; R];
        for r in 0..R {
            _mm512_storeu_ps(all[r].as_mut_ptr(), sums[r]);
        }
        all
    }

    #[target_feature(enable = "avx512f,avx512bw")]
    unsafe fn integer_avx512(rows: [*const u8; ROWS], weights: *const u8, segments: &[i32], length: usize) -> [[i32; LANES]; ROWS] {
        let mut sums = [_mm512_setzero_si512(); ROWS];
        let mut weights = weights as *const __m512i;
        for &offset in segments {
            let from = rows.map(|row| row.offset(offset as isize) as *const i32);
            for k in 0..length {
                let w = _mm512_loadu_si512(weights);
                for r in 0..ROWS {
                    let a = _mm512_set1_epi32(from[r].add(k).read_unaligned());
                    sums[r] = _mm512_add_epi32(sums[r], _mm512_madd_epi16(a, w));
                }
                weights = weights.add(1);
            }
        }
        std::mem::transmute(sums)
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vpopcntdq")]
    unsafe fn words_avx512(rows: [*const u8; ROWS], weights: *const u8, segments: &[i32], length: usize) -> [[u16; PANEL]; ROWS] {
        let mut counts = [[_mm512_setzero_si512(); 4]; ROWS];
        let mut weights = weights as *const __m512i;
        for &offset in segments {
            let from = rows.map(|row| row.offset(offset as isize) as *const i32);
            for k in 0..length {
                let w: [__m512i; 4] = std::array::from_fn(|q| _mm512_loadu_si512(weights.add(q)));
                for r in 0..ROWS {
                    let a = _mm512_set1_epi32(from[r].add(k).read_unaligned());
                    for q in 0..4 {
                        counts[r][q] = _mm512_add_epi32(counts[r][q], _mm512_popcnt_epi32(_mm512_xor_si512(a, w[q])));
                    }
                }
                weights = weights.add(4);
            }
        }
        std::mem::transmute(counts.map(|row| row.map(|lanes| _mm512_cvtepi32_epi16(lanes))))
    }
}

/// The names of the sets that run here, best first.
pub fn available() -> Vec<&'static str> {
    let mut names = Vec::new();
    #[cfg(target_arch = "x86_64")]
    {
        // What `compiled_for` in program.rs compiles for.
        let avx2 = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("popcnt")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2");
        let avx512 = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vpopcntdq");
        if avx2 && avx512 {
            names.push("avx512");
        }
        if avx2 {
            names.push("avx2");
        }
    }
    #[cfg(target_arch = "aarch64")]
    names.push("neon");
    names.extend(["portable", "portable-bytes"]);
    names
}
