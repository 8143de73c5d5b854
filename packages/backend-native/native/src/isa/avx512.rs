//! x64 with AVX-512.
use super::avx2::lookup_avx2;
use super::sets::compiled_for;
use super::{Isa, Wide, LANES};
use crate::ending::Ending;
use crate::packed::{Unit, PANEL};
use crate::products::Row;
use crate::residual::Whole;
use std::arch::x86_64::*;
use std::mem::MaybeUninit;

/// x64 with AVX-512 (F, BW, VL, DQ), VPOPCNTDQ and VNNI: Ice Lake, Zen 4 and later.
pub struct Avx512;

// SAFETY: uses what `available` asks for.
unsafe impl Isa for Avx512 {
    const UNIT: Unit = Unit::Word;
    const PAIRED: bool = true;
    const WIDE: bool = true;
    const INTEGER_PANELS: usize = 4;
    #[inline(always)]
    unsafe fn below_f32(a: *const f32, b: *const f32) -> u32 {
        below_f32_avx512(a, b)
    }
    #[inline(always)]
    unsafe fn below_i32(a: *const i32, b: *const i32) -> u32 {
        below_i32_avx512(a, b)
    }
    #[inline(always)]
    unsafe fn below_i16(a: *const i16, b: *const i16) -> u32 {
        below_i16_avx512(a, b)
    }
    #[inline(always)]
    unsafe fn above(counts: *const i32, limits: *const i16) -> u32 {
        above_avx512(counts, limits)
    }
    #[inline(always)]
    fn gather(levels: u64) -> u32 {
        // SAFETY: as of `spread`.
        unsafe { _pext_u64(levels, 0xf0f0_f0f0_f0f0_f0f0) as u32 }
    }
    #[inline(always)]
    fn spread(bits: u32) -> u64 {
        // SAFETY: every processor of this set has BMI2, and `available` asks for it.
        unsafe { _pdep_u64(bits as u64, 0xf0f0_f0f0_f0f0_f0f0) }
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
        float_avx512(rows, weights, segments, length, step, to)
    }
    #[inline(always)]
    unsafe fn float_bytes<const R: usize, const Q: usize>(
        rows: [*const u8; R],
        weights: [*const u8; Q],
        segments: &[i32],
        length: usize,
    ) -> [[[f32; LANES]; Q]; R] {
        if R * Q > 1 {
            return super::float_bytes(rows, weights, segments, length);
        }
        let mut all = [[[0.0; LANES]; Q]; R];
        all[0][0] = float_bytes_avx512(rows[0], weights[0], segments, length);
        all
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
        integer_avx512(rows, weights, segments, length, shift, initial, to)
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
    #[inline(always)]
    unsafe fn words<const R: usize>(rows: [*const u8; R], weights: *const u8, segments: &[i32], length: usize) -> [Wide; R] {
        words_avx512(rows, weights, segments, length)
    }
    #[inline(always)]
    unsafe fn pairs<const R: usize>(rows: [*const u8; R], weights: *const u8, segments: &[i32], length: usize) -> [Wide; R] {
        pairs_avx512(rows, weights, segments, length)
    }
    #[inline(always)]
    unsafe fn residual(counts: &Wide, whole: &Whole, initial: *const u8, shortcut: *const u8, out: *mut u8) -> u64 {
        residual_avx512(counts, whole, initial, shortcut, out)
    }
    #[inline(always)]
    unsafe fn end(ending: &Ending, counts: &[Wide], rows: &[Row]) {
        end_avx512(ending, counts, rows)
    }
}

#[target_feature(enable = "avx512f")]
#[inline]
unsafe fn residual_avx512(counts: &Wide, whole: &Whole, initial: *const u8, shortcut: *const u8, out: *mut u8) -> u64 {
    let mut bits = 0;
    for q in 0..PANEL / 16 {
        let twice = _mm512_slli_epi32::<1>(_mm512_load_si512(counts.0.as_ptr().add(16 * q) as _));
        let sums = _mm512_sub_epi32(_mm512_loadu_si512((initial as *const __m512i).add(q)), twice);
        let [scale, bias, y] = [whole.scale, whole.bias, shortcut as *const f32].map(|from| _mm512_loadu_ps(from.add(16 * q)));
        let values = _mm512_add_ps(_mm512_add_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(sums), scale), bias), y);
        _mm512_storeu_ps((out as *mut f32).add(16 * q), values);
        if !whole.limits.is_null() {
            let below = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(values, _mm512_loadu_ps(whole.limits.add(16 * q)));
            bits |= (below as u64) << (16 * q);
        }
    }
    bits
}

compiled_for!(avx512,
    #[inline(never)]
    unsafe fn end_avx512(ending: &Ending, counts: &[Wide], rows: &[Row]) {
        ending.of::<Avx512, Wide>(counts, rows)
    }
);

#[target_feature(enable = "avx512f")]
unsafe fn below_f32_avx512(a: *const f32, b: *const f32) -> u32 {
    let less = |at: usize| _mm512_cmp_ps_mask::<_CMP_LT_OQ>(_mm512_loadu_ps(a.add(at)), _mm512_loadu_ps(b.add(at)));
    less(0) as u32 | ((less(16) as u32) << 16)
}

#[target_feature(enable = "avx512f")]
unsafe fn below_i32_avx512(a: *const i32, b: *const i32) -> u32 {
    let less = |at: usize| _mm512_cmplt_epi32_mask(_mm512_loadu_si512(a.add(at) as _), _mm512_loadu_si512(b.add(at) as _));
    less(0) as u32 | ((less(16) as u32) << 16)
}

#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn below_i16_avx512(a: *const i16, b: *const i16) -> u32 {
    _mm512_cmplt_epi16_mask(_mm512_loadu_si512(a as _), _mm512_loadu_si512(b as _))
}

#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn above_avx512(counts: *const i32, limits: *const i16) -> u32 {
    let [low, high] = [0, 16].map(|at| _mm512_load_si512(counts.add(at) as _));
    // Eight bytes of one and of the other in turn.
    let order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
    let narrow = _mm512_permutexvar_epi64(order, _mm512_packus_epi32(low, high));
    _mm512_cmplt_epi16_mask(_mm512_loadu_si512(limits as _), narrow)
}

#[target_feature(enable = "avx512f")]
unsafe fn float_avx512<const R: usize, const Q: usize>(
    rows: [*const u8; R],
    weights: [*const u8; Q],
    segments: &[i32],
    length: usize,
    step: usize,
    to: [*mut u8; R],
) {
    let mut sums = [[_mm512_setzero_ps(); Q]; R];
    let mut at = 0;
    for &offset in segments {
        let from = rows.map(|row| row.offset(offset as isize) as *const f32);
        for k in 0..length {
            let mut w = [_mm512_setzero_ps(); Q];
            for q in 0..Q {
                w[q] = _mm512_loadu_ps(weights[q].add(at) as *const f32);
            }
            for r in 0..R {
                let a = _mm512_set1_ps(from[r].add(k).read_unaligned());
                for q in 0..Q {
                    sums[r][q] = _mm512_add_ps(sums[r][q], _mm512_mul_ps(a, w[q]));
                }
            }
            at += step;
        }
    }
    for r in 0..R {
        for q in 0..Q {
            _mm512_storeu_ps((to[r] as *mut f32).add(LANES * q), sums[r][q]);
        }
    }
}

/// One row of one panel: its time is that from a sum to the next, which vectors of 256 bits have sooner.
#[target_feature(enable = "avx2")]
unsafe fn float_bytes_avx512(row: *const u8, weights: *const u8, segments: &[i32], length: usize) -> [f32; LANES] {
    let mut sums = [_mm256_setzero_ps(); 2];
    let mut weights = weights as *const [i64; 2];
    for &offset in segments {
        let from = row.offset(offset as isize) as *const f32;
        for k in 0..length {
            let (a, w) = (_mm256_set1_ps(from.add(k).read_unaligned()), weights.read_unaligned());
            for h in 0..2 {
                let w = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_cvtsi64_si128(w[h])));
                sums[h] = _mm256_add_ps(sums[h], _mm256_mul_ps(a, w));
            }
            weights = weights.add(1);
        }
    }
    let mut all = [0.0; LANES];
    for h in 0..2 {
        _mm256_storeu_ps(all.as_mut_ptr().add(8 * h), sums[h]);
    }
    all
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn integer_avx512<const R: usize, const Q: usize>(
    rows: [*const u8; R],
    weights: [*const u8; Q],
    segments: &[i32],
    length: usize,
    shift: u32,
    initial: [*const u8; R],
    to: [*mut u8; R],
) {
    let mut sums = [[_mm512_setzero_si512(); Q]; R];
    let mut weights = weights.map(|panel| panel as *const __m512i);
    for &offset in segments {
        let from = rows.map(|row| row.offset(offset as isize) as *const i32);
        for k in 0..length {
            let w = weights.map(|panel| _mm512_loadu_si512(panel));
            for r in 0..R {
                let a = _mm512_set1_epi32(from[r].add(k).read_unaligned());
                for q in 0..Q {
                    sums[r][q] = _mm512_dpwssd_epi32(sums[r][q], a, w[q]);
                }
            }
            weights = weights.map(|panel| panel.add(1));
        }
    }
    // Written at once, by few instructions for each: with more, loops would not be unrolled, and sums not be in registers.
    let mut all = MaybeUninit::<[[__m512i; Q]; R]>::uninit();
    let all = all.as_mut_ptr() as *mut __m512i;
    for r in 0..R {
        for q in 0..Q {
            _mm512_store_si512(all.add(Q * r + q), sums[r][q]);
        }
    }
    // As of `wrapping_shl`.
    let shift = _mm_cvtsi32_si128((shift & 31) as i32);
    for r in 0..R {
        for q in 0..Q {
            let first = _mm512_loadu_si512((initial[r] as *const __m512i).add(q));
            let sum = _mm512_sll_epi32(_mm512_load_si512(all.add(Q * r + q)), shift);
            _mm512_storeu_si512((to[r] as *mut __m512i).add(q), _mm512_add_epi32(first, sum));
        }
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vpopcntdq")]
unsafe fn words_avx512<const R: usize>(
    rows: [*const u8; R],
    weights: *const u8,
    segments: &[i32],
    length: usize,
) -> [Wide; R] {
    let mut counts = [[_mm512_setzero_si512(); 4]; R];
    let mut weights = weights as *const __m512i;
    for &offset in segments {
        let from = rows.map(|row| row.offset(offset as isize) as *const i32);
        for k in 0..length {
            let w: [__m512i; 4] = std::array::from_fn(|q| _mm512_loadu_si512(weights.add(q)));
            for r in 0..R {
                let a = _mm512_set1_epi32(from[r].add(k).read_unaligned());
                for q in 0..4 {
                    counts[r][q] = _mm512_add_epi32(counts[r][q], _mm512_popcnt_epi32(_mm512_xor_si512(a, w[q])));
                }
            }
            weights = weights.add(4);
        }
    }
    let mut all = [Wide([0; PANEL]); R];
    for r in 0..R {
        for q in 0..4 {
            _mm512_store_si512(all[r].0.as_mut_ptr().add(16 * q) as _, counts[r][q]);
        }
    }
    all
}

/// Counting a unit takes an exclusive or, a count and an addition; all run on two ports, the count on one of them. A pair is
/// counted by five instructions instead of six. With d1 and d2 the differing levels of its units, `ones` gathers their bits
/// modulo 2: d1 ^ d2 is that of the second units' stored forms, which are exclusive ors already, so that one instruction of
/// three operands does it. What is carried, the majority of d1, d2 and the old `ones`, is the old `ones` where it changes and d1
/// where not; these alone are counted, and count twice.
#[target_feature(enable = "avx512f,avx512bw,avx512vpopcntdq")]
unsafe fn pairs_avx512<const R: usize>(
    rows: [*const u8; R],
    weights: *const u8,
    segments: &[i32],
    length: usize,
) -> [Wide; R] {
    /// Vectors of 16 channels at a time: what 32 registers hold, twice for each row.
    const Q: usize = 2;
    // All of it is written: zeroes first would take as long as some rows.
    let mut all = MaybeUninit::<[Wide; R]>::uninit();
    let to = all.as_mut_ptr() as *mut Wide as *mut __m512i;
    for half in 0..PANEL / (16 * Q) {
        let mut weights = (weights as *const __m512i).add(Q * half);
        let mut ones = [[_mm512_setzero_si512(); Q]; R];
        let mut counts = ones;
        for &offset in segments {
            let from = rows.map(|row| row.offset(offset as isize) as *const i32);
            for k in (0..length).step_by(2) {
                let w: [[__m512i; Q]; 2] = std::array::from_fn(|i| std::array::from_fn(|q| _mm512_loadu_si512(weights.add(4 * i + q))));
                for r in 0..R {
                    let a: [__m512i; 2] = std::array::from_fn(|i| _mm512_set1_epi32(from[r].add(k + i).read_unaligned()));
                    for q in 0..Q {
                        let first = _mm512_xor_si512(a[0], w[0][q]);
                        let next = _mm512_ternarylogic_epi32::<{ XOR }>(ones[r][q], a[1], w[1][q]);
                        let carried = _mm512_ternarylogic_epi32::<{ CARRY }>(ones[r][q], next, first);
                        counts[r][q] = _mm512_add_epi32(counts[r][q], _mm512_popcnt_epi32(carried));
                        ones[r][q] = next;
                    }
                }
                weights = weights.add(8);
            }
        }
        for r in 0..R {
            for q in 0..Q {
                let twice = _mm512_slli_epi32::<1>(counts[r][q]);
                let sums = _mm512_add_epi32(twice, _mm512_popcnt_epi32(ones[r][q]));
                _mm512_store_si512(to.add(4 * r + Q * half + q), sums);
            }
        }
    }
    all.assume_init()
}

/// a ^ b ^ c, and a where a and b differ, else c: bit 4a + 2b + c is the result.
const XOR: i32 = 0b1001_0110;
const CARRY: i32 = 0b1011_0010;
