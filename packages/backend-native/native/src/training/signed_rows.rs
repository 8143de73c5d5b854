//! The input gradient where the filter is +-1. The four Russians, as in backend-wasm's assembly/training/signed-rows.ts: the 16 signed
//! sums of four channels of dy are tabulated, and each (tap, input channel) adds the one that the filter's four signs pick. Here the
//! lanes of a vector are rows that lie far apart, of one image or of several: a tap is then a shift by whole vectors, all loads are
//! aligned, and one pick serves as many vectors as there are sums in registers. The order of the sum is the same.
use super::call::Kernel;
use super::calls::{PickOffsets, SignedRows, SignedRowsBlocks, SignedRowsEntry, SignedRowsGroups, SignedRowsScratch};
use super::grid::{Deal, Grid};
use super::heap::{expect, product, Checked, Heap};
use super::lanes::{Floats, Lanes, MOST};
use super::signed_outer::signed_sums;

/// Positions whose sums are in registers.
const TILE: usize = 4;
/// Numbers up to a 64-byte boundary, where tables begin.
const ALIGN: usize = 16;

/// Groups of four channels whose tables are made at once: those of the vectors that a tile adds stay in the first-level cache, and
/// its sums are not loaded and stored for few of them. `reach` is 0 where there is one tap.
fn groups(reach: isize) -> isize {
    if reach == 0 { 8 } else { 2 }
}

/// Positions of a block at most: sums, and tables of some of the channels, stay in the second-level cache.
fn block(c: isize) -> isize {
    ((1 << 14) / c.max(1)).clamp(32, 256) & !3
}

impl Kernel for SignedRowsGroups {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, _: &Heap) -> Checked<f64> {
        Ok(groups(self.entry) as f64)
    }
}

impl Kernel for SignedRowsEntry {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, _: &Heap) -> Checked<f64> {
        Ok(self.halo as f64)
    }
}

impl Kernel for SignedRowsBlocks {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, _: &Heap) -> Checked<f64> {
        let deal = Deal::new(I::Wide::N, self.n, self.h);
        Ok(product(&[deal.batches(self.n), deal.rows, self.gw])? as f64)
    }
}

impl Kernel for PickOffsets {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, heap: &Heap) -> Checked<f64> {
        let Self { taps, c, o, o0, o1, entry, latent, .. } = self;
        expect(entry >= 0 && 0 <= o0 && o0 <= o1 && o1 <= o, "pickOffsets: entry or range")?;
        expect(o0 % (4 * groups(entry)) == 0, "pickOffsets: range")?;
        let w = heap.at::<f32>("w", self.w, product(&[taps, c, o])?)?;
        let out = heap.at::<i32>("out", self.out, product(&[(o + 3) / 4, c, taps])?)?;
        let shifts = heap.at::<i32>("shifts", self.shifts, taps)?;
        let set = groups(entry) * 4;
        let vector = 4 * I::Wide::N as isize;
        let magnitude = I::from_bits(I::splat_i(i32::MAX));
        // For each four channels: where their set begins, how many groups it has, and which of them they are.
        let places: Vec<[isize; 3]> = (o0..o1)
            .step_by(4)
            .map(|j| [j / set * set / 4 * c * taps, ((o1 - j / set * set).min(set) + 3) / 4, j % set / 4])
            .collect();
        for i in 0..c {
            for t in 0..taps {
                let row = w.offset((t * c + i) * o);
                // A shift counts 4 bytes a position.
                let position = *shifts.offset(t) as isize / 4 * groups(entry);
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
                        let at = ((position + group) * 16 + index) * vector;
                        *out.offset(start + (i * many + group) * taps + t) = at as i32;
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

/// Numbers of the tables of a block, for vectors of `lanes`.
fn table_numbers(lanes: usize, c: isize, reach: isize) -> Checked<isize> {
    expect(reach >= 0 && c >= 0, "signedRows: entry or channels")?;
    product(&[block(c) + reach, groups(reach) * 16, lanes as isize])
}

/// Numbers of the scratch memory: tables, then sums.
fn scratch_numbers(lanes: usize, c: isize, reach: isize) -> Checked<isize> {
    Ok(ALIGN as isize + table_numbers(lanes, c, reach)? + product(&[block(c), c, lanes as isize])?)
}

impl Kernel for SignedRowsScratch {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, _: &Heap) -> Checked<f64> {
        Ok((scratch_numbers(I::Wide::N, self.c, self.entry)? * 4) as f64)
    }
}

/// A checked call.
struct Rows<'a> {
    picks: &'a [i32],
    tables: *mut f32,
    sums: *mut f32,
    c: usize,
    o: usize,
    taps: usize,
    sets: usize,
    /// Columns of the grid, and how many of them have sums.
    columns: [usize; 2],
}

impl Rows<'_> {
    /// The sums of `count` positions from position `p` of the lanes' strips on; `from` [lanes][count + reach] are addresses of dy.
    #[inline(always)]
    unsafe fn sum<I: Lanes>(&self, from: &[*mut f32], p: usize, count: usize) {
        let each = from.len() / I::Wide::N;
        let mut picks = self.picks;
        for k in (0..self.o).step_by(4 * self.sets) {
            let end = self.o.min(k + 4 * self.sets);
            for j in (k..end).step_by(4) {
                let to = self.tables.add((j - k) / 4 * 16 * I::Wide::N);
                tabulate::<I>(from, each, [j, (self.o - j).min(4)], to, self.sets * 16 * I::Wide::N);
            }
            let (own, rest) = picks.split_at((end - k).div_ceil(4) * self.taps * self.c);
            let mut q = 0;
            while q < count {
                // Of each row of the grid, the columns that have sums.
                let z = (p + q) % self.columns[0];
                let row = (self.columns[0] - z).min(count - q);
                self.add_row::<I::Wide>(own, q, row.min(self.columns[1].saturating_sub(z)), k == 0);
                q += row;
            }
            picks = rest;
        }
    }

    /// Adds what `picks` find to the sums of `count` neighbours from `q` on.
    #[inline(always)]
    unsafe fn add_row<V: Floats>(&self, picks: &[i32], q: usize, count: usize, begin: bool) {
        let mut at = q;
        while at < q + count {
            at += match q + count - at {
                TILE.. => self.add::<V, TILE>(picks, at, begin),
                2.. => self.add::<V, 2>(picks, at, begin),
                _ => self.add::<V, 1>(picks, at, begin),
            };
        }
    }

    /// Adds what `picks` [c][..] find to the sums [c][lanes] of P neighbours, P.
    #[inline(always)]
    unsafe fn add<V: Floats, const P: usize>(&self, picks: &[i32], q: usize, begin: bool) -> usize {
        let stride = self.sets * 16 * V::N;
        let tables: [*const u8; P] = std::array::from_fn(|p| self.tables.add((q + p) * stride) as *const u8);
        for (i, own) in picks.chunks_exact(picks.len() / self.c).enumerate() {
            let sums: [*mut f32; P] = std::array::from_fn(|p| self.sums.add(((q + p) * self.c + i) * V::N));
            let mut s = [V::splat(0.0); P];
            if !begin {
                for p in 0..P {
                    s[p] = V::load(sums[p]);
                }
            }
            for &pick in own {
                for p in 0..P {
                    s[p] = V::add(s[p], V::load(tables[p].add(pick as usize) as *const f32));
                }
            }
            for p in 0..P {
                V::store(sums[p], s[p]);
            }
        }
        P
    }

    /// Writes the sums of `count` positions to the positions' channels; `to` [lanes][count] are addresses of dx.
    #[inline(always)]
    unsafe fn scatter<I: Lanes>(&self, to: &[*mut f32], count: usize) {
        for q in 0..count {
            for half in (0..I::Wide::N).step_by(8) {
                let to: [*mut f32; 8] = std::array::from_fn(|l| to[(half + l) * count + q]);
                if to.iter().all(|to| to.is_null()) {
                    continue;
                }
                for i in (0..self.c).step_by(8) {
                    let left = self.c - i;
                    let mut v = [I::splat(0.0); 8];
                    for k in 0..left.min(8) {
                        v[k] = I::load(self.sums.add((q * self.c + i + k) * I::Wide::N + half));
                    }
                    let v = I::transpose8(v);
                    for l in 0..8 {
                        if !to[l].is_null() {
                            I::store_part(to[l].add(i), v[l], left);
                        }
                    }
                }
            }
        }
    }
}

/// The 16 signed sums of `width` channels, 1 to 4, from `j` on, of each of `each` positions of the lanes, `stride` numbers apart;
/// bit i of a sum's index stands for minus channel i.
#[inline(always)]
unsafe fn tabulate<I: Lanes>(from: &[*mut f32], each: usize, [j, width]: [usize; 2], to: *mut f32, stride: usize) {
    // Some positions at a time, so that no vector is loaded as soon as its halves are stored.
    const SOME: usize = 4;
    static ZEROS: [f32; 4] = [0.0; 4];
    let mut planes = [[[0.0f32; MOST]; 4]; SOME];
    let mut part = [[0.0f32; 4]; 8];
    for first in (0..each).step_by(SOME) {
        let some = SOME.min(each - first);
        for q in 0..some {
            for half in (0..I::Wide::N).step_by(8) {
                let mut rows = [ZEROS.as_ptr(); 8];
                for l in 0..8 {
                    let p = from[(half + l) * each + first + q];
                    if !p.is_null() {
                        rows[l] = p.add(j);
                        if width < 4 {
                            std::ptr::copy_nonoverlapping(rows[l], part[l].as_mut_ptr(), width);
                            rows[l] = part[l].as_ptr();
                        }
                    }
                }
                let v = I::transpose4(&rows);
                for i in 0..4 {
                    I::store(planes[q][i].as_mut_ptr().add(half), v[i]);
                }
            }
        }
        for q in 0..some {
            let d = [0, 1, 2, 3].map(|i| I::Wide::load(planes[q][i].as_ptr()));
            signed_sums::<I::Wide>(d, to.add((first + q) * stride), I::Wide::N);
        }
    }
}

impl Kernel for SignedRows {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, heap: &Heap) -> Checked<f64> {
        let Self { b0, b1, n, gh, gw, h, w, c, oh, ow, o, taps, first, entry, .. } = self;
        let lanes = I::Wide::N;
        expect(0 <= b0 && b0 <= b1 && gh >= h && gw >= w && w > 0 && product(&[gh, gw])? > 0, "signedRows: range or grid")?;
        let dy = heap.at::<f32>("dy", self.dy, product(&[n, oh, ow, o])?)?;
        let dx = heap.at::<f32>("dx", self.dx, product(&[n, h, w, c])?)?;
        let offsets = heap.at::<i32>("offsets", self.offsets, product(&[(o + 3) / 4, c, taps])?)?;
        let scratch = heap.at::<f32>("scratch", self.scratch, scratch_numbers(lanes, c, entry)?)?;
        if c == 0 {
            return Ok(0.0);
        }
        let tables = scratch.add((scratch as usize).wrapping_neg() / 4 % ALIGN);
        let sums = tables.offset(table_numbers(lanes, c, entry)?);
        let (most, sets) = (block(c), groups(entry));
        let picks = std::slice::from_raw_parts(offsets, ((o + 3) / 4 * c * taps) as usize);
        // A pick from any position of a block must stay within the tables.
        let vector = 4 * lanes as isize;
        let last = (((entry + 1) * sets) * 16 - 1) * vector;
        expect(picks.iter().all(|&at| at >= 0 && at as isize % vector == 0 && at as isize <= last), "signedRows: offsets")?;
        let source = Grid { n, h: gh, w: gw, rows: oh, cols: ow, step: o };
        let target = Grid { n, h: gh, w: gw, rows: h, cols: w, step: c };
        let [c, o, taps, sets] = [c, o, taps, sets].map(|size| size as usize);
        let rows = Rows { picks, tables, sums, c, o, taps, sets, columns: [gw as usize, w as usize] };
        let deal = Deal::new(lanes, n, h);
        let strip = deal.rows * gw;
        let mut from = vec![std::ptr::null_mut::<f32>(); lanes * (most + entry) as usize];
        let mut to = vec![std::ptr::null_mut::<f32>(); lanes * most as usize];
        let mut b = b0;
        while b < b1 {
            let (batch, p) = (b / strip, b % strip);
            let count = most.min(b1 - b).min(strip - p);
            let (each, many) = ((count + entry) as usize, count as usize);
            for l in 0..lanes as isize {
                let (image, y) = (batch * deal.images + l / deal.strips, l % deal.strips * deal.rows);
                let start = (image * gh + y) * gw + p;
                source.addresses(dy, start + first, &mut from[l as usize * each..][..each]);
                let to = &mut to[l as usize * many..][..many];
                target.addresses(dx, start, to);
                // Rows past an image's last may be another image's, which another lane has.
                to[((h - y) * gw - p).clamp(0, count) as usize..].fill(std::ptr::null_mut());
            }
            rows.sum::<I>(&from[..lanes * each], p as usize, many);
            rows.scatter::<I>(&to[..lanes * many], many);
            b += count;
        }
        Ok(0.0)
    }
}
