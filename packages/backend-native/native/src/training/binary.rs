//! Forward products of the signs of tensors, by the kernels of packed models (isa.rs): images as sign bits (layout as in backend-wasm's
//! assembly/training/binary.ts), filters as panels of 64 channels of the units that the processor counts.
use super::call::Kernel;
use super::calls::{BinaryConv, BinaryConvScratch, PackFilterSigns, PackSigns, PackedPanelBytes, PackedPixel, PackedWords};
use super::heap::{expect, product, Checked, Heap};
use super::lanes::{self, stream_block, streams, Floats, Lanes};
use crate::isa::{level_bytes, ROWS};
use crate::packed::{Unit, PANEL};
use std::mem::MaybeUninit;

/// Pixels gathered at once.
const BLOCK: usize = 32;
/// Bytes behind the gathered pixels that are written.
const BEHIND: isize = 8;
/// Words whose differing levels fit in 16 bits.
const CHUNK: usize = 2047;

/// Bytes of a packed pixel.
fn packed_pixel(c: isize) -> isize {
    match c {
        ..=8 => 1,
        9..=16 => 2,
        _ => (c + 31) / 32 * 4,
    }
}

/// Words of a gathered pixel.
fn packed_words(taps: isize, c: isize) -> Checked<isize> {
    Ok((product(&[taps, packed_pixel(c)])? + 3) / 4)
}

/// Steps of the counting kernels in a word.
fn steps<I: Lanes>() -> usize {
    match I::UNIT {
        Unit::Nibble => 8,
        Unit::Byte => 4,
        Unit::Word => 1,
    }
}

/// Bytes that a channel's, or a pixel's, word takes.
fn word_bytes<I: Lanes>() -> isize {
    if I::UNIT == Unit::Nibble { 8 } else { 4 }
}

/// Channels of a panel: fewer than 64 where there are few, and the processor counts other units than bytes.
fn panel_of<I: Lanes>(o: isize) -> isize {
    match o {
        ..=16 if I::UNIT != Unit::Byte => 16,
        17..=32 if I::UNIT != Unit::Byte => 32,
        _ => PANEL as isize,
    }
}

fn panel_bytes<I: Lanes>(words: isize, panel: isize) -> Checked<isize> {
    product(&[words, word_bytes::<I>(), panel])
}

impl Kernel for PackedPixel {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, _: &Heap) -> Checked<f64> {
        Ok(packed_pixel(self.c) as f64)
    }
}

impl Kernel for PackedWords {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, _: &Heap) -> Checked<f64> {
        Ok(packed_words(self.taps, self.c)? as f64)
    }
}

impl Kernel for PackedPanelBytes {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, _: &Heap) -> Checked<f64> {
        let panel = panel_of::<I>(self.o);
        Ok(product(&[(self.o + panel - 1) / panel, panel_bytes::<I>(self.words, panel)?])? as f64)
    }
}

impl Kernel for BinaryConvScratch {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, _: &Heap) -> Checked<f64> {
        Ok((product(&[BLOCK as isize, self.words, word_bytes::<I>()])? + BEHIND) as f64)
    }
}

/// The sign bits of `count` numbers, at most 32.
#[inline(always)]
unsafe fn sign_word<I: Lanes>(x: *const f32, count: usize) -> u32 {
    let mut word = 0;
    for i in (0..count).step_by(I::Wide::N) {
        word |= I::Wide::signs(I::Wide::lt(I::Wide::load_part(x.add(i), count - i), I::Wide::splat(0.0))) << i;
    }
    word
}

/// Writes a word for each `count` times, `step` numbers.
#[inline(always)]
unsafe fn pack_row<T>(x: *const f32, count: isize, step: isize, to: *mut u8, word: impl Fn(*const f32) -> T) {
    for i in 0..count {
        (to as *mut T).offset(i).write_unaligned(word(x.offset(i * step)));
    }
}

impl Kernel for PackSigns {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, heap: &Heap) -> Checked<f64> {
        let Self { n0, n1, h, w, c, top, bottom, left, right, .. } = self;
        expect(0 <= n0 && n0 <= n1 && top.min(bottom).min(left).min(right) >= 0, "packSigns: range or border")?;
        let pixel = packed_pixel(c);
        let (out_row, rows) = (product(&[left + w + right, pixel])?, top + h + bottom);
        let mut x = heap.at::<f32>("x", self.x, product(&[n1, h, w, c])?)?.offset(n0 * h * w * c);
        let mut out = heap.at::<u8>("out", self.out, product(&[n1, rows, out_row])?)?.offset(n0 * rows * out_row);
        for _ in n0..n1 {
            out.write_bytes(0, (rows * out_row) as usize);
            for y in 0..h {
                let to = out.offset((top + y) * out_row + left * pixel);
                match (pixel, c) {
                    // Without a loop over channels, nor parts of vectors.
                    (2, 16) => pack_row(x, w, 16, to, |x| (sign_word::<I>(x, 16) as u16).to_le()),
                    (1, _) => pack_row(x, w, c, to, |x| sign_word::<I>(x, c as usize) as u8),
                    (2, _) => pack_row(x, w, c, to, |x| (sign_word::<I>(x, c as usize) as u16).to_le()),
                    _ if c % 32 == 0 => pack_row(x, w * c / 32, 32, to, |x| sign_word::<I>(x, 32).to_le()),
                    _ => {
                        for z in 0..w {
                            for i in (0..c).step_by(32) {
                                let word = sign_word::<I>(x.offset(z * c + i), (c - i).min(32) as usize);
                                (to.offset(z * pixel + i / 8) as *mut u32).write_unaligned(word.to_le());
                            }
                        }
                    }
                }
                x = x.offset(w * c);
            }
            out = out.offset(rows * out_row);
        }
        Ok(0.0)
    }
}

impl Kernel for PackFilterSigns {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, heap: &Heap) -> Checked<f64> {
        let Self { taps, c, o, o0, o1, .. } = self;
        expect(0 <= o0 && o0 <= o1 && o1 <= o, "packFilterSigns: range")?;
        let w = heap.at::<f32>("w", self.w, product(&[taps, c, o])?)?;
        let (words, panel) = (packed_words(taps, c)?, panel_of::<I>(o));
        let bytes = panel_bytes::<I>(words, panel)?;
        let out = heap.at::<u8>("out", self.out, product(&[(o + panel - 1) / panel, bytes])?)?;
        let wide = (o + 7) / 8 * 8;
        let sums = heap.at::<f32>("tapSums", self.tap_sums, product(&[taps, wide])?)?;
        // Bytes from channel to channel, and from step to step.
        let (apart, step) = if I::UNIT == Unit::Word { (4, 4 * panel) } else { (1, panel) };
        let levels = if I::UNIT == Unit::Nibble { 4 } else { 8 };
        let mut j = o0;
        while j < o1 {
            // As far as a panel goes.
            let width = (o1 - j).min(panel - j % panel);
            let to = out.offset(j / panel * bytes + j % panel * apart);
            for unit in 0..bytes / step {
                to.offset(unit * step).write_bytes(0, (width * apart) as usize);
            }
            for t in 0..taps {
                let sums = sums.offset(t * wide + j);
                if I::UNIT == Unit::Word {
                    let first = t * packed_pixel(c) * 8;
                    let words = to.offset(first / 32 * step) as *mut i32;
                    add_words::<I::Wide>(w.offset(t * c * o + j), o, c, words, [first % 32, panel], sums, width as usize);
                    continue;
                }
                sums.write_bytes(0, (width.max(8.min(wide - j))) as usize);
                for i in 0..c {
                    let at = t * packed_pixel(c) * 8 + i;
                    let unit = if I::UNIT == Unit::Word { at / 32 * step + at % 32 / 8 } else { at / levels * step };
                    let from = w.offset((t * c + i) * o + j);
                    add_signs(from, to.offset(unit), sums, width, apart, at % levels);
                }
            }
            j += width;
        }
        Ok(0.0)
    }
}

/// Sets the bit `shift` of each channel's byte where its number is negative, and adds +-1 to its sum.
#[inline(always)]
unsafe fn add_signs(from: *const f32, to: *mut u8, sums: *mut f32, width: isize, apart: isize, shift: isize) {
    for k in 0..width {
        *sums.offset(k) += if *from.offset(k) < 0.0 { -1.0 } else { 1.0 };
    }
    for k in 0..width {
        *to.offset(k * apart) |= ((*from.offset(k) < 0.0) as u8) << shift;
    }
}

/// Sets the bits from `shift` on of `width` channels' words, `apart` channels from word to word, where their `c` numbers, `o` from one
/// to the next, are negative, and writes the sums of the signs.
#[inline(always)]
unsafe fn add_words<V: Floats>(from: *const f32, o: isize, c: isize, words: *mut i32, [shift, apart]: [isize; 2], sums: *mut f32, width: usize) {
    for k in (0..width).step_by(V::N) {
        let left = width - k;
        let mut negative = V::splat_i(0);
        let mut i = 0;
        while i < c {
            let mut word = V::splat_i(0);
            let end = c.min(i + 32 - (shift + i) % 32);
            let to = words.offset((shift + i) / 32 * apart).add(k) as *mut f32;
            for i in i..end {
                let below = V::bits(V::lt(V::load_part(from.offset(i * o).add(k), left), V::splat(0.0)));
                word = V::add_i(word, V::and_i(below, V::splat_i(1 << ((shift + i) % 32))));
                negative = V::sub_i(negative, below);
            }
            let before = V::bits(V::load_part(to, left));
            V::store_part(to, V::from_bits(V::add_i(before, word)), left);
            i = end;
        }
        let all = V::convert(V::sub_i(V::splat_i(c as i32), V::shl::<1>(negative)));
        V::store_part(sums.add(k), all, left);
    }
}

/// Where the runs of a pixel's bits are, in bytes.
#[derive(Clone, Copy)]
struct Runs {
    rows: isize,
    cols: isize,
    row_step: isize,
    col_step: isize,
    bytes: usize,
}

/// A pixel's runs as units, and zeros up to whole words. Reads up to 3 bytes behind a run, and writes up to 8 behind the units.
#[inline(always)]
unsafe fn gather<I: Lanes>(from: *const u8, runs: Runs, to: *mut u8) {
    let unit = if I::UNIT == Unit::Nibble { 2 } else { 1 };
    let mut end = to;
    for r in 0..runs.rows {
        for q in 0..runs.cols {
            let run = from.offset(r * runs.row_step + q * runs.col_step);
            for k in (0..runs.bytes).step_by(4) {
                let word = u32::from_le((run.add(k) as *const u32).read_unaligned());
                let to = end.add(unit * k);
                if unit == 1 {
                    (to as *mut u32).write_unaligned(word.to_le());
                    continue;
                }
                // Levels in the high half of each of 8 bytes.
                let word = word as u64;
                let pairs = (word | word << 16) & 0x0000_ffff_0000_ffff;
                let bytes = (pairs | pairs << 8) & 0x00ff_00ff_00ff_00ff;
                let halves = (bytes & 0x000f_000f_000f_000f) << 4 | (bytes & 0x00f0_00f0_00f0_00f0) << 8;
                (to as *mut u64).write_unaligned(halves.to_le());
            }
            end = end.add(unit * runs.bytes);
        }
    }
    (end as *mut u64).write_unaligned(0);
}

/// Adds the products of 4 pixels and a panel of 64 channels to `out`, or sets them, in parts whose levels 16 bits count.
#[inline(always)]
unsafe fn full<I: Lanes>(rows: [*const u8; ROWS], weights: *const u8, words: usize, out: &Outputs) {
    let bytes = word_bytes::<I>() as usize;
    for k in (0..words).step_by(CHUNK) {
        let length = (words - k).min(CHUNK) * steps::<I>();
        let from = [rows[0].add(k * bytes), rows[1].add(k * bytes), rows[2].add(k * bytes), rows[3].add(k * bytes)];
        let weights = weights.add(k * bytes * PANEL);
        match I::UNIT {
            Unit::Nibble => out.put(&I::nibbles(from, weights, &[0], length), k == 0),
            Unit::Byte => out.put(&level_bytes(from, weights, &[0], length), k == 0),
            Unit::Word => out.put(&I::words(from, weights, &[0], length), k == 0),
        }
    }
}

/// The same for 8 pixels and a panel of W channels.
#[inline(always)]
unsafe fn narrow<I: Lanes, const W: usize>(rows: [*const u8; 8], weights: *const u8, words: usize, out: &Outputs) {
    let bytes = word_bytes::<I>() as usize;
    for k in (0..words).step_by(CHUNK) {
        let mut from = rows;
        for row in &mut from {
            *row = row.add(k * bytes);
        }
        let part = I::narrow::<W>(&from, weights.add(k * bytes * W), (words - k).min(CHUNK));
        out.put(&part, k == 0);
    }
}

/// Where products go: the first pixel's first channel, numbers from pixel to pixel, how many there are of each; and the levels
/// of a product.
struct Outputs {
    to: *mut f32,
    stride: usize,
    pixels: usize,
    width: usize,
    total: i32,
}

impl Outputs {
    /// The products by counts of differing levels; later parts take off what differs.
    #[inline(always)]
    unsafe fn put<const R: usize, T: Copy + Into<i32>>(&self, counts: &[impl AsRef<[T]>; R], first: bool) {
        for (r, row) in counts[..self.pixels].iter().enumerate() {
            let (to, row) = (self.to.add(r * self.stride), row.as_ref());
            // Whole panels have a length that the compiler knows.
            if self.width == row.len() { self.put_row(to, row, first) } else { self.put_row(to, &row[..self.width], first) }
        }
    }

    #[inline(always)]
    unsafe fn put_row<T: Copy + Into<i32>>(&self, to: *mut f32, counts: &[T], first: bool) {
        let to = std::slice::from_raw_parts_mut(to, counts.len());
        for (to, &count) in to.iter_mut().zip(counts) {
            let twice = 2 * count.into();
            *to = if first { (self.total - twice) as f32 } else { *to - twice as f32 };
        }
    }
}

impl Kernel for BinaryConv {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, heap: &Heap) -> Checked<f64> {
        let Self { p0, p1, oh, ow, o, c, x_n, x_h, x_w, h, w, top, left, kh, kw, sh, sw, dh, dw, .. } = self;
        expect(0 <= p0 && p0 <= p1 && self.run_bytes >= 0, "binaryConv: range or run")?;
        let image = product(&[oh, ow])?;
        if p0 == p1 || o == 0 {
            return Ok(0.0);
        }
        expect(image > 0, "binaryConv: no pixels")?;
        let (n, taps) = ((p1 - 1) / image + 1, product(&[kh, kw])?);
        let words = packed_words(taps, c)?;
        let runs = Runs {
            rows: self.runs_h,
            cols: self.runs_w,
            row_step: self.run_h,
            col_step: self.run_w,
            bytes: self.run_bytes as usize,
        };
        expect(product(&[runs.rows, runs.cols, self.run_bytes])? <= 4 * words, "binaryConv: runs")?;
        let window = [(n, x_n), (oh, x_h), (ow, x_w), (runs.rows, runs.row_step), (runs.cols, runs.col_step)];
        let x = heap.span::<u8>("x", self.x, &window, (self.run_bytes + 3) / 4 * 4)?;
        let panel = panel_of::<I>(o);
        let bytes = panel_bytes::<I>(words, panel)?;
        let panels = heap.at::<u8>("panels", self.panels, product(&[(o + panel - 1) / panel, bytes])?)?;
        let wide = (o + 7) / 8 * 8;
        let tap_sums = heap.at::<f32>("tapSums", self.tap_sums, product(&[taps, wide])?)?;
        let out = heap.at::<f32>("out", self.out, product(&[p1, o])?)?;
        let pixel_bytes = words * word_bytes::<I>();
        let gathered = heap.at::<u8>("scratch", self.scratch, product(&[BLOCK as isize, pixel_bytes])? + BEHIND)?;
        let total = product(&[taps, c])? as i32;
        let streamed = streams((p1 - p0) * o, BLOCK as isize * o);
        let mut block = MaybeUninit::<[f32; lanes::BLOCK]>::uninit();
        let (mut image_at, mut y, mut z) = (p0 / image, p0 % image / ow, p0 % ow);
        for p in (p0..p1).step_by(BLOCK) {
            let pixels = (p1 - p).min(BLOCK as isize);
            let mut corners = [(0, 0); BLOCK];
            let to = if streamed { block.as_mut_ptr() as *mut f32 } else { out.offset(p * o) };
            for i in 0..pixels {
                corners[i as usize] = (y * sh - top, z * sw - left);
                let from = x.offset(image_at * x_n + y * x_h + z * x_w);
                gather::<I>(from, runs, gathered.offset(i * pixel_bytes));
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
            for j in (0..o).step_by(panel as usize) {
                let weights = panels.offset(j / panel * bytes) as *const u8;
                let together = if panel == PANEL as isize { ROWS } else { 8 };
                for i in (0..pixels).step_by(together) {
                    let many = (pixels - i).min(together as isize) as usize;
                    // Rows past the last pixel count the first again; they are not stored.
                    let mut rows = [gathered as *const u8; 8];
                    for (r, row) in rows[..many].iter_mut().enumerate() {
                        *row = gathered.offset((i + r as isize) * pixel_bytes);
                    }
                    let width = (o - j).min(panel) as usize;
                    let out = Outputs { to: to.offset(i * o + j), stride: o as usize, pixels: many, width, total };
                    match panel {
                        16 => narrow::<I, 16>(rows, weights, words as usize, &out),
                        32 => narrow::<I, 32>(rows, weights, words as usize, &out),
                        _ => full::<I>([rows[0], rows[1], rows[2], rows[3]], weights, words as usize, &out),
                    }
                }
            }
            // Taps on the border were counted as +1.
            for i in 0..pixels {
                let (y0, z0) = corners[i as usize];
                if y0 >= 0 && z0 >= 0 && y0 + (kh - 1) * dh < h && z0 + (kw - 1) * dw < w {
                    continue;
                }
                let row = to.offset(i * o);
                for t in 0..taps {
                    let (iy, iz) = (y0 + t / kw * dh, z0 + t % kw * dw);
                    if (0..h).contains(&iy) && (0..w).contains(&iz) {
                        continue;
                    }
                    for k in (0..o).step_by(8) {
                        let left = (o - k) as usize;
                        let rest = I::sub(I::load_part(row.offset(k), left), I::load(tap_sums.offset(t * wide + k)));
                        I::store_part(row.offset(k), rest, left);
                    }
                }
            }
            if streamed {
                stream_block::<I::Wide>(to, out.offset(p * o), (pixels * o) as usize);
            }
        }
        I::Wide::streamed();
        Ok(0.0)
    }
}
