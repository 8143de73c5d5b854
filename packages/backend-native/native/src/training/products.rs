//! Products of floats: rows of images times panels of weights (convolution, input gradient, matrix products), and sums of
//! outer products (filter gradient). Product and sum are rounded apart and added in the order of backend-wasm's
//! assembly/training/rows.ts and outer.ts, so that a trained model's float stages are those of its packed form.
use super::call::Kernel;
use super::calls::{ConvRows, OuterScratch, OuterSum};
use super::heap::{expect, product, Checked, Heap};
use super::lanes::{Floats, Lanes};

/// Pixels that are worked on while a pair of panels stays in the cache.
const BLOCK: usize = 48;
/// Pixels of a tile; with 16 channels, two rows of weights and a splat it fills 16 registers of 8 lanes.
const ROWS: usize = 6;
/// The same with registers of 16 lanes, of which there are 32: 16 channels are one then, so that a row of weights serves more
/// pixels.
const MORE_ROWS: usize = 12;

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

/// A row of two panels: 16 numbers in one vector or in two. Of the second panel nothing is read where only the first is wanted.
#[inline(always)]
unsafe fn pair<V: Floats>(left: *const f32, right: *const f32, both: bool) -> [V::F; 2] {
    match (V::N, both) {
        (16, true) => [V::load_halves(left, right), V::splat(0.0)],
        (_, true) => [V::load(left), V::load(right)],
        _ => [V::load(left), V::splat(0.0)],
    }
}

/// Vectors of a pair.
#[inline(always)]
fn vectors<V: Floats>(both: bool) -> usize {
    if both { 16 / V::N } else { 1 }
}

/// Sums of R pixels by 16 channels (or 8, of V with 8 lanes: `right` is not read then).
#[inline(always)]
unsafe fn tile<V: Floats, const R: usize, const WIDE: bool>(
    x: [*const u8; R],
    runs: Runs,
    left: *const f32,
    right: *const f32,
) -> [[V::F; 2]; R] {
    let mut sums = [[V::splat(0.0); 2]; R];
    let (mut left, mut right) = (left, right);
    for r in 0..runs.rows {
        for q in 0..runs.cols {
            let at = r * runs.row_step + q * runs.col_step;
            let mut from = [std::ptr::null::<f32>(); R];
            for p in 0..R {
                from[p] = x[p].offset(at) as *const f32;
            }
            for k in 0..runs.length {
                let w = pair::<V>(left, right, WIDE);
                for p in 0..R {
                    let a = V::splat(*from[p].offset(k));
                    for v in 0..vectors::<V>(WIDE) {
                        sums[p][v] = V::mul_add(a, w[v], sums[p][v]);
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

/// One pair of panels, or the first of it, on the pixels from `i` on, R of them. `bias` has 16 numbers, or is null.
#[inline(always)]
unsafe fn put_tile<V: Floats, const R: usize, const WIDE: bool>(
    block: &Block,
    i: usize,
    runs: Runs,
    panels: [*const f32; 2],
    bias: *const f32,
    channel: usize,
    width: usize,
) {
    let mut x = [std::ptr::null(); R];
    x.copy_from_slice(&block.x[i..i + R]);
    let sums = tile::<V, R, WIDE>(x, runs, panels[0], panels[1]);
    for v in 0..vectors::<V>(WIDE) {
        let left = width - v * V::N;
        let add = if bias.is_null() { V::splat(0.0) } else { V::load_part(bias.add(v * V::N), left) };
        for r in 0..R {
            let to = (block.out[i + r] as *mut f32).add(channel + v * V::N);
            V::store_part(to, V::add(sums[r][v], add), left);
        }
    }
}

/// The pixels of a block in tiles.
#[inline(always)]
unsafe fn put_tiles<V: Floats, const WIDE: bool>(
    block: &Block,
    runs: Runs,
    panels: [*const f32; 2],
    bias: *const f32,
    channel: usize,
    width: usize,
) {
    let (mut i, count) = (0, block.x.len());
    while V::N == 16 && i + MORE_ROWS <= count {
        put_tile::<V, MORE_ROWS, WIDE>(block, i, runs, panels, bias, channel, width);
        i += MORE_ROWS;
    }
    while i + ROWS <= count {
        put_tile::<V, ROWS, WIDE>(block, i, runs, panels, bias, channel, width);
        i += ROWS;
    }
    while i + 2 <= count {
        put_tile::<V, 2, WIDE>(block, i, runs, panels, bias, channel, width);
        i += 2;
    }
    if i < count {
        put_tile::<V, 1, WIDE>(block, i, runs, panels, bias, channel, width);
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
                let add = if self.bias == 0 { std::ptr::null() } else { bias.add(j) };
                match width > 8 {
                    true => put_tiles::<I::Wide, true>(&block, runs, pair, add, j, width),
                    false => put_tiles::<I, false>(&block, runs, pair, add, j, width),
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

/// Adds the block's sums of M rows by 16 channels (or 8, of V with 8 lanes) to `out`, rows `o` numbers apart.
#[inline(always)]
unsafe fn outer_tile<V: Floats, const M: usize, const WIDE: bool>(
    pixels: Pixels,
    panels: [*const f32; 2],
    out: *mut f32,
    o: isize,
    width: usize,
) {
    let mut sums = [[V::splat(0.0); 2]; M];
    let (mut left, mut right) = (panels[0], panels[1]);
    for y in 0..pixels.rows {
        let mut p = pixels.x.offset(y * pixels.row_step);
        for _ in 0..pixels.cols {
            let b = pair::<V>(left, right, WIDE);
            for m in 0..M {
                let a = V::splat(*(p as *const f32).add(m));
                for v in 0..vectors::<V>(WIDE) {
                    sums[m][v] = V::mul_add(a, b[v], sums[m][v]);
                }
            }
            left = left.add(8);
            right = right.wrapping_add(8);
            p = p.wrapping_offset(pixels.col_step);
        }
    }
    for m in 0..M {
        for v in 0..vectors::<V>(WIDE) {
            let (to, left) = (out.offset(m as isize * o).add(v * V::N), width - v * V::N);
            V::store_part(to, V::add(V::load_part(to, left), sums[m][v]), left);
        }
    }
}

/// A tile of as many rows as there are, of up to 16 channels.
#[inline(always)]
unsafe fn outer_tiles<I: Lanes, const M: usize>(pixels: Pixels, panels: [*const f32; 2], out: *mut f32, o: isize, width: usize) {
    match width > 8 {
        true => outer_tile::<I::Wide, M, true>(pixels, panels, out, o, width),
        false => outer_tile::<I, M, false>(pixels, panels, out, o, width),
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
                            let step = match m1 - i {
                                12.. if I::Wide::N == 16 => MORE_ROWS,
                                6.. => ROWS,
                                2.. => 2,
                                _ => 1,
                            };
                            for j in (0..o).step_by(16) {
                                let left = scratch.offset(j * count) as *const f32;
                                let width = (o - j).min(16) as usize;
                                let panels = [left, if width > 8 { left.offset(8 * count) } else { left }];
                                let to = out.offset((r * m + i) * o + j);
                                match step {
                                    1 => outer_tiles::<I, 1>(pixels, panels, to, o, width),
                                    2 => outer_tiles::<I, 2>(pixels, panels, to, o, width),
                                    MORE_ROWS => outer_tiles::<I, MORE_ROWS>(pixels, panels, to, o, width),
                                    _ => outer_tiles::<I, ROWS>(pixels, panels, to, o, width),
                                }
                            }
                            i += step as isize;
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
