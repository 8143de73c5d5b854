//! Functions of float32 lanes, step by step those of backend-wasm's assembly/training/math.ts, where methods and errors are told.
use super::lanes::{Floats, MOST};

/// 2^n for integers from -126 to 127.
#[inline(always)]
unsafe fn power2<I: Floats>(n: I::I) -> I::F {
    I::from_bits(I::shl::<23>(I::add_i(n, I::splat_i(127))))
}

/// e^x.
#[inline(always)]
pub unsafe fn exp<I: Floats>(x: I::F) -> I::F {
    let clamped = I::min(I::max(x, I::splat(-105.0)), I::splat(90.0));
    let n = I::nearest(I::mul(clamped, I::splat(1.442_695_04)));
    let mut r = I::mul_add(n, I::splat(-0.693_359_375), clamped);
    r = I::mul_add(n, I::splat(2.121_944_4e-4), r);
    let mut p = I::mul_add(I::splat(1.987_569_15e-4), r, I::splat(1.398_199_950_7e-3));
    for c in [8.333_451_907_3e-3, 4.166_579_589_4e-2, 1.666_666_545_9e-1, 5.000_000_120_1e-1] {
        p = I::mul_add(p, r, I::splat(c));
    }
    p = I::add(I::mul_add(p, I::mul(r, r), r), I::splat(1.0));
    let k = I::truncate(n);
    let half = I::shr::<1>(k);
    let y = I::mul(I::mul(p, power2::<I>(half)), power2::<I>(I::sub_i(k, half)));
    I::select(I::eq(x, x), y, x)
}

/// The natural logarithm.
#[inline(always)]
pub unsafe fn log<I: Floats>(x: I::F) -> I::F {
    let tiny = I::lt(x, I::splat(1.175_494_35e-38));
    let scaled = I::select(tiny, I::mul(x, I::splat(8_388_608.0)), x);
    let mut e = I::sub_i(I::shr::<23>(I::bits(scaled)), I::splat_i(126));
    e = I::sub_i(e, I::and_i(I::bits(tiny), I::splat_i(23)));
    let mut m = I::or(I::and(scaled, I::from_bits(I::splat_i(0x007f_ffff))), I::splat(0.5));
    let low = I::lt(m, I::splat(0.707_106_781));
    e = I::add_i(e, I::bits(low));
    m = I::sub(I::add(m, I::and(low, m)), I::splat(1.0));
    let z = I::mul(m, m);
    let mut p = I::mul_add(I::splat(7.037_683_629_2e-2), m, I::splat(-1.151_461_031e-1));
    for c in [
        1.167_699_874e-1,
        -1.242_014_084_6e-1,
        1.424_932_278_7e-1,
        -1.666_805_766_5e-1,
        2.000_071_476_5e-1,
        -2.499_999_399_3e-1,
        3.333_333_117_4e-1,
    ] {
        p = I::mul_add(p, m, I::splat(c));
    }
    let f = I::convert(e);
    let mut y = I::mul(I::mul(p, m), z);
    y = I::mul_add(f, I::splat(-2.121_944_4e-4), y);
    y = I::mul_add(z, I::splat(-0.5), y);
    y = I::mul_add(f, I::splat(0.693_359_375), I::add(m, y));
    y = I::select(I::eq(x, I::splat(0.0)), I::splat(f32::NEG_INFINITY), y);
    y = I::select(I::le(I::splat(0.0), x), y, I::splat(f32::NAN));
    I::select(I::eq(x, I::splat(f32::INFINITY)), I::splat(f32::INFINITY), y)
}

/// The hyperbolic tangent.
#[inline(always)]
pub unsafe fn tanh<I: Floats>(x: I::F) -> I::F {
    let (a, z) = (I::abs(x), I::mul(x, x));
    let mut p = I::mul_add(I::splat(-5.704_988_727_45e-3), z, I::splat(2.063_908_879_54e-2));
    for c in [-5.373_971_555_31e-2, 1.333_144_220_36e-1, -3.333_328_194_22e-1] {
        p = I::mul_add(p, z, I::splat(c));
    }
    let small = I::mul_add(I::mul(p, z), x, x);
    let e = exp::<I>(I::add(a, a));
    let large = I::sub(I::splat(1.0), I::div(I::splat(2.0), I::add(e, I::splat(1.0))));
    let signed = I::or(large, I::and(x, I::splat(-0.0)));
    I::select(I::lt(a, I::splat(0.625)), small, signed)
}

/// 1 / (1 + e^-x).
#[inline(always)]
pub unsafe fn sigmoid<I: Floats>(x: I::F) -> I::F {
    I::div(I::splat(1.0), I::add(I::splat(1.0), exp::<I>(I::neg(x))))
}

/// sin(x + quarter pi / 2). As there, four lanes are reduced in float64 where one of them is above 2048 or NaN.
#[inline(always)]
pub unsafe fn sin<I: Floats>(x: I::F, quarter: i32) -> I::F {
    let turns = I::nearest(I::mul(x, I::splat(0.636_619_772_367_581_4)));
    let mut r = I::sub(x, I::mul(turns, I::splat(1.570_312_5)));
    r = I::sub(r, I::mul(turns, I::splat(4.837_512_969_970_703e-4)));
    r = I::sub(r, I::mul(turns, I::splat(7.549_789_948_768_648e-8)));
    let near = I::signs(I::le(I::abs(x), I::splat(2048.0)));
    if near == u32::MAX >> (32 - I::N) {
        return sine_of::<I>(r, I::add_i(I::truncate(turns), I::splat_i(quarter)));
    }
    let (mut xs, mut rs, mut qs) = ([0.0f32; MOST], [0.0f32; MOST], [0.0f32; MOST]);
    I::store(xs.as_mut_ptr(), x);
    I::store(rs.as_mut_ptr(), r);
    I::store(qs.as_mut_ptr(), I::from_bits(I::truncate(turns)));
    for i in 0..I::N {
        if near >> (i & !3) & 15 != 15 {
            let x = xs[i] as f64;
            let n = (x * 0.636_619_772_367_581_4).round_ties_even();
            rs[i] = (x - n * 1.570_796_326_734_125_6 - n * 6.077_100_506_506_192e-11) as f32;
            qs[i] = f32::from_bits(n as i32 as u32);
        }
    }
    let q = I::bits(I::load(qs.as_ptr()));
    sine_of::<I>(I::load(rs.as_ptr()), I::add_i(q, I::splat_i(quarter)))
}

/// sin(r + q pi / 2) for |r| <= pi / 4.
#[inline(always)]
unsafe fn sine_of<I: Floats>(r: I::F, q: I::I) -> I::F {
    let z = I::mul(r, r);
    let mut s = I::mul_add(I::splat(-1.951_529_589_1e-4), z, I::splat(8.332_160_873_6e-3));
    s = I::mul_add(s, z, I::splat(-1.666_665_461_1e-1));
    s = I::mul_add(I::mul(s, z), r, r);
    let mut c = I::mul_add(I::splat(2.443_315_711_809_948e-5), z, I::splat(-1.388_731_625_493_765e-3));
    c = I::mul_add(c, z, I::splat(4.166_664_568_298_827e-2));
    c = I::mul_add(I::mul(c, z), z, I::mul_add(z, I::splat(-0.5), I::splat(1.0)));
    let even = I::from_bits(I::eq_i(I::and_i(q, I::splat_i(1)), I::splat_i(0)));
    let y = I::select(even, s, c);
    I::xor(y, I::from_bits(I::shl::<30>(I::and_i(q, I::splat_i(2)))))
}

/// sin(m t) / sin(t) for |t| <= pi / 2, and its limit m at 0.
#[inline(always)]
pub unsafe fn dirichlet<I: Floats>(angle: I::F, m: I::F) -> I::F {
    let t = I::max(I::abs(angle), I::splat(1e-5));
    let z = I::mul(t, t);
    let mut p = I::mul_add(I::splat(2.605_780_537_123_792e-6), z, I::splat(-1.980_960_223_590_955_1e-4));
    p = I::mul_add(p, z, I::splat(8.333_066_478_371_62e-3));
    p = I::mul_add(p, z, I::splat(-0.166_666_597_127_914_43));
    I::div(sin::<I>(I::mul(t, m), 0), I::mul_add(I::mul(p, z), t, t))
}
