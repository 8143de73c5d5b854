//! The input gradient where the filter is +-1; the method is explained in backend-wasm's assembly/training/signed-rows.ts.
use super::call::Kernel;
use super::calls::{PickOffsets, SignedRows, SignedRowsEntry, SignedRowsGroups, SignedRowsScratch};
use super::heap::{expect, product, Checked, Heap};
use super::lanes::Lanes;
use super::signed_outer::signed_sums;

/// Grid positions of a block.
const BLOCK: usize = 128;
/// Positions that are summed in registers.
const SPAN: usize = 64;

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
        let Self { taps, c, o, o0, o1, entry, .. } = self;
        expect(entry > 0 && 0 <= o0 && o0 <= o1 && o1 <= o, "pickOffsets: entry or range")?;
        expect(o0 % (4 * groups(entry)) == 0, "pickOffsets: range")?;
        let w = heap.at::<f32>("w", self.w, product(&[taps, c, o])?)?;
        let mut out = heap.at::<i32>("out", self.out, product(&[(o + 3) / 4, c, taps])?)?.offset(o0 / 4 * c * taps);
        let shifts = heap.at::<i32>("shifts", self.shifts, taps)?;
        let set = groups(entry) * 4;
        for k in (o0..o1).step_by(set as usize) {
            for i in 0..c {
                for j in (k..o1.min(k + set)).step_by(4) {
                    let width = (o - j).min(4);
                    for t in 0..taps {
                        let p = w.offset((t * c + i) * o + j);
                        let mut index = 0;
                        for b in 0..width {
                            let v = *p.offset(b);
                            if v.abs() != 1.0 {
                                return Ok(0.0);
                            }
                            index |= ((v.to_bits() >> 31) as isize) << b;
                        }
                        *out = (((j - k) / 4 * 16 + index) * entry * 4) as i32 + *shifts.offset(t);
                        out = out.offset(1);
                    }
                }
            }
        }
        Ok(1.0)
    }
}

/// Numbers of the scratch memory: tables, then sums.
fn scratch_numbers(c: isize, entry: isize) -> Checked<isize> {
    expect(entry > 0, "signedRows: entry")?;
    Ok(product(&[groups(entry) * 16, entry])? + product(&[c, BLOCK as isize])?)
}

impl Kernel for SignedRowsScratch {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, _: &Heap) -> Checked<f64> {
        Ok((scratch_numbers(self.c, self.entry)? * 4) as f64)
    }
}

/// Image, row and column of a position of the grid [n][gh][gw].
#[derive(Clone, Copy)]
struct Position {
    image: isize,
    y: isize,
    z: isize,
}

impl Position {
    #[inline(always)]
    fn of(q: isize, gh: isize, gw: isize) -> Self {
        let (image, rest) = (q.div_euclid(gh * gw), q.rem_euclid(gh * gw));
        Self { image, y: rest / gw, z: rest % gw }
    }

    #[inline(always)]
    fn next(&mut self, gh: isize, gw: isize) {
        self.z += 1;
        if self.z == gw {
            self.z = 0;
            self.y += 1;
            if self.y == gh {
                self.y = 0;
                self.image += 1;
            }
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
        let sets = groups(entry);
        let sums = tables.offset(sets * 16 * entry);
        // Every offset must leave a block's positions within the tables.
        let last = sets * 16 * entry * 4 - (BLOCK as isize) * 4;
        let all = std::slice::from_raw_parts(offsets, ((o + 3) / 4 * c * taps) as usize);
        expect(all.iter().all(|&at| at >= 0 && at % 4 == 0 && at as isize <= last), "signedRows: offsets")?;
        let size = entry as usize;
        let mut from = vec![std::ptr::null::<f32>(); size];
        for b in b0..b1 {
            let start = b * BLOCK as isize;
            let mut at = Position::of(start + first, gh, gw);
            for from in &mut from {
                let inside = (0..n).contains(&at.image) && at.y < oh && at.z < ow;
                *from = if inside { dy.offset(((at.image * oh + at.y) * ow + at.z) * o) } else { std::ptr::null() };
                at.next(gh, gw);
            }
            let mut to = [std::ptr::null_mut::<f32>(); BLOCK];
            let mut at = Position::of(start, gh, gw);
            for to in &mut to {
                if at.image < n && at.y < h && at.z < w {
                    *to = dx.offset(((at.image * h + at.y) * w + at.z) * c);
                }
                at.next(gh, gw);
            }
            if to.iter().all(|to| to.is_null()) {
                continue;
            }
            sums.write_bytes(0, c as usize * BLOCK);
            let mut picks = all;
            for k in (0..o).step_by(4 * sets as usize) {
                let end = o.min(k + 4 * sets);
                for j in (k..end).step_by(4) {
                    tabulate_planes::<I>(&from, j, (o - j).min(4) as usize, tables.offset((j - k) / 4 * 16 * entry));
                }
                let count = ((end - k + 3) / 4 * taps) as usize;
                for i in 0..c as usize {
                    let (own, rest) = picks.split_at(count);
                    for span in (0..BLOCK).step_by(SPAN) {
                        add_taps::<I>(tables.add(span), own, sums.add(i * BLOCK + span));
                    }
                    picks = rest;
                }
            }
            scatter::<I>(sums, &to, c as usize);
        }
        Ok(0.0)
    }
}

/// The 16 signed sums of `width` channels from `at` on over the positions; bit j stands for minus channel j.
#[inline(always)]
unsafe fn tabulate_planes<I: Lanes>(from: &[*const f32], at: isize, width: usize, tables: *mut f32) {
    let size = from.len();
    for i in (0..size).step_by(8) {
        let mut planes = [[0.0f32; 8]; 4];
        for q in 0..8 {
            let p = from[i + q];
            if p.is_null() {
                continue;
            }
            let p = p.offset(at);
            if width == 4 {
                for j in 0..4 {
                    planes[j][q] = *p.add(j);
                }
            } else {
                for j in 0..width {
                    planes[j][q] = *p.add(j);
                }
            }
        }
        let d = [I::load(&planes[0][0]), I::load(&planes[1][0]), I::load(&planes[2][0]), I::load(&planes[3][0])];
        signed_sums::<I>(d, tables.add(i), size);
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
        let count = (c - i).min(8);
        for (q, to) in to.iter().enumerate() {
            if to.is_null() {
                continue;
            }
            for k in 0..count {
                *to.add(i + k) = *sums.add((i + k) * BLOCK + q);
            }
        }
    }
}
