// Rendered by scripts/render-rust.ts; do not edit.
// Parentheses as the trees have them: each node is rounded to float32.
#![allow(unused_parens, clippy::excessive_precision)]
use crate::exp::exp;

#[inline(always)]
pub fn affine(x: f32, scale: f32, bias: f32) -> f32 {
    ((x * scale) + bias)
}

#[inline(always)]
pub fn prelu(x: f32, before: f32, slope: f32, after: f32) -> f32 {
    let v0 = (x + before);
    ((if v0 >= 0.0_f32 { v0 } else { (v0 * slope) }) + after)
}

#[inline(always)]
pub fn clamp(x: f32, min: f32, max: f32) -> f32 {
    (if x < min { min } else { (if x > max { max } else { x }) })
}

#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    let v0 = exp((-x.abs()));
    ((if x >= 0.0_f32 { 1.0_f32 } else { v0 }) / (1.0_f32 + v0))
}

#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    let v0 = exp((-2.0_f32 * x.abs()));
    let v1 = ((1.0_f32 - v0) / (1.0_f32 + v0));
    (if x < 0.0_f32 { (-v1) } else { v1 })
}

#[inline(always)]
pub fn gelu(x: f32) -> f32 {
    let v0 = (x * 0.7071067690849304_f32);
    let v1 = v0.abs();
    let v2 = (1.0_f32 / (1.0_f32 + (0.32759109139442444_f32 * v1)));
    let v3 = (1.0_f32 - ((((((((((1.0614054203033447_f32 * v2) + -1.453152060508728_f32) * v2) + 1.421413779258728_f32) * v2) + -0.2844967246055603_f32) * v2) + 0.2548295855522156_f32) * v2) * exp((-(v1 * v1)))));
    ((0.5_f32 * x) * (1.0_f32 + (if v0 < 0.0_f32 { (-v3) } else { v3 })))
}
