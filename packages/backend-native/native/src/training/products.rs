//! Products of floats: rows of images times panels of weights (convolution, input gradient, matrix products), and sums of
//! outer products (filter gradient). Product and sum are rounded apart and added in the order of backend-wasm's
//! assembly/training/rows.ts and outer.ts, so that a trained model's float stages are those of its packed form.
use super::call::Kernel;
use super::calls::{ConvRows, OuterScratch, OuterSum};
use super::heap::{expect, product, Checked, Heap};
use super::lanes::Lanes;

/// Pixels that are worked on while a pair of panels stays in the cache.
const BLOCK: usize = 40;
/// Pixels of a tile; with 16 channels, two rows of weights and a splat it fills 16 registers.
const ROWS: usize = 6;

/// Where the runs of a pixel are.
#[derive(Clone, Copy)]
struct Runs {
    rows: isize,
    cols: isize,
    row_step: isize,
    col_step: isize,
    /// Numbers of a run.
    length: isize,
}

/// Sums of R pixels by 16 channels (or 8: `right` is not read then).
#[inline(always)]
unsafe fn tile<I: Lanes, const R: usize, const WIDE: bool>(
    x: [*const u8; R],
    runs: Runs,
    left: *const f32,
    right: *const f32,
) -> [[I::F; 2]; R] {
    let mut sums = [[I::splat(0.0); 2]; R];
    let (mut left, mut right) = (left, right);
    for r in 0..runs.rows {
        for q in 0..runs.cols {
            let at = r * runs.row_step + q * runs.col_step;
            let mut from = [std::ptr::null::<f32>(); R];
            for p in 0..R {
                from[p] = x[p].offset(at) as *const f32;
            }
            for k in 0..runs.length {
                let w = [I::load(left), if WIDE { I::load(right) } else { I::splat(0.0) }];
                for p in 0..R {
                    let a = I::splat(*from[p].offset(k));
                    sums[p][0] = I::mul_add(a, w[0], sums[p][0]);
                    if WIDE {
                        sums[p][1] = I::mul_add(a, w[1], sums[p][1]);
                    }
                }
                left = left.add(8);
                right = right.wrapping_add(8);
            }
        }
    }
    sums
}

/// Where a call's operands are, for the pixels of a block.
struct Block<'a> {
    x: &'a [*const u8],
    out: &'a [*mut u8],
}

/// One pair of panels on the pixels from `i` on, R of them.
#[inline(always)]
unsafe fn put_tile<I: Lanes, const R: usize>(
    block: &Block,
    i: usize,
    runs: Runs,
    panels: [*const f32; 2],
    bias: [I::F; 2],
    channel: usize,
    width: usize,
) {
    let mut x = [std::ptr::null(); R];
    x.copy_from_slice(&block.x[i..i + R]);
    let sums = match width > 8 {
        true => tile::<I, R, true>(x, runs, panels[0], panels[1]),
        false => tile::<I, R, false>(x, runs, panels[0], panels[0]),
    };
    for r in 0..R {
        let to = (block.out[i + r] as *mut f32).add(channel);
        I::store_part(to, I::add(sums[r][0], bias[0]), width.min(8));
        if width > 8 {
            I::store_part(to.add(8), I::add(sums[r][1], bias[1]), width - 8);
        }
    }
}

impl Kernel for ConvRows {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, heap: &Heap) -> Checked<f64> {
        let Self { p0, p1, oh, ow, o, x_n, x_h, x_w, out_n, out_h, out_w, length, .. } = self;
        let runs =
            Runs { rows: self.runs_h, cols: self.runs_w, row_step: self.run_h, col_step: self.run_w, length };
        expect(0 <= p0 && p0 <= p1 && o >= 0, "convRows: range")?;
        let image = product(&[oh, ow])?;
        if p0 == p1 || o == 0 {
            return Ok(0.0);
        }
        expect(image > 0, "convRows: no pixels")?;
        let n = (p1 - 1) / image + 1;
        let window = [(runs.rows, runs.row_step), (runs.cols, runs.col_step)];
        let pixels = [(n, x_n), (oh, x_h), (ow, x_w), window[0], window[1]];
        let depth = product(&[runs.rows, runs.cols, length])?;
        let x = heap.span::<f32>("x", self.x, &pixels, length)? as *const u8;
        let out = heap.span::<f32>("out", self.out, &[(n, out_n), (oh, out_h), (ow, out_w)], o)? as *mut u8;
        let panels = heap.at::<f32>("w", self.w, product(&[(o + 7) / 8, depth, 8])?)? as *const f32;
        let bias = heap.at::<f32>("bias", self.bias, if self.bias == 0 { 0 } else { (o + 7) / 8 * 8 })? as *const f32;
        let (mut image_at, rest) = (p0 / image, p0 % image);
        let (mut y, mut z) = (rest / ow, rest % ow);
        for p in (p0..p1).step_by(BLOCK) {
            let count = (p1 - p).min(BLOCK as isize) as usize;
            let mut from = [std::ptr::null(); BLOCK];
            let mut to = [std::ptr::null_mut(); BLOCK];
            for i in 0..count {
                from[i] = x.offset(image_at * x_n + y * x_h + z * x_w);
                to[i] = out.offset(image_at * out_n + y * out_h + z * out_w);
                z += 1;
                if z == ow {
                    z = 0;
                    y += 1;
                    if y == oh {
                        y = 0;
                        image_at += 1;
                    }
                }
            }
            let block = Block { x: &from[..count], out: &to[..count] };
            for j in (0..o as usize).step_by(16) {
                let width = (o as usize - j).min(16);
                let left = panels.offset(j as isize / 8 * depth * 8);
                let pair = [left, left.wrapping_offset(8 * depth)];
                let mut add = [I::splat(0.0); 2];
                if self.bias != 0 {
                    add[0] = I::load(bias.add(j));
                    if width > 8 {
                        add[1] = I::load(bias.add(j + 8));
                    }
                }
                let mut i = 0;
                while i + ROWS <= count {
                    put_tile::<I, ROWS>(&block, i, runs, pair, add, j, width);
                    i += ROWS;
                }
                while i + 2 <= count {
                    put_tile::<I, 2>(&block, i, runs, pair, add, j, width);
                    i += 2;
                }
                if i < count {
                    put_tile::<I, 1>(&block, i, runs, pair, add, j, width);
                }
            }
        }
        Ok(0.0)
    }
}

/// Pixels in a block, about: whole rows where they are short, else parts of a row.
const OUTER_BLOCK: isize = 96;

/// Rows and columns of pixels that make a block.
fn outer_block(ow: isize) -> (isize, isize) {
    let rows = (OUTER_BLOCK / ow.max(1)).max(1);
    (rows, if rows > 1 { ow } else { ow.min(OUTER_BLOCK) })
}

impl Kernel for OuterScratch {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, _: &Heap) -> Checked<f64> {
        Ok(product(&[OUTER_BLOCK, (self.o + 7) / 8, 32])? as f64)
    }
}

/// Where the x of a block is: rows of pixels, and the bytes from row to row and pixel to pixel.
#[derive(Clone, Copy)]
struct Pixels {
    x: *const u8,
    rows: isize,
    cols: isize,
    row_step: isize,
    col_step: isize,
}

/// Adds the block's sums of M rows by 16 channels (or 8) to `out`, rows `o` numbers apart.
#[inline(always)]
unsafe fn outer_tile<I: Lanes, const M: usize>(
    pixels: Pixels,
    panels: [*const f32; 2],
    out: *mut f32,
    o: isize,
    width: usize,
) {
    let wide = width > 8;
    let mut sums = [[I::splat(0.0); 2]; M];
    let (mut left, mut right) = (panels[0], panels[1]);
    for y in 0..pixels.rows {
        let mut p = pixels.x.offset(y * pixels.row_step);
        for _ in 0..pixels.cols {
            let b = [I::load(left), I::load(right)];
            for m in 0..M {
                let a = I::splat(*(p as *const f32).add(m));
                sums[m][0] = I::mul_add(a, b[0], sums[m][0]);
                sums[m][1] = I::mul_add(a, b[1], sums[m][1]);
            }
            left = left.add(8);
            right = right.wrapping_add(8);
            p = p.wrapping_offset(pixels.col_step);
        }
    }
    for m in 0..M {
        let to = out.offset(m as isize * o);
        I::store_part(to, I::add(I::load_part(to, width.min(8)), sums[m][0]), width.min(8));
        if wide {
            let to = to.add(8);
            I::store_part(to, I::add(I::load_part(to, width - 8), sums[m][1]), width - 8);
        }
    }
}

impl Kernel for OuterSum {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, heap: &Heap) -> Checked<f64> {
        let Self { n0, n1, oh, ow, x_n, x_h, x_w, runs, run_stride, m, o, m0, m1, .. } = self;
        expect(0 <= n0 && n0 <= n1 && 0 <= m0 && m0 <= m1 && m1 <= m, "outerSum: ranges")?;
        let x = heap.span::<f32>("x", self.x, &[(n1, x_n), (oh, x_h), (ow, x_w), (runs, run_stride)], m)? as *const u8;
        let dy = heap.at::<f32>("dy", self.dy, product(&[n1, oh, ow, o])?)?;
        let out = heap.at::<f32>("out", self.out, product(&[runs, m, o])?)?;
        let scratch = heap.at::<f32>("scratch", self.scratch, product(&[OUTER_BLOCK, (o + 7) / 8, 8])?)?;
        let (row_block, col_block) = outer_block(ow);
        for r in 0..runs {
            out.offset((r * m + m0) * o).write_bytes(0, ((m1 - m0) * o) as usize);
        }
        for n in n0..n1 {
            for y in (0..oh).step_by(row_block as usize) {
                for z in (0..ow).step_by(col_block.max(1) as usize) {
                    let (rows, cols) = (row_block.min(oh - y), col_block.min(ow - z));
                    let count = rows * cols;
                    pack_block::<I>(dy.offset(((n * oh + y) * ow + z) * o), scratch, count, o);
                    let corner = x.offset(n * x_n + y * x_h + z * x_w);
                    for r in 0..runs {
                        let mut i = m0;
                        while i < m1 {
                            let pixels =
                                Pixels { x: corner.offset(r * run_stride + 4 * i), rows, cols, row_step: x_h, col_step: x_w };
                            let step = if i + ROWS as isize <= m1 { ROWS as isize } else if i + 2 <= m1 { 2 } else { 1 };
                            for j in (0..o).step_by(16) {
                                let left = scratch.offset(j * count) as *const f32;
                                let width = (o - j).min(16) as usize;
                                let panels = [left, if width > 8 { left.offset(8 * count) } else { left }];
                                let to = out.offset((r * m + i) * o + j);
                                match step {
                                    1 => outer_tile::<I, 1>(pixels, panels, to, o, width),
                                    2 => outer_tile::<I, 2>(pixels, panels, to, o, width),
                                    _ => outer_tile::<I, ROWS>(pixels, panels, to, o, width),
                                }
                            }
                            i += step;
                        }
                    }
                }
            }
        }
        Ok(0.0)
    }
}

/// Panels [ceil(o/8)][count][8] of `count` rows of o numbers.
#[inline(always)]
unsafe fn pack_block<I: Lanes>(dy: *const f32, out: *mut f32, count: isize, o: isize) {
    let mut out = out;
    for j in (0..o).step_by(8) {
        for i in 0..count {
            I::store(out, I::load_part(dy.offset(i * o + j), (o - j) as usize));
            out = out.add(8);
        }
    }
}
