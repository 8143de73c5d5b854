//! The exponential, in the float32 steps that packages/bits/src/expression/exp32.ts states. Rust never fuses a product and a
//! sum, so each operation here is one rounding.

/// 2^n for -126 <= n <= 127; any bits beyond, where the result is not used.
#[inline(always)]
fn power(n: i32) -> f32 {
    f32::from_bits((n.wrapping_add(127) as u32) << 23)
}

#[inline(always)]
pub fn exp(x: f32) -> f32 {
    // Above 2^23 a float32 has no fraction: adding 1.5 * 2^23 rounds, and its low bits are the integer.
    const ROUND: f32 = 12582912.0;
    let rounded = x * 1.4426950408889634_f32 + ROUND;
    let n = rounded - ROUND;
    let whole = (rounded.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32);
    let r = (x - n * 0.693145751953125_f32) - n * 1.4286068203e-6_f32;
    let mut p = (1.0 / 5040.0) as f32;
    p = p * r + (1.0 / 720.0) as f32;
    p = p * r + (1.0 / 120.0) as f32;
    p = p * r + (1.0 / 24.0) as f32;
    p = p * r + (1.0 / 6.0) as f32;
    p = p * r + 0.5;
    p = p * r + 1.0;
    p = p * r + 1.0;
    let half = whole >> 1;
    let y = (p * power(half)) * power(whole.wrapping_sub(half));
    if x > 88.72283_f32 {
        f32::INFINITY
    } else if x < -87.33654_f32 {
        0.0
    } else {
        y
    }
}
