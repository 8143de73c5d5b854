//! Max and average pooling and their gradients, NHWC; rules as in backend-wasm's assembly/training/pool.ts.
use super::call::Elementary;
use super::calls::{AvgPool, AvgPoolGrad, MaxPool, MaxPoolGrad};
use super::heap::{expect, product, Checked, Heap};
use super::lanes::Floats;

/// Sizes of images, windows and outputs.
#[derive(Clone, Copy)]
struct Geometry {
    n0: isize,
    n1: isize,
    h: isize,
    w: isize,
    c: isize,
    oh: isize,
    ow: isize,
    kh: isize,
    kw: isize,
    sh: isize,
    sw: isize,
    dh: isize,
    dw: isize,
    top: isize,
    left: isize,
}

/// A window inside the image: rows and columns, from, to, and the step between them.
#[derive(Clone, Copy)]
struct Window {
    y: (isize, isize, usize),
    z: (isize, isize, usize),
}

/// The positions of a window along an axis that are inside the image.
#[inline(always)]
fn inside(start: isize, taps: isize, dilation: isize, size: isize) -> (isize, isize, usize) {
    let first = if start >= 0 { start } else { start + (-start + dilation - 1) / dilation * dilation };
    (first, size.min(start + taps * dilation), dilation as usize)
}

macro_rules! geometry {
    ($call:expr, $dh:expr, $dw:expr) => {
        Geometry {
            n0: $call.n0, n1: $call.n1, h: $call.h, w: $call.w, c: $call.c, oh: $call.oh, ow: $call.ow,
            kh: $call.kh, kw: $call.kw, sh: $call.sh, sw: $call.sw, dh: $dh, dw: $dw, top: $call.top, left: $call.left,
        }
    };
}

impl Geometry {
    /// Numbers of the images, and of the outputs.
    fn sizes(&self) -> Checked<(isize, isize)> {
        let small = [self.kh, self.kw, self.sh, self.sw, self.dh, self.dw];
        expect(small.iter().all(|size| (1..1 << 20).contains(size)), "pool: window, strides or dilations")?;
        let near = [self.top, self.left].iter().all(|border| border.abs() < 1 << 20);
        expect(near && 0 <= self.n0 && self.n0 <= self.n1, "pool: padding or range")?;
        Ok((product(&[self.n1, self.h, self.w, self.c])?, product(&[self.n1, self.oh, self.ow, self.c])?))
    }

    #[inline(always)]
    fn window(&self, y: isize, z: isize) -> Window {
        Window {
            y: inside(y * self.sh - self.top, self.kh, self.dh, self.h),
            z: inside(z * self.sw - self.left, self.kw, self.dw, self.w),
        }
    }

    fn image(&self) -> isize {
        self.h * self.w * self.c
    }

    /// Where a position is in its image.
    #[inline(always)]
    fn at(&self, a: isize, b: isize) -> isize {
        (a * self.w + b) * self.c
    }
}

/// Calls `$body` with each position of a window as `$at`.
macro_rules! positions {
    ($g:expr, $window:expr, |$at:ident| $body:expr) => {{
        let mut a = $window.y.0;
        while a < $window.y.1 {
            let mut b = $window.z.0;
            while b < $window.z.1 {
                let $at = $g.at(a, b);
                $body;
                b += $window.z.2 as isize;
            }
            a += $window.y.2 as isize;
        }
    }};
}

/// Calls `$body` with each output: the number of its image, its window, and the index of its first number.
macro_rules! outputs {
    ($g:expr, |$n:ident, $window:ident, $out:ident| $body:expr) => {{
        for $n in $g.n0..$g.n1 {
            for y in 0..$g.oh {
                for z in 0..$g.ow {
                    let $window = $g.window(y, z);
                    let $out = (($n * $g.oh + y) * $g.ow + z) * $g.c;
                    $body;
                }
            }
        }
    }};
}

impl Elementary for MaxPool {
    #[inline(always)]
    unsafe fn run<V: Floats>(self, heap: &Heap) -> Checked<f64> {
        let g = geometry!(self, 1, 1);
        let (all, outs) = g.sizes()?;
        let (x, out) = (heap.at::<f32>("x", self.x, all)?, heap.at::<f32>("out", self.out, outs)?);
        outputs!(g, |n, window, to| {
            for i in (0..g.c).step_by(V::N) {
                let left = (g.c - i) as usize;
                let from = x.offset(n * g.image() + i);
                let mut best = V::splat(f32::NEG_INFINITY);
                positions!(g, window, |at| best = V::max(best, V::load_part(from.offset(at), left)));
                V::store_part(out.offset(to + i), best, left);
            }
        });
        Ok(0.0)
    }
}

impl Elementary for AvgPool {
    #[inline(always)]
    unsafe fn run<V: Floats>(self, heap: &Heap) -> Checked<f64> {
        let g = geometry!(self, 1, 1);
        let (all, outs) = g.sizes()?;
        let (x, out) = (heap.at::<f32>("x", self.x, all)?, heap.at::<f32>("out", self.out, outs)?);
        outputs!(g, |n, window, to| {
            let count = V::splat(((window.y.1 - window.y.0) * (window.z.1 - window.z.0)) as f32);
            for i in (0..g.c).step_by(V::N) {
                let left = (g.c - i) as usize;
                let from = x.offset(n * g.image() + i);
                let mut sum = V::splat(0.0);
                positions!(g, window, |at| sum = V::add(sum, V::load_part(from.offset(at), left)));
                V::store_part(out.offset(to + i), V::div(sum, count), left);
            }
        });
        Ok(0.0)
    }
}

impl Elementary for AvgPoolGrad {
    #[inline(always)]
    unsafe fn run<V: Floats>(self, heap: &Heap) -> Checked<f64> {
        let g = geometry!(self, 1, 1);
        let (all, outs) = g.sizes()?;
        let (dy, dx) = (heap.at::<f32>("dy", self.dy, outs)?, heap.at::<f32>("dx", self.dx, all)?);
        dx.offset(g.n0 * g.image()).write_bytes(0, ((g.n1 - g.n0) * g.image()) as usize);
        outputs!(g, |n, window, from| {
            let scale = V::splat(1.0 / ((window.y.1 - window.y.0) * (window.z.1 - window.z.0)) as f32);
            for i in (0..g.c).step_by(V::N) {
                let left = (g.c - i) as usize;
                let to = dx.offset(n * g.image() + i);
                let part = V::mul(V::load_part(dy.offset(from + i), left), scale);
                positions!(g, window, |at| {
                    let p = to.offset(at);
                    V::store_part(p, V::add(V::load_part(p, left), part), left)
                });
            }
        });
        Ok(0.0)
    }
}

impl Elementary for MaxPoolGrad {
    #[inline(always)]
    unsafe fn run<V: Floats>(self, heap: &Heap) -> Checked<f64> {
        let g = geometry!(self, self.dh, self.dw);
        let (all, outs) = g.sizes()?;
        let x = heap.at::<f32>("x", self.x, all)?;
        let (dy, dx) = (heap.at::<f32>("dy", self.dy, outs)?, heap.at::<f32>("dx", self.dx, all)?);
        expect(g.image() < 1 << 30, "maxPoolGrad: image")?;
        // Windows that do not meet write every number once; those that tile the image write all of them.
        let apart = g.sh >= (g.kh - 1) * g.dh + 1 && g.sw >= (g.kw - 1) * g.dw + 1;
        let tiled = apart
            && (g.sh, g.sw, g.top, g.left) == (g.kh, g.kw, 0, 0)
            && (g.oh * g.kh, g.ow * g.kw) == (g.h, g.w);
        if !tiled {
            dx.offset(g.n0 * g.image()).write_bytes(0, ((g.n1 - g.n0) * g.image()) as usize);
        }
        outputs!(g, |n, window, from| {
            for i in (0..g.c).step_by(V::N) {
                let left = (g.c - i) as usize;
                let (values, to) = (x.offset(n * g.image() + i), dx.offset(n * g.image() + i));
                let mut best = V::splat(f32::NEG_INFINITY);
                let mut place = V::from_bits(V::splat_i(-1));
                positions!(g, window, |at| {
                    let v = V::load_part(values.offset(at), left);
                    let larger = V::lt(best, v);
                    best = V::select(larger, v, best);
                    place = V::select(larger, V::from_bits(V::splat_i(at as i32)), place);
                });
                let gradient = V::load_part(dy.offset(from + i), left);
                positions!(g, window, |at| {
                    let own = V::from_bits(V::eq_i(V::bits(place), V::splat_i(at as i32)));
                    let part = V::and(gradient, own);
                    let p = to.offset(at);
                    V::store_part(p, if apart { part } else { V::add(V::load_part(p, left), part) }, left);
                });
            }
        });
        Ok(0.0)
    }
}
