//! x64 with AVX2.
use super::{put_floats, put_integers, Isa, LANES};
use crate::packed::{Unit, PANEL};
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
    unsafe fn float<const R: usize, const Q: usize>(
        rows: [*const u8; R],
        weights: [*const u8; Q],
        segments: &[i32],
        length: usize,
        step: usize,
        to: [*mut u8; R],
    ) {
        float_avx2(rows, weights, segments, length, step, to)
    }
    #[inline(always)]
    unsafe fn integer<const R: usize, const Q: usize>(
        rows: [*const u8; R],
        weights: [*const u8; Q],
        segments: &[i32],
        length: usize,
        shift: u32,
        initial: [*const u8; R],
        to: [*mut u8; R],
    ) {
        integer_avx2(rows, weights, segments, length, shift, initial, to)
    }
    #[inline(always)]
    unsafe fn nibbles<const R: usize>(
        rows: [*const u8; R],
        weights: *const u8,
        segments: &[i32],
        length: usize,
    ) -> [[u16; PANEL]; R] {
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
unsafe fn float_avx2<const R: usize, const Q: usize>(
    rows: [*const u8; R],
    weights: [*const u8; Q],
    segments: &[i32],
    length: usize,
    step: usize,
    to: [*mut u8; R],
) {
    let mut sums = [[[_mm256_setzero_ps(); 2]; Q]; R];
    let mut at = 0;
    for &offset in segments {
        let from = rows.map(|row| row.offset(offset as isize) as *const f32);
        let mut k = 0;
        macro_rules! step {
            () => {
                for q in 0..Q {
                    let w = weights[q].add(at) as *const f32;
                    let w = [_mm256_loadu_ps(w), _mm256_loadu_ps(w.add(8))];
                    for r in 0..R {
                        let a = _mm256_set1_ps(from[r].add(k).read_unaligned());
                        for h in 0..2 {
                            sums[r][q][h] = _mm256_add_ps(sums[r][q][h], _mm256_mul_ps(a, w[h]));
                        }
                    }
                }
                at += step;
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
    let mut all = [[[0.0; LANES]; Q]; R];
    for r in 0..R {
        for q in 0..Q {
            for h in 0..2 {
                _mm256_storeu_ps(all[r][q].as_mut_ptr().add(8 * h), sums[r][q][h]);
            }
        }
    }
    put_floats(all, to)
}

#[target_feature(enable = "avx2")]
unsafe fn integer_avx2<const R: usize, const Q: usize>(
    rows: [*const u8; R],
    weights: [*const u8; Q],
    segments: &[i32],
    length: usize,
    shift: u32,
    initial: [*const u8; R],
    to: [*mut u8; R],
) {
    let mut sums = [[[_mm256_setzero_si256(); 2]; Q]; R];
    let mut weights = weights.map(|panel| panel as *const __m256i);
    for &offset in segments {
        let from = rows.map(|row| row.offset(offset as isize) as *const i32);
        for k in 0..length {
            let w = weights.map(|panel| [_mm256_loadu_si256(panel), _mm256_loadu_si256(panel.add(1))]);
            for r in 0..R {
                let a = _mm256_set1_epi32(from[r].add(k).read_unaligned());
                for q in 0..Q {
                    for h in 0..2 {
                        sums[r][q][h] = _mm256_add_epi32(sums[r][q][h], _mm256_madd_epi16(a, w[q][h]));
                    }
                }
            }
            weights = weights.map(|panel| panel.add(2));
        }
    }
    let mut all = [[[0; LANES]; Q]; R];
    for r in 0..R {
        for q in 0..Q {
            for h in 0..2 {
                _mm256_storeu_si256(all[r][q].as_mut_ptr().add(8 * h) as _, sums[r][q][h]);
            }
        }
    }
    put_integers(all, shift, initial, to)
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
pub unsafe fn lookup_avx2<const R: usize>(
    rows: [*const u8; R],
    weights: *const u8,
    segments: &[i32],
    length: usize,
) -> [[u16; PANEL]; R] {
    /// Steps of at most 4 that fit in a byte.
    const RUN: usize = 63;
    let zero = _mm256_setzero_si256();
    let mut counts = [[zero; 4]; R];
    let mut weights = weights as *const __m256i;
    let mut segments = segments.iter();
    let mut left = 0;
    let mut from = rows;
    loop {
        let mut sums = [[zero; 2]; R];
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
                    for r in 0..R {
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
        for r in 0..R {
            for q in 0..2 {
                let (low, high) = (_mm256_castsi256_si128(sums[r][q]), _mm256_extracti128_si256::<1>(sums[r][q]));
                counts[r][2 * q] = _mm256_add_epi16(counts[r][2 * q], _mm256_cvtepu8_epi16(low));
                counts[r][2 * q + 1] = _mm256_add_epi16(counts[r][2 * q + 1], _mm256_cvtepu8_epi16(high));
            }
        }
        if left == 0 && segments.len() == 0 {
            let mut all = [[0; PANEL]; R];
            for r in 0..R {
                for q in 0..4 {
                    _mm256_storeu_si256(all[r].as_mut_ptr().add(16 * q) as _, counts[r][q]);
                }
            }
            return all;
        }
    }
}
