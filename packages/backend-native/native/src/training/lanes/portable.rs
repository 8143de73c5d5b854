//! Vectors in plain Rust, which compilers make of what the target has.
use super::{Floats, Lanes};
use crate::isa::{Portable, PortableBytes};

#[derive(Clone, Copy)]
#[repr(C, align(32))]
pub struct Eight<T>([T; 8]);

#[inline(always)]
fn one<T: Copy, U>(a: Eight<T>, f: impl Fn(T) -> U) -> Eight<U> {
    Eight(a.0.map(f))
}

#[inline(always)]
fn two<T: Copy, U>(a: Eight<T>, b: Eight<T>, f: impl Fn(T, T) -> U) -> Eight<U> {
    Eight(std::array::from_fn(|i| f(a.0[i], b.0[i])))
}

#[inline(always)]
fn mask(holds: bool) -> f32 {
    f32::from_bits(if holds { u32::MAX } else { 0 })
}

#[inline(always)]
fn bitwise(a: Eight<f32>, b: Eight<f32>, f: impl Fn(u32, u32) -> u32) -> Eight<f32> {
    two(a, b, |a, b| f32::from_bits(f(a.to_bits(), b.to_bits())))
}

fn minimum(a: f32, b: f32) -> f32 {
    match (a < b, a > b, a == b) {
        (true, _, _) => a,
        (_, true, _) => b,
        (_, _, true) => f32::from_bits(a.to_bits() | b.to_bits()),
        _ => f32::NAN,
    }
}

macro_rules! portable {
    ($isa:ty) => {
        // SAFETY: nothing beyond the baseline of the target.
        unsafe impl Floats for $isa {
            const N: usize = 8;
            type F = Eight<f32>;
            type I = Eight<i32>;
            #[inline(always)]
            unsafe fn load(p: *const f32) -> Self::F {
                (p as *const Self::F).read_unaligned()
            }
            #[inline(always)]
            unsafe fn store(p: *mut f32, a: Self::F) {
                (p as *mut Self::F).write_unaligned(a)
            }
            #[inline(always)]
            unsafe fn splat(a: f32) -> Self::F {
                Eight([a; 8])
            }
            #[inline(always)]
            unsafe fn add(a: Self::F, b: Self::F) -> Self::F {
                two(a, b, |a, b| a + b)
            }
            #[inline(always)]
            unsafe fn sub(a: Self::F, b: Self::F) -> Self::F {
                two(a, b, |a, b| a - b)
            }
            #[inline(always)]
            unsafe fn mul(a: Self::F, b: Self::F) -> Self::F {
                two(a, b, |a, b| a * b)
            }
            #[inline(always)]
            unsafe fn div(a: Self::F, b: Self::F) -> Self::F {
                two(a, b, |a, b| a / b)
            }
            #[inline(always)]
            unsafe fn sqrt(a: Self::F) -> Self::F {
                one(a, f32::sqrt)
            }
            #[inline(always)]
            unsafe fn min(a: Self::F, b: Self::F) -> Self::F {
                two(a, b, minimum)
            }
            #[inline(always)]
            unsafe fn max(a: Self::F, b: Self::F) -> Self::F {
                two(a, b, |a, b| -minimum(-a, -b))
            }
            #[inline(always)]
            unsafe fn nearest(a: Self::F) -> Self::F {
                one(a, f32::round_ties_even)
            }
            #[inline(always)]
            unsafe fn floor(a: Self::F) -> Self::F {
                one(a, f32::floor)
            }
            #[inline(always)]
            unsafe fn and(a: Self::F, b: Self::F) -> Self::F {
                bitwise(a, b, |a, b| a & b)
            }
            #[inline(always)]
            unsafe fn or(a: Self::F, b: Self::F) -> Self::F {
                bitwise(a, b, |a, b| a | b)
            }
            #[inline(always)]
            unsafe fn xor(a: Self::F, b: Self::F) -> Self::F {
                bitwise(a, b, |a, b| a ^ b)
            }
            #[inline(always)]
            unsafe fn lt(a: Self::F, b: Self::F) -> Self::F {
                two(a, b, |a, b| mask(a < b))
            }
            #[inline(always)]
            unsafe fn le(a: Self::F, b: Self::F) -> Self::F {
                two(a, b, |a, b| mask(a <= b))
            }
            #[inline(always)]
            unsafe fn eq(a: Self::F, b: Self::F) -> Self::F {
                two(a, b, |a, b| mask(a == b))
            }
            #[inline(always)]
            unsafe fn ne(a: Self::F, b: Self::F) -> Self::F {
                two(a, b, |a, b| mask(a != b))
            }
            #[inline(always)]
            unsafe fn select(mask: Self::F, a: Self::F, b: Self::F) -> Self::F {
                Eight(std::array::from_fn(|i| if mask.0[i].to_bits() != 0 { a.0[i] } else { b.0[i] }))
            }
            #[inline(always)]
            unsafe fn signs(a: Self::F) -> u32 {
                (0..8).fold(0, |bits, i| bits | ((a.0[i].to_bits() >> 31) << i))
            }
            #[inline(always)]
            unsafe fn bits(a: Self::F) -> Self::I {
                one(a, |a| a.to_bits() as i32)
            }
            #[inline(always)]
            unsafe fn from_bits(a: Self::I) -> Self::F {
                one(a, |a| f32::from_bits(a as u32))
            }
            #[inline(always)]
            unsafe fn truncate(a: Self::F) -> Self::I {
                one(a, |a| a as i32)
            }
            #[inline(always)]
            unsafe fn convert(a: Self::I) -> Self::F {
                one(a, |a| a as f32)
            }
            #[inline(always)]
            unsafe fn splat_i(a: i32) -> Self::I {
                Eight([a; 8])
            }
            #[inline(always)]
            unsafe fn add_i(a: Self::I, b: Self::I) -> Self::I {
                two(a, b, i32::wrapping_add)
            }
            #[inline(always)]
            unsafe fn sub_i(a: Self::I, b: Self::I) -> Self::I {
                two(a, b, i32::wrapping_sub)
            }
            #[inline(always)]
            unsafe fn and_i(a: Self::I, b: Self::I) -> Self::I {
                two(a, b, |a, b| a & b)
            }
            #[inline(always)]
            unsafe fn eq_i(a: Self::I, b: Self::I) -> Self::I {
                two(a, b, |a, b| -((a == b) as i32))
            }
            #[inline(always)]
            unsafe fn shl<const N: i32>(a: Self::I) -> Self::I {
                one(a, |a| a << N)
            }
            #[inline(always)]
            unsafe fn shr<const N: i32>(a: Self::I) -> Self::I {
                one(a, |a| a >> N)
            }
        }

        // SAFETY: as above.
        unsafe impl Lanes for $isa {
            type Wide = Self;
        }
    };
}

portable!(Portable);
portable!(PortableBytes);
#[cfg(target_arch = "aarch64")]
portable!(crate::isa::Neon);
