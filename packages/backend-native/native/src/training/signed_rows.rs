//! The input gradient where the filter is +-1; the method is explained in backend-wasm's assembly/training/signed-rows.ts. With
//! registers of 16 numbers a table is one of them, and an instruction looks 16 input channels up in it: tables are [group][position]
//! [16] then, sums [position][channel]. The order of the sum is the same.
use super::call::Kernel;
use super::calls::{PickOffsets, SignedRows, SignedRowsEntry, SignedRowsGroups, SignedRowsScratch};
use super::heap::{expect, product, Checked, Heap};
use super::lanes::Lanes;
use super::signed_outer::signed_sums;

/// Grid positions of a block.
const BLOCK: usize = 128;
/// Positions that are summed in registers.
const SPAN: usize = 64;

/// Whether tables are looked up in registers, which takes 16 input channels at a time.
fn looks_up<I: Lanes>(c: isize) -> bool {
    I::LOOKS_UP && c % 16 == 0
}

/// Input channels that are looked up together, of `left`.
fn together(left: isize) -> isize {
    match left {
        64.. => 64,
        32.. => 32,
        _ => 16,
    }
}

/// The first of the channels that channel `i` of `c` is looked up with, and how many they are.
fn lane_of(i: isize, c: isize) -> (isize, isize) {
    let mut first = 0;
    loop {
        let width = together(c - first);
        if i < first + width {
            return (first, width);
        }
        first += width;
    }
}

/// Groups of four channels whose tables are made at once: what fits the first-level cache, at most 4.
fn groups(entry: isize) -> isize {
    (26_000 / (entry * 64)).clamp(1, 4)
}

impl Kernel for SignedRowsGroups {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, _: &Heap) -> Checked<f64> {
        expect(self.entry > 0, "signedRowsGroups: entry")?;
        Ok(groups(self.entry) as f64)
    }
}

impl Kernel for SignedRowsEntry {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, _: &Heap) -> Checked<f64> {
        // Whole vectors.
        Ok(((BLOCK as isize + self.halo + 7) & !7) as f64)
    }
}

impl Kernel for PickOffsets {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, heap: &Heap) -> Checked<f64> {
        let Self { taps, c, o, o0, o1, entry, latent, .. } = self;
        expect(entry > 0 && 0 <= o0 && o0 <= o1 && o1 <= o, "pickOffsets: entry or range")?;
        expect(o0 % (4 * groups(entry)) == 0, "pickOffsets: range")?;
        let w = heap.at::<f32>("w", self.w, product(&[taps, c, o])?)?;
        let out = heap.at::<i32>("out", self.out, product(&[(o + 3) / 4, c, taps])?)?;
        let shifts = heap.at::<i32>("shifts", self.shifts, taps)?;
        let set = groups(entry) * 4;
        let magnitude = I::from_bits(I::splat_i(i32::MAX));
        let looks_up = looks_up::<I>(c);
        // For each four channels: where their set begins, how many groups it has, and which of them they are.
        let places: Vec<[isize; 3]> = (o0..o1)
            .step_by(4)
            .map(|j| [j / set * set / 4 * c * taps, ((o1 - j / set * set).min(set) + 3) / 4, j % set / 4])
            .collect();
        for i in 0..c {
            let (first, width) = lane_of(i, c);
            for t in 0..taps {
                let row = w.offset((t * c + i) * o);
                let shift = *shifts.offset(t) as isize;
                let mut exact = true;
                for j in (o0..o1).step_by(8) {
                    let left = (o1 - j).min(8);
                    let v = I::load_part(row.offset(j), left as usize);
                    let all = (1u32 << left) - 1;
                    exact &= I::signs(I::eq(I::and(v, magnitude), I::splat(1.0))) & all == all;
                    let signs = I::signs(I::lt(v, I::splat(0.0)));
                    for g in [0, 4] {
                        if g >= left {
                            break;
                        }
                        let [start, many, group] = places[((j - o0 + g) / 4) as usize];
                        let index = (signs >> g & 15) as isize;
                        let to = out.offset(start);
                        if looks_up {
                            // A shift counts 4 bytes a position; here a position has 64.
                            let at = group * entry * 64 + shift * 16;
                            *to.offset(first * many * taps + (group * taps + t) * width + i - first) = (at | index) as i32;
                        } else {
                            let at = (group * 16 + index) * entry * 4 + shift;
                            *to.offset((i * many + group) * taps + t) = at as i32;
                        }
                    }
                }
                if !latent && !exact {
                    return Ok(0.0);
                }
            }
        }
        Ok(1.0)
    }
}

/// Numbers up to a 64-byte boundary, where tables begin.
const ALIGN: usize = 16;

/// Numbers of the scratch memory: tables, then sums.
fn scratch_numbers(c: isize, entry: isize) -> Checked<isize> {
    expect(entry > 0, "signedRows: entry")?;
    Ok(ALIGN as isize + product(&[groups(entry) * 16, entry])? + product(&[c, BLOCK as isize])?)
}

impl Kernel for SignedRowsScratch {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, _: &Heap) -> Checked<f64> {
        Ok((scratch_numbers(self.c, self.entry)? * 4) as f64)
    }
}

/// A grid [n][h][w] of positions, and the part of it [n][rows][cols] that has `step` numbers for each.
struct Grid {
    n: isize,
    h: isize,
    w: isize,
    rows: isize,
    cols: isize,
    step: isize,
}

impl Grid {
    /// The addresses of positions from `start` on, null where the grid has no numbers.
    #[inline(always)]
    unsafe fn addresses(&self, base: *mut f32, start: isize, list: &mut [*mut f32]) {
        let (mut q, mut rest) = (start, list);
        while !rest.is_empty() {
            let (line, z) = (q.div_euclid(self.w), q.rem_euclid(self.w));
            let (image, y) = (line.div_euclid(self.h), line.rem_euclid(self.h));
            let (row, after) = rest.split_at_mut(rest.len().min((self.w - z) as usize));
            let there = if (0..self.n).contains(&image) && y < self.rows { self.cols - z } else { 0 };
            let first = base.wrapping_offset(((image * self.rows + y) * self.cols + z) * self.step);
            for (i, address) in row.iter_mut().enumerate() {
                let i = i as isize;
                *address = if i < there { first.wrapping_offset(i * self.step) } else { std::ptr::null_mut() };
            }
            q += row.len() as isize;
            rest = after;
        }
    }
}

impl Kernel for SignedRows {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, heap: &Heap) -> Checked<f64> {
        let Self { b0, b1, n, gh, gw, h, w, c, oh, ow, o, taps, first, entry, .. } = self;
        expect(0 <= b0 && b0 <= b1 && gh > 0 && gw > 0 && product(&[gh, gw])? > 0, "signedRows: range or grid")?;
        let dy = heap.at::<f32>("dy", self.dy, product(&[n, oh, ow, o])?)?;
        let dx = heap.at::<f32>("dx", self.dx, product(&[n, h, w, c])?)?;
        let offsets = heap.at::<i32>("offsets", self.offsets, product(&[(o + 3) / 4, c, taps])?)?;
        let tables = heap.at::<f32>("scratch", self.scratch, scratch_numbers(c, entry)?)?;
        let tables = tables.add((tables as usize).wrapping_neg() / 4 % ALIGN);
        let sets = groups(entry);
        let sums = tables.offset(sets * 16 * entry);
        let looks_up = looks_up::<I>(c);
        // Every offset must leave a block's positions within the tables.
        let all = std::slice::from_raw_parts(offsets, ((o + 3) / 4 * c * taps) as usize);
        let (position, index) = if looks_up { (64, 15) } else { (4, 0) };
        let last = sets * 16 * entry * 4 - (BLOCK as isize) * position as isize;
        expect(all.iter().all(|&at| at >= 0 && (at & !index) % position == 0 && (at & !index) as isize <= last), "signedRows: offsets")?;
        expect(!looks_up || entry % 4 == 0, "signedRows: entry")?;
        let source = Grid { n, h: gh, w: gw, rows: oh, cols: ow, step: o };
        let target = Grid { n, h: gh, w: gw, rows: h, cols: w, step: c };
        let mut from = vec![std::ptr::null_mut::<f32>(); entry as usize];
        let mut to = [std::ptr::null_mut::<f32>(); BLOCK];
        for b in b0..b1 {
            let start = b * BLOCK as isize;
            source.addresses(dy, start + first, &mut from);
            target.addresses(dx, start, &mut to);
            if to.iter().all(|to| to.is_null()) {
                continue;
            }
            sums.write_bytes(0, c as usize * BLOCK);
            let mut picks = all;
            for k in (0..o).step_by(4 * sets as usize) {
                let end = o.min(k + 4 * sets);
                for j in (k..end).step_by(4) {
                    let to = tables.offset((j - k) / 4 * 16 * entry);
                    match looks_up {
                        true => tabulate_rows::<I>(&from, j, (o - j).min(4) as usize, to),
                        false => tabulate_planes::<I>(&from, j, (o - j).min(4) as usize, to),
                    }
                }
                let count = ((end - k + 3) / 4 * taps) as usize;
                if looks_up {
                    let (own, rest) = picks.split_at(count * c as usize);
                    add_block::<I>(tables, own, count, sums, c);
                    picks = rest;
                    continue;
                }
                for i in 0..c as usize {
                    let (own, rest) = picks.split_at(count);
                    for span in (0..BLOCK).step_by(SPAN) {
                        add_taps::<I>(tables.add(span), own, sums.add(i * BLOCK + span));
                    }
                    picks = rest;
                }
            }
            match looks_up {
                true => put_rows(sums, &to, c as usize),
                false => scatter::<I>(sums, &to, c as usize),
            }
        }
        Ok(0.0)
    }
}

/// Where R positions from `i` on have four channels from `at` on: `width` of their own, zeros behind them in `rest`, and zeros
/// alone where a position has no numbers.
#[inline(always)]
unsafe fn rows_of<const R: usize>(from: &[*mut f32], i: usize, at: isize, width: usize, rest: &mut [[f32; 4]; R]) -> [*const f32; R] {
    static ZEROS: [f32; 4] = [0.0; 4];
    let mut rows = [ZEROS.as_ptr(); R];
    for q in 0..R {
        let p = from[i + q];
        if !p.is_null() {
            rows[q] = p.offset(at);
            if width < 4 {
                std::ptr::copy_nonoverlapping(rows[q], rest[q].as_mut_ptr(), width);
                rows[q] = rest[q].as_ptr();
            }
        }
    }
    rows
}

/// The 16 signed sums of `width` channels from `at` on over the positions; bit j stands for minus channel j.
#[inline(always)]
unsafe fn tabulate_planes<I: Lanes>(from: &[*mut f32], at: isize, width: usize, tables: *mut f32) {
    let size = from.len();
    let mut rest = [[0.0f32; 4]; 8];
    for i in (0..size).step_by(8) {
        let rows = rows_of(from, i, at, width, &mut rest);
        signed_sums::<I>(I::transpose4(&rows), tables.add(i), size);
    }
}

/// The same, position by position.
#[inline(always)]
unsafe fn tabulate_rows<I: Lanes>(from: &[*mut f32], at: isize, width: usize, tables: *mut f32) {
    let mut rest = [[0.0f32; 4]; 4];
    for i in (0..from.len()).step_by(4) {
        let rows = rows_of(from, i, at, width, &mut rest);
        I::signed_sums(&rows, tables.add(16 * i));
    }
}

/// Positions whose sums are in registers, with 64 channels.
const POSITIONS: usize = 4;

/// Adds what `picks` find, `count` of each channel, to the sums [128][c] of a block.
#[inline(always)]
unsafe fn add_block<I: Lanes>(tables: *const f32, picks: &[i32], count: usize, sums: *mut f32, c: isize) {
    let (mut first, mut picks) = (0, picks);
    while first < c {
        let width = together(c - first) as usize;
        let (own, rest) = picks.split_at(count * width);
        let stride = c as usize;
        let mut p = 0;
        while p < BLOCK {
            let (from, to) = ((tables as *const u8).add(64 * p), sums.offset(first).add(p * stride));
            p += match width {
                64 => {
                    I::add_lookups::<POSITIONS, 4>(from, own, to, stride);
                    POSITIONS
                }
                32 => {
                    I::add_lookups::<{ 2 * POSITIONS }, 2>(from, own, to, stride);
                    2 * POSITIONS
                }
                _ => {
                    I::add_lookups::<{ 4 * POSITIONS }, 1>(from, own, to, stride);
                    4 * POSITIONS
                }
            };
        }
        (first, picks) = (first + width as isize, rest);
    }
}

/// Copies sums [128][c] to the positions' channels.
unsafe fn put_rows(sums: *const f32, to: &[*mut f32; BLOCK], c: usize) {
    for (q, to) in to.iter().enumerate() {
        if !to.is_null() {
            std::ptr::copy_nonoverlapping(sums.add(q * c), *to, c);
        }
    }
}

/// Adds the picked entries of all taps to the sums of 64 positions.
#[inline(always)]
unsafe fn add_taps<I: Lanes>(tables: *const f32, picks: &[i32], sums: *mut f32) {
    let mut s = [I::splat(0.0); SPAN / 8];
    for i in 0..SPAN / 8 {
        s[i] = I::load(sums.add(8 * i));
    }
    for &pick in picks {
        let t = (tables as *const u8).offset(pick as isize) as *const f32;
        for i in 0..SPAN / 8 {
            s[i] = I::add(s[i], I::load(t.add(8 * i)));
        }
    }
    for i in 0..SPAN / 8 {
        I::store(sums.add(8 * i), s[i]);
    }
}

/// Writes sums [c][128] to the positions' channels.
#[inline(always)]
unsafe fn scatter<I: Lanes>(sums: *const f32, to: &[*mut f32; BLOCK], c: usize) {
    for i in (0..c).step_by(8) {
        let left = c - i;
        for q in (0..BLOCK).step_by(8) {
            let mut v = [I::splat(0.0); 8];
            for k in 0..left.min(8) {
                v[k] = I::load(sums.add((i + k) * BLOCK + q));
            }
            let v = I::transpose8(v);
            for k in 0..8 {
                if !to[q + k].is_null() {
                    I::store_part(to[q + k].add(i), v[k], left);
                }
            }
        }
    }
}
