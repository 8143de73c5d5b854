//! Eight lanes by AVX2; of AVX-512 they are what is not worth sixteen.
use super::avx512::{self, Sixteen};
use super::{Floats, Lanes};
use crate::isa::avx2::{table_of, Avx2};
use crate::isa::avx512::Avx512;
use std::arch::x86_64::*;

macro_rules! avx2 {
    ($isa:ty, $wide:ty, $($more:tt)*) => {
        // SAFETY: uses AVX2 alone, which both sets have.
        unsafe impl Floats for $isa {
            const N: usize = 8;
            type F = __m256;
            type I = __m256i;
            #[inline(always)]
            unsafe fn load(p: *const f32) -> __m256 {
                _mm256_loadu_ps(p)
            }
            #[inline(always)]
            unsafe fn store(p: *mut f32, a: __m256) {
                _mm256_storeu_ps(p, a)
            }
            #[inline(always)]
            unsafe fn stream(p: *mut f32, a: __m256) {
                _mm256_stream_ps(p, a)
            }
            #[inline(always)]
            unsafe fn streamed() {
                _mm_sfence()
            }
            #[inline(always)]
            unsafe fn splat(a: f32) -> __m256 {
                _mm256_set1_ps(a)
            }
            #[inline(always)]
            unsafe fn add(a: __m256, b: __m256) -> __m256 {
                _mm256_add_ps(a, b)
            }
            #[inline(always)]
            unsafe fn sub(a: __m256, b: __m256) -> __m256 {
                _mm256_sub_ps(a, b)
            }
            #[inline(always)]
            unsafe fn mul(a: __m256, b: __m256) -> __m256 {
                _mm256_mul_ps(a, b)
            }
            #[inline(always)]
            unsafe fn div(a: __m256, b: __m256) -> __m256 {
                _mm256_div_ps(a, b)
            }
            #[inline(always)]
            unsafe fn sqrt(a: __m256) -> __m256 {
                _mm256_sqrt_ps(a)
            }
            #[inline(always)]
            unsafe fn min(a: __m256, b: __m256) -> __m256 {
                // Of two zeros the instruction gives the second, of a NaN and a number too.
                _mm256_or_ps(_mm256_min_ps(a, b), _mm256_min_ps(b, a))
            }
            #[inline(always)]
            unsafe fn max(a: __m256, b: __m256) -> __m256 {
                let largest = _mm256_and_ps(_mm256_max_ps(a, b), _mm256_max_ps(b, a));
                _mm256_or_ps(largest, _mm256_cmp_ps::<_CMP_UNORD_Q>(a, b))
            }
            #[inline(always)]
            unsafe fn nearest(a: __m256) -> __m256 {
                _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a)
            }
            #[inline(always)]
            unsafe fn floor(a: __m256) -> __m256 {
                _mm256_floor_ps(a)
            }
            #[inline(always)]
            unsafe fn and(a: __m256, b: __m256) -> __m256 {
                _mm256_and_ps(a, b)
            }
            #[inline(always)]
            unsafe fn or(a: __m256, b: __m256) -> __m256 {
                _mm256_or_ps(a, b)
            }
            #[inline(always)]
            unsafe fn xor(a: __m256, b: __m256) -> __m256 {
                _mm256_xor_ps(a, b)
            }
            #[inline(always)]
            unsafe fn lt(a: __m256, b: __m256) -> __m256 {
                _mm256_cmp_ps::<_CMP_LT_OQ>(a, b)
            }
            #[inline(always)]
            unsafe fn le(a: __m256, b: __m256) -> __m256 {
                _mm256_cmp_ps::<_CMP_LE_OQ>(a, b)
            }
            #[inline(always)]
            unsafe fn eq(a: __m256, b: __m256) -> __m256 {
                _mm256_cmp_ps::<_CMP_EQ_OQ>(a, b)
            }
            #[inline(always)]
            unsafe fn ne(a: __m256, b: __m256) -> __m256 {
                _mm256_cmp_ps::<_CMP_NEQ_UQ>(a, b)
            }
            #[inline(always)]
            unsafe fn select(mask: __m256, a: __m256, b: __m256) -> __m256 {
                _mm256_blendv_ps(b, a, mask)
            }
            #[inline(always)]
            unsafe fn signs(a: __m256) -> u32 {
                _mm256_movemask_ps(a) as u32
            }
            #[inline(always)]
            unsafe fn bits(a: __m256) -> __m256i {
                _mm256_castps_si256(a)
            }
            #[inline(always)]
            unsafe fn from_bits(a: __m256i) -> __m256 {
                _mm256_castsi256_ps(a)
            }
            #[inline(always)]
            unsafe fn truncate(a: __m256) -> __m256i {
                _mm256_cvttps_epi32(a)
            }
            #[inline(always)]
            unsafe fn convert(a: __m256i) -> __m256 {
                _mm256_cvtepi32_ps(a)
            }
            #[inline(always)]
            unsafe fn splat_i(a: i32) -> __m256i {
                _mm256_set1_epi32(a)
            }
            #[inline(always)]
            unsafe fn add_i(a: __m256i, b: __m256i) -> __m256i {
                _mm256_add_epi32(a, b)
            }
            #[inline(always)]
            unsafe fn sub_i(a: __m256i, b: __m256i) -> __m256i {
                _mm256_sub_epi32(a, b)
            }
            #[inline(always)]
            unsafe fn and_i(a: __m256i, b: __m256i) -> __m256i {
                _mm256_and_si256(a, b)
            }
            #[inline(always)]
            unsafe fn eq_i(a: __m256i, b: __m256i) -> __m256i {
                _mm256_cmpeq_epi32(a, b)
            }
            #[inline(always)]
            unsafe fn shl<const N: i32>(a: __m256i) -> __m256i {
                _mm256_slli_epi32::<N>(a)
            }
            #[inline(always)]
            unsafe fn shr<const N: i32>(a: __m256i) -> __m256i {
                _mm256_srai_epi32::<N>(a)
            }
        }

        // SAFETY: as above.
        unsafe impl Lanes for $isa {
            type Wide = $wide;
            $($more)*
            #[inline(always)]
            unsafe fn transpose4(from: &[*const f32; 8]) -> [__m256; 4] {
                let mut r = [_mm256_setzero_ps(); 4];
                for j in 0..4 {
                    let low = _mm256_castps128_ps256(_mm_loadu_ps(from[j]));
                    r[j] = _mm256_insertf128_ps::<1>(low, _mm_loadu_ps(from[j + 4]));
                }
                let (a, b) = (_mm256_unpacklo_ps(r[0], r[1]), _mm256_unpacklo_ps(r[2], r[3]));
                let (c, d) = (_mm256_unpackhi_ps(r[0], r[1]), _mm256_unpackhi_ps(r[2], r[3]));
                [
                    _mm256_shuffle_ps::<0x44>(a, b),
                    _mm256_shuffle_ps::<0xee>(a, b),
                    _mm256_shuffle_ps::<0x44>(c, d),
                    _mm256_shuffle_ps::<0xee>(c, d),
                ]
            }
            #[inline(always)]
            unsafe fn transpose8(v: [__m256; 8]) -> [__m256; 8] {
                let mut t = v;
                for i in 0..4 {
                    t[2 * i] = _mm256_unpacklo_ps(v[2 * i], v[2 * i + 1]);
                    t[2 * i + 1] = _mm256_unpackhi_ps(v[2 * i], v[2 * i + 1]);
                }
                let mut u = t;
                for i in 0..2 {
                    let (a, b, c, d) = (t[4 * i], t[4 * i + 1], t[4 * i + 2], t[4 * i + 3]);
                    u[4 * i] = _mm256_shuffle_ps::<0x44>(a, c);
                    u[4 * i + 1] = _mm256_shuffle_ps::<0xee>(a, c);
                    u[4 * i + 2] = _mm256_shuffle_ps::<0x44>(b, d);
                    u[4 * i + 3] = _mm256_shuffle_ps::<0xee>(b, d);
                }
                let mut all = u;
                for i in 0..4 {
                    all[i] = _mm256_permute2f128_ps::<0x20>(u[i], u[i + 4]);
                    all[i + 4] = _mm256_permute2f128_ps::<0x31>(u[i], u[i + 4]);
                }
                all
            }
            #[inline(always)]
            unsafe fn picks(pixels: &[*const u8; 32], offset: isize, picks: *mut u8) {
                picks_sse(pixels, offset, picks)
            }
        }
    };
}
avx2!(Avx2, Avx2,
    #[inline(always)]
    unsafe fn narrow<const W: usize>(rows: &[*const u8; 8], weights: *const u8, words: usize) -> [[u16; W]; 8] {
        narrow_avx2(rows, weights, 8 * words)
    }
);
avx2!(Avx512, Sixteen,
    const BLOCKS: usize = 2;
    #[inline(always)]
    unsafe fn narrow<const W: usize>(rows: &[*const u8; 8], weights: *const u8, words: usize) -> [[u16; W]; 8] {
        avx512::narrow(rows, weights, words)
    }
    #[inline(always)]
    unsafe fn negative_bytes(x: *const f32, to: *mut u8) {
        avx512::negative_bytes(x, to)
    }
);

/// Steps of at most 4 levels whose counts fit in a byte.
const RUN: usize = 63;

#[target_feature(enable = "avx2")]
unsafe fn narrow_avx2<const W: usize>(rows: &[*const u8; 8], weights: *const u8, steps: usize) -> [[u16; W]; 8] {
    let mut counts = [[0u16; W]; 8];
    // With 16 channels a vector has those of two rows.
    let vectors = if W == 32 { 8 } else { 4 };
    for start in (0..steps).step_by(RUN) {
        let mut sums = [_mm256_setzero_si256(); 8];
        for k in start..steps.min(start + RUN) {
            let w = match W {
                32 => _mm256_loadu_si256(weights.add(32 * k) as *const __m256i),
                _ => _mm256_broadcastsi128_si256(_mm_loadu_si128(weights.add(16 * k) as *const __m128i)),
            };
            for r in 0..vectors {
                let table = match W {
                    32 => _mm256_broadcastsi128_si256(table_of(*rows[r].add(k))),
                    _ => {
                        let low = _mm256_castsi128_si256(table_of(*rows[2 * r].add(k)));
                        _mm256_inserti128_si256::<1>(low, table_of(*rows[2 * r + 1].add(k)))
                    }
                };
                sums[r] = _mm256_add_epi8(sums[r], _mm256_shuffle_epi8(table, w));
            }
        }
        for r in 0..vectors {
            let mut bytes = [0u8; 32];
            _mm256_storeu_si256(bytes.as_mut_ptr() as *mut __m256i, sums[r]);
            for c in 0..32 {
                counts[(32 / W) * r + c / W][c % W] += bytes[c] as u16;
            }
        }
    }
    counts
}

#[target_feature(enable = "avx2")]
unsafe fn picks_sse(pixels: &[*const u8; 32], offset: isize, picks: *mut u8) {
    let mut g = [_mm_setzero_si128(); 8];
    for k in 0..8 {
        let pixel = |j: usize| _mm_loadu_si128(pixels[4 * k + j].offset(offset) as *const __m128i);
        let low = _mm_or_si128(pixel(0), _mm_slli_epi16::<1>(pixel(1)));
        let high = _mm_or_si128(_mm_slli_epi16::<2>(pixel(2)), _mm_slli_epi16::<3>(pixel(3)));
        g[k] = _mm_or_si128(low, high);
    }
    // 8 rows of 16 bytes to 16 of 8.
    for half in 0..2 {
        let bytes = |a: usize| match half {
            0 => _mm_unpacklo_epi8(g[a], g[a + 1]),
            _ => _mm_unpackhi_epi8(g[a], g[a + 1]),
        };
        let (a, b, c, d) = (bytes(0), bytes(2), bytes(4), bytes(6));
        let to = picks.add(64 * half) as *mut __m128i;
        let (low, high) = (_mm_unpacklo_epi16(a, b), _mm_unpacklo_epi16(c, d));
        _mm_storeu_si128(to, _mm_unpacklo_epi32(low, high));
        _mm_storeu_si128(to.add(1), _mm_unpackhi_epi32(low, high));
        let (low, high) = (_mm_unpackhi_epi16(a, b), _mm_unpackhi_epi16(c, d));
        _mm_storeu_si128(to.add(2), _mm_unpacklo_epi32(low, high));
        _mm_storeu_si128(to.add(3), _mm_unpackhi_epi32(low, high));
    }
}
