//! The filter gradient where the image is +-1; the method is explained in backend-wasm's assembly/training/signed-outer.ts.
use super::call::Kernel;
use super::calls::{SignBytes, SignedOuter, SignedOuterScratch, SubtractBorder};
use super::heap::{expect, product, Checked, Heap};
use super::lanes::{Floats, Lanes};

/// Pixels whose sums are tabulated at once, in groups of 4.
const PIXELS: usize = 32;
const GROUPS: usize = PIXELS / 4;
/// Numbers of a table's entry, at most: channels.
const ENTRY: usize = 32;
/// Where there are no more channels than this, entries have so many.
const NARROW: usize = 16;
/// Blocks of pixels whose sum is kept apart before it is added to the total, for accuracy.
const PARTIAL: usize = 64;
/// Blocks whose tables are held at the same time, at most.
const MOST_BLOCKS: usize = 2;
/// Bytes of partial sums that stay in the first-level cache beside the tables of a block.
const SUMS_IN_CACHE: usize = 1 << 15;
/// What a sign byte is for a negative number.
const NEGATIVE: u8 = 8;

impl Kernel for SignBytes {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, heap: &Heap) -> Checked<f64> {
        let Self { n0, n1, h, w, c, top, bottom, left, right, latent, .. } = self;
        expect(0 <= n0 && n0 <= n1 && top.min(bottom).min(left).min(right) >= 0, "signBytes: range or border")?;
        let row = product(&[w, c])?;
        let (out_row, rows) = (product(&[left + w + right, c])?, top + h + bottom);
        let mut x = heap.at::<f32>("x", self.x, product(&[n1, h, row])?)?.offset(n0 * h * row);
        let mut out = heap.at::<u8>("out", self.out, product(&[n1, rows, out_row])?)?.offset(n0 * rows * out_row);
        let magnitude = I::from_bits(I::splat_i(i32::MAX));
        let one = I::splat(1.0);
        for _ in n0..n1 {
            out.write_bytes(0, (rows * out_row) as usize);
            let mut to = out.offset(top * out_row + left * c);
            for _ in 0..h {
                let mut wrong = I::splat(0.0);
                let mut i = 0;
                while i + 16 <= row {
                    if !latent {
                        for j in [i, i + 8] {
                            wrong = I::or(wrong, I::xor(I::and(I::load(x.offset(j)), magnitude), one));
                        }
                    }
                    I::negative_bytes(x.offset(i), to.offset(i));
                    i += 16;
                }
                let mut exact = I::signs(I::ne(wrong, I::splat(0.0))) == 0;
                for i in i..row {
                    let v = *x.offset(i);
                    exact &= v.abs() == 1.0;
                    *to.offset(i) = if v < 0.0 { NEGATIVE } else { 0 };
                }
                if !latent && !exact {
                    return Ok(0.0);
                }
                x = x.offset(row);
                to = to.offset(out_row);
            }
            out = out.offset(rows * out_row);
        }
        Ok(1.0)
    }
}

/// The parts of the scratch memory: tables of each block, a block of dy, partial sums, picks of `PARTIAL` blocks.
struct Scratch {
    tables: [*mut f32; MOST_BLOCKS],
    block: *mut f32,
    partial: *mut f32,
    picks: *mut u8,
    /// Bytes of the picks of a block.
    pick_bytes: usize,
}

/// Picks are written 16 rows at a time, for each run.
const MORE_PICKS: isize = 16;

/// Numbers up to a 64-byte boundary: entries of tables then cross no line of the cache.
const ALIGN: usize = 16;

/// Numbers of a block's tables.
const TABLES: usize = 16 * GROUPS * ENTRY;

const fn scratch_numbers(rows: isize) -> isize {
    let picks = PARTIAL as isize * (rows + MORE_PICKS) * GROUPS as isize / 4;
    (ALIGN + MOST_BLOCKS * TABLES + PIXELS * ENTRY) as isize + rows * ENTRY as isize + picks
}

impl Kernel for SignedOuterScratch {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, _: &Heap) -> Checked<f64> {
        product(&[self.rows])?;
        Ok((scratch_numbers(self.rows) * 4) as f64)
    }
}

impl Scratch {
    unsafe fn new(heap: &Heap, at: isize, rows: isize) -> Checked<Self> {
        let tables = heap.at::<f32>("scratch", at, scratch_numbers(rows))?;
        let tables = tables.add((tables as usize).wrapping_neg() / 4 % ALIGN);
        let block = tables.add(MOST_BLOCKS * TABLES);
        let partial = block.add(PIXELS * ENTRY);
        let picks = partial.offset(rows * ENTRY as isize) as *mut u8;
        let pick_bytes = (rows + MORE_PICKS) as usize * GROUPS;
        Ok(Self { tables: std::array::from_fn(|i| tables.add(i * TABLES)), block, partial, picks, pick_bytes })
    }

    /// Adds what the picks of B blocks find in their tables to the partial sums of all rows, block after block.
    #[inline(always)]
    unsafe fn add_entries<V: Floats, const E: usize, const B: usize>(&self, picks: *const u8, rows: usize) {
        for row in 0..rows {
            let sums = self.partial.add(row * E);
            let mut all = [V::splat(0.0); MOST_VECTORS];
            for i in 0..E / V::N {
                all[i] = V::load(sums.add(i * V::N));
            }
            for block in 0..B {
                let pick = u64::from_le((picks.add(block * self.pick_bytes + row * GROUPS) as *const u64).read_unaligned());
                let tables = self.tables[block] as *const f32;
                // A pick is 8 times the entry's index.
                let entry = |g: usize| tables.add(16 * E * g + ((pick >> (8 * g)) & 0x78) as usize * (E / 8));
                let t = [entry(0), entry(1), entry(2), entry(3), entry(4), entry(5), entry(6), entry(7)];
                for i in 0..E / V::N {
                    let at = |g: usize| V::load(t[g].add(i * V::N));
                    let low = V::add(V::add(at(0), at(1)), V::add(at(2), at(3)));
                    let high = V::add(V::add(at(4), at(5)), V::add(at(6), at(7)));
                    all[i] = V::add(all[i], V::add(low, high));
                }
            }
            for i in 0..E / V::N {
                V::store(sums.add(i * V::N), all[i]);
            }
        }
    }
}

/// Vectors of an entry at most: of 8 numbers.
const MOST_VECTORS: usize = ENTRY / 8;

/// The 16 signed sums of four rows of E numbers; bit j of an entry's index stands for minus row j.
#[inline(always)]
unsafe fn tabulate<V: Floats, const E: usize>(rows: [*const f32; 4], table: *mut f32) {
    for i in (0..E).step_by(V::N) {
        let d = [V::load(rows[0].add(i)), V::load(rows[1].add(i)), V::load(rows[2].add(i)), V::load(rows[3].add(i))];
        signed_sums::<V>(d, table.add(i), E);
    }
}

/// Stores the 16 signed sums of four vectors, `stride` numbers apart.
#[inline(always)]
pub unsafe fn signed_sums<V: Floats>(d: [V::F; 4], table: *mut f32, stride: usize) {
    let (a0, a1) = (V::add(d[0], d[1]), V::sub(d[1], d[0]));
    let (b0, b1) = (V::add(d[2], d[3]), V::sub(d[3], d[2]));
    let a = [a0, a1, V::neg(a1), V::neg(a0)];
    let b = [b0, b1, V::neg(b1), V::neg(b0)];
    for k in 0..16 {
        V::store(table.add(k * stride), V::add(a[k & 3], b[k >> 2]));
    }
}

#[inline(always)]
unsafe fn add_row<V: Floats>(to: *mut f32, from: *const f32, count: usize) {
    for i in (0..count).step_by(V::N) {
        let left = count - i;
        V::store_part(to.add(i), V::add(V::load_part(to.add(i), left), V::load_part(from.add(i), left)), left);
    }
}

/// A checked call.
struct Sum {
    x: *const u8,
    dy: *const f32,
    out: *mut f32,
    picture: [isize; 2],
    steps: [isize; 3],
    runs: isize,
    run_stride: isize,
    m: isize,
    o: isize,
    o0: isize,
    o1: isize,
    m0: isize,
    m1: isize,
}

impl Sum {
    /// The picks of the pixels from `at` on (its image, row and column), which are `count`.
    #[inline(always)]
    unsafe fn pick<I: Lanes>(&self, at: &mut [isize; 3], count: usize, picks: *mut u8) {
        // Pixels past the end take any signs: their dy is 0.
        let mut pixels = [self.x; PIXELS];
        for pixel in &mut pixels[..count] {
            *pixel = self.x.offset(at[0] * self.steps[0] + at[1] * self.steps[1] + at[2] * self.steps[2]);
            at[2] += 1;
            if at[2] == self.picture[1] {
                at[2] = 0;
                at[1] += 1;
                if at[1] == self.picture[0] {
                    at[1] = 0;
                    at[0] += 1;
                }
            }
        }
        let part = self.m1 - self.m0;
        for run in 0..self.runs {
            let picks = picks.offset(run * part * GROUPS as isize);
            for i in (0..part).step_by(16) {
                I::picks(&pixels, run * self.run_stride + self.m0 + i, picks.offset(i * GROUPS as isize));
            }
        }
    }

    /// Adds the partial sums to the total of `width` channels from `c` on, or sets it, and clears them.
    #[inline(always)]
    unsafe fn flush<I: Lanes, const E: usize>(&self, partial: *mut f32, c: isize, width: usize, set: bool) {
        let mut sums = partial;
        for run in 0..self.runs {
            for r in self.m0..self.m1 {
                let to = self.out.offset((run * self.m + r) * self.o + c);
                if set {
                    to.write_bytes(0, width);
                }
                add_row::<I::Wide>(to, sums, width);
                sums.write_bytes(0, E);
                sums = sums.add(E);
            }
        }
    }

    /// Tabulates `width` channels from `c` on, at most E, of `count` pixels from `p` on.
    #[inline(always)]
    unsafe fn tabulate<V: Floats, const E: usize>(&self, scratch: &Scratch, [p, count]: [usize; 2], [c, width]: [usize; 2], tables: *mut f32) {
        let (mut from, mut stride) = (self.dy.add(p * self.o as usize + c), self.o as usize);
        if count < PIXELS || width < E {
            scratch.block.write_bytes(0, PIXELS * E);
            for i in 0..count {
                std::ptr::copy_nonoverlapping(from.add(i * stride), scratch.block.add(i * E), width);
            }
            (from, stride) = (scratch.block, E);
        }
        for g in 0..GROUPS {
            let rows = [from, from.add(stride), from.add(2 * stride), from.add(3 * stride)];
            tabulate::<V, E>(rows, tables.add(16 * E * g));
            from = from.wrapping_add(4 * stride);
        }
    }

    /// `width` channels from `c` on, at most E, of the pixels from `start` to `end`, at most `PARTIAL` blocks. The channels that come
    /// first note the picks, in the places of all blocks if others follow, else in those of the blocks in work.
    #[inline(always)]
    unsafe fn channels<I: Lanes, const E: usize>(&self, scratch: &Scratch, at: &mut [isize; 3], [start, end]: [usize; 2], [c, width]: [usize; 2]) {
        let rows = (self.runs * (self.m1 - self.m0)) as usize;
        let (first, several) = (c as isize == self.o0, self.o1 - self.o0 > ENTRY as isize);
        // Two blocks at a time pay where the sums pass through the first-level cache.
        let most = if rows * E * 4 > SUMS_IN_CACHE { I::BLOCKS } else { 1 };
        for p in (start..end).step_by(PIXELS * most) {
            let picks = scratch.picks.add(if several { (p - start) / PIXELS * scratch.pick_bytes } else { 0 });
            let mut blocks = 0;
            for q in (p..end).step_by(PIXELS).take(most) {
                let count = PIXELS.min(end - q);
                if first {
                    self.pick::<I>(at, count, picks.add(blocks * scratch.pick_bytes));
                }
                self.tabulate::<I::Wide, E>(scratch, [q, count], [c, width], scratch.tables[blocks]);
                blocks += 1;
            }
            match blocks {
                1 => scratch.add_entries::<I::Wide, E, 1>(picks, rows),
                _ => scratch.add_entries::<I::Wide, E, 2>(picks, rows),
            }
        }
        self.flush::<I, E>(scratch.partial, c as isize, width, start == 0);
    }
}

impl Kernel for SignedOuter {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, heap: &Heap) -> Checked<f64> {
        let Self { n, oh, ow, x_n, x_h, x_w, runs, run_stride, m, o, o0, o1, m0, m1, .. } = self;
        expect(0 <= m0 && m0 <= m1 && m1 <= m && 0 <= o0 && o0 <= o1 && o1 <= o, "signedOuter: ranges")?;
        let part = m1 - m0;
        let (rows, total) = (product(&[runs, part])?, product(&[n, oh, ow])?);
        // Sign bytes are read 16 at a time.
        let read = m0 + (part + 15) / 16 * 16;
        let x = heap.span::<u8>("x", self.x, &[(n, x_n), (oh, x_h), (ow, x_w), (runs, run_stride)], read)?;
        let dy = heap.at::<f32>("dy", self.dy, product(&[total, o])?)?;
        let out = heap.at::<f32>("out", self.out, product(&[runs, m, o])?)?;
        let scratch = Scratch::new(heap, self.scratch, rows)?;
        if rows == 0 || total == 0 {
            return expect(total > 0, "signedOuter: no pixels").map(|()| 0.0);
        }
        let (picture, steps) = ([oh, ow], [x_n, x_h, x_w]);
        let sum = Sum { x, dy, out, picture, steps, runs, run_stride, m, o, o0, o1, m0, m1 };
        scratch.partial.write_bytes(0, rows as usize * ENTRY);
        let (total, mut at) = (total as usize, [0; 3]);
        for start in (0..total).step_by(PARTIAL * PIXELS) {
            let pixels = [start, total.min(start + PARTIAL * PIXELS)];
            for c in (o0..o1).step_by(ENTRY) {
                let width = (o1 - c).min(ENTRY as isize) as usize;
                if width > NARROW {
                    sum.channels::<I, ENTRY>(&scratch, &mut at, pixels, [c as usize, width]);
                } else {
                    sum.channels::<I, NARROW>(&scratch, &mut at, pixels, [c as usize, width]);
                }
            }
        }
        Ok(0.0)
    }
}

impl Kernel for SubtractBorder {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, heap: &Heap) -> Checked<f64> {
        let Self { n, h, w, c, oh, ow, o, o0, o1, kh, kw, sh, sw, top, left, .. } = self;
        expect(0 <= o0 && o0 <= o1 && o1 <= o && n >= 0 && c >= 0, "subtractBorder: range")?;
        let dy = heap.at::<f32>("dy", self.dy, product(&[n, oh, ow, o])?)?;
        let out = heap.at::<f32>("out", self.out, product(&[kh, kw, c, o])?)?;
        let width = (o1 - o0) as usize;
        let sums = heap.at::<f32>("sums", self.sums, o1 - o0)?;
        for a in 0..kh {
            for b in 0..kw {
                sums.write_bytes(0, width);
                let mut any = false;
                for y in 0..oh {
                    let row_out = !(0..h).contains(&(y * sh + a - top));
                    for z in 0..ow {
                        if !row_out && (0..w).contains(&(z * sw + b - left)) {
                            continue;
                        }
                        any = true;
                        for i in 0..n {
                            add_row::<I::Wide>(sums, dy.offset(((i * oh + y) * ow + z) * o + o0), width);
                        }
                    }
                }
                if !any {
                    continue;
                }
                for i in 0..c {
                    let to = out.offset(((a * kw + b) * c + i) * o + o0);
                    for k in (0..width).step_by(8) {
                        let left = width - k;
                        let rest = I::sub(I::load_part(to.add(k), left), I::load_part(sums.add(k), left));
                        I::store_part(to.add(k), rest, left);
                    }
                }
            }
        }
        Ok(0.0)
    }
}
