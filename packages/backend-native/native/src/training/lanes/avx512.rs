//! Sixteen lanes by AVX-512.
use super::Floats;
use std::arch::x86_64::*;

/// Vectors of 16 numbers.
pub struct Sixteen;

/// Lanes of ones where a comparison holds.
macro_rules! compare {
    ($kind:expr, $a:expr, $b:expr) => {
        _mm512_castsi512_ps(_mm512_movm_epi32(_mm512_cmp_ps_mask::<{ $kind }>($a, $b)))
    };
}

// SAFETY: uses AVX-512F, VL and DQ, which `Avx512` stands for.
unsafe impl Floats for Sixteen {
    const N: usize = 16;
    type F = __m512;
    type I = __m512i;
    #[inline(always)]
    unsafe fn load(p: *const f32) -> __m512 {
        _mm512_loadu_ps(p)
    }
    #[inline(always)]
    unsafe fn store(p: *mut f32, a: __m512) {
        _mm512_storeu_ps(p, a)
    }
    #[inline(always)]
    unsafe fn stream(p: *mut f32, a: __m512) {
        _mm512_stream_ps(p, a)
    }
    #[inline(always)]
    unsafe fn streamed() {
        _mm_sfence()
    }
    #[inline(always)]
    unsafe fn splat(a: f32) -> __m512 {
        _mm512_set1_ps(a)
    }
    #[inline(always)]
    unsafe fn add(a: __m512, b: __m512) -> __m512 {
        _mm512_add_ps(a, b)
    }
    #[inline(always)]
    unsafe fn sub(a: __m512, b: __m512) -> __m512 {
        _mm512_sub_ps(a, b)
    }
    #[inline(always)]
    unsafe fn mul(a: __m512, b: __m512) -> __m512 {
        _mm512_mul_ps(a, b)
    }
    #[inline(always)]
    unsafe fn div(a: __m512, b: __m512) -> __m512 {
        _mm512_div_ps(a, b)
    }
    #[inline(always)]
    unsafe fn sqrt(a: __m512) -> __m512 {
        _mm512_sqrt_ps(a)
    }
    #[inline(always)]
    unsafe fn min(a: __m512, b: __m512) -> __m512 {
        // Of two zeros the instruction gives the second, of a NaN and a number too.
        _mm512_or_ps(_mm512_min_ps(a, b), _mm512_min_ps(b, a))
    }
    #[inline(always)]
    unsafe fn max(a: __m512, b: __m512) -> __m512 {
        let largest = _mm512_and_ps(_mm512_max_ps(a, b), _mm512_max_ps(b, a));
        _mm512_or_ps(largest, compare!(_CMP_UNORD_Q, a, b))
    }
    #[inline(always)]
    unsafe fn nearest(a: __m512) -> __m512 {
        _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a)
    }
    #[inline(always)]
    unsafe fn floor(a: __m512) -> __m512 {
        _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC }>(a)
    }
    #[inline(always)]
    unsafe fn and(a: __m512, b: __m512) -> __m512 {
        _mm512_and_ps(a, b)
    }
    #[inline(always)]
    unsafe fn or(a: __m512, b: __m512) -> __m512 {
        _mm512_or_ps(a, b)
    }
    #[inline(always)]
    unsafe fn xor(a: __m512, b: __m512) -> __m512 {
        _mm512_xor_ps(a, b)
    }
    #[inline(always)]
    unsafe fn lt(a: __m512, b: __m512) -> __m512 {
        compare!(_CMP_LT_OQ, a, b)
    }
    #[inline(always)]
    unsafe fn le(a: __m512, b: __m512) -> __m512 {
        compare!(_CMP_LE_OQ, a, b)
    }
    #[inline(always)]
    unsafe fn eq(a: __m512, b: __m512) -> __m512 {
        compare!(_CMP_EQ_OQ, a, b)
    }
    #[inline(always)]
    unsafe fn ne(a: __m512, b: __m512) -> __m512 {
        compare!(_CMP_NEQ_UQ, a, b)
    }
    #[inline(always)]
    unsafe fn select(mask: __m512, a: __m512, b: __m512) -> __m512 {
        _mm512_mask_blend_ps(_mm512_movepi32_mask(_mm512_castps_si512(mask)), b, a)
    }
    #[inline(always)]
    unsafe fn signs(a: __m512) -> u32 {
        _mm512_movepi32_mask(_mm512_castps_si512(a)) as u32
    }
    #[inline(always)]
    unsafe fn bits(a: __m512) -> __m512i {
        _mm512_castps_si512(a)
    }
    #[inline(always)]
    unsafe fn from_bits(a: __m512i) -> __m512 {
        _mm512_castsi512_ps(a)
    }
    #[inline(always)]
    unsafe fn truncate(a: __m512) -> __m512i {
        _mm512_cvttps_epi32(a)
    }
    #[inline(always)]
    unsafe fn convert(a: __m512i) -> __m512 {
        _mm512_cvtepi32_ps(a)
    }
    #[inline(always)]
    unsafe fn splat_i(a: i32) -> __m512i {
        _mm512_set1_epi32(a)
    }
    #[inline(always)]
    unsafe fn add_i(a: __m512i, b: __m512i) -> __m512i {
        _mm512_add_epi32(a, b)
    }
    #[inline(always)]
    unsafe fn sub_i(a: __m512i, b: __m512i) -> __m512i {
        _mm512_sub_epi32(a, b)
    }
    #[inline(always)]
    unsafe fn and_i(a: __m512i, b: __m512i) -> __m512i {
        _mm512_and_si512(a, b)
    }
    #[inline(always)]
    unsafe fn eq_i(a: __m512i, b: __m512i) -> __m512i {
        _mm512_movm_epi32(_mm512_cmpeq_epi32_mask(a, b))
    }
    #[inline(always)]
    unsafe fn shl<const N: i32>(a: __m512i) -> __m512i {
        // The instruction takes an unsigned count, which `N` cannot be turned into here.
        _mm512_sllv_epi32(a, _mm512_set1_epi32(N))
    }
    #[inline(always)]
    unsafe fn shr<const N: i32>(a: __m512i) -> __m512i {
        _mm512_srav_epi32(a, _mm512_set1_epi32(N))
    }
    #[inline(always)]
    unsafe fn load_part(p: *const f32, count: usize) -> __m512 {
        _mm512_maskz_loadu_ps(first(count), p)
    }
    #[inline(always)]
    unsafe fn store_part(p: *mut f32, a: __m512, count: usize) {
        _mm512_mask_storeu_ps(p, first(count), a)
    }
    #[inline(always)]
    unsafe fn load_halves(low: *const f32, high: *const f32) -> __m512 {
        let low = _mm512_castps256_ps512(_mm256_loadu_ps(low));
        _mm512_insertf32x8::<1>(low, _mm256_loadu_ps(high))
    }
}

/// The mask of the first `count` lanes, at most all.
#[inline(always)]
fn first(count: usize) -> u16 {
    if count >= 16 { u16::MAX } else { (1 << count) - 1 }
}

/// See `Lanes::narrow`.
#[target_feature(enable = "avx512f,avx512vpopcntdq")]
pub unsafe fn narrow<const W: usize>(rows: &[*const u8; 8], weights: *const u8, words: usize) -> [[u16; W]; 8] {
    let mut sums = [[_mm512_setzero_si512(); 2]; 8];
    for k in 0..words {
        let mut w = [_mm512_setzero_si512(); 2];
        for q in 0..W / 16 {
            w[q] = _mm512_loadu_si512(weights.add(4 * (k * W + 16 * q)) as *const __m512i);
        }
        for r in 0..8 {
            let a = _mm512_set1_epi32((rows[r] as *const i32).add(k).read_unaligned());
            for q in 0..W / 16 {
                sums[r][q] = _mm512_add_epi32(sums[r][q], _mm512_popcnt_epi32(_mm512_xor_si512(a, w[q])));
            }
        }
    }
    let mut counts = [[0u16; W]; 8];
    for r in 0..8 {
        for q in 0..W / 16 {
            _mm256_storeu_si256(counts[r].as_mut_ptr().add(16 * q) as *mut __m256i, _mm512_cvtepi32_epi16(sums[r][q]));
        }
    }
    counts
}

/// See `Lanes::negative_bytes`.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub unsafe fn negative_bytes(x: *const f32, to: *mut u8) {
    let below = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(_mm512_loadu_ps(x), _mm512_setzero_ps());
    _mm_storeu_si128(to as *mut __m128i, _mm_and_si128(_mm_movm_epi8(below), _mm_set1_epi8(8)));
}
