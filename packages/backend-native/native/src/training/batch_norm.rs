//! Batch normalization of a training step; methods and order as in backend-wasm's assembly/training/batch-norm.ts.
use super::call::{Elementary, Kernel};
use super::calls::{
    BatchNormApply, BatchNormGradApply, BatchNormGradParameters, BatchNormGradSums, BatchNormMoments, BatchNormSegment,
    BatchNormStatistics, SegmentRows, SumParts,
};
use super::heap::{expect, product, Checked, Heap};
use super::lanes::{stream_block, streams, Floats, Lanes, BLOCK, MOST};
use std::mem::MaybeUninit;

/// Segments that rows are cut into at most.
const SEGMENTS: isize = 16;

/// Rows of a segment, a multiple of `unit`.
fn segment_rows(rows: isize, unit: isize) -> Checked<isize> {
    expect(rows >= 0 && unit > 0, "rows of a segment")?;
    let least = (rows + SEGMENTS - 1) / SEGMENTS;
    Ok(((least + unit - 1) / unit).max(1) * unit)
}

/// Rows of a chunk whose sums are in float32.
fn chunk_rows(c: isize) -> isize {
    (4096 / c.max(1)).clamp(8, 256)
}

fn batch_norm_segment(rows: isize, c: isize) -> Checked<isize> {
    segment_rows(rows, chunk_rows(c))
}

impl Kernel for SegmentRows {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, _: &Heap) -> Checked<f64> {
        Ok(segment_rows(self.rows, self.unit)? as f64)
    }
}

impl Kernel for BatchNormSegment {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, _: &Heap) -> Checked<f64> {
        Ok(batch_norm_segment(self.rows, self.c)? as f64)
    }
}

impl Elementary for SumParts {
    #[inline(always)]
    unsafe fn run<V: Floats>(self, heap: &Heap) -> Checked<f64> {
        let Self { parts, size, i0, i1, .. } = self;
        expect(parts > 0 && 0 <= i0 && i0 <= i1 && i1 <= size, "sumParts: range")?;
        let x = heap.at::<f32>("x", self.x, product(&[parts, size])?)?;
        let out = heap.at::<f32>("out", self.out, size)?;
        for i in (i0..i1).step_by(V::N) {
            let left = (i1 - i) as usize;
            let mut sum = V::load_part(x.offset(i), left);
            for k in 1..parts {
                sum = V::add(sum, V::load_part(x.offset(k * size + i), left));
            }
            V::store_part(out.offset(i), sum, left);
        }
        Ok(0.0)
    }
}

/// The rows of a segment.
fn rows_of(segment: isize, size: isize, rows: isize) -> (isize, isize) {
    ((segment * size).min(rows), ((segment + 1) * size).min(rows))
}

/// Calls `$body` for vectors of channels from `$i` on, `$left` of which there are: `Q` at a time.
macro_rules! channels {
    ($c:expr, $body:ident, $($argument:expr),*) => {{
        let (mut i, c) = (0, $c);
        while i + 4 * V::N <= c {
            $body::<V, 4>(i, 4 * V::N, $($argument),*);
            i += 4 * V::N;
        }
        while i + V::N <= c {
            $body::<V, 1>(i, V::N, $($argument),*);
            i += V::N;
        }
        if i < c {
            $body::<V, 1>(i, c - i, $($argument),*);
        }
    }};
}

/// A chunk of rows: its first number, how many rows, numbers from row to row.
#[derive(Clone, Copy)]
struct Chunk {
    x: *const f32,
    count: usize,
    c: usize,
}

/// `Q` vectors of a row, `left` numbers of which are there.
#[inline(always)]
unsafe fn load<V: Floats, const Q: usize>(p: *const f32, left: usize) -> [V::F; Q] {
    let mut v = [V::splat(0.0); Q];
    for q in 0..Q {
        v[q] = V::load_part(p.add(V::N * q), left - V::N * q);
    }
    v
}

/// The mean and what is left of it, and the sum of squares about it, of channels from `i` on.
#[inline(always)]
unsafe fn moments<V: Floats, const Q: usize>(i: usize, left: usize, chunk: Chunk, seen: f64, sums: *mut f64) {
    let zero = [V::splat(0.0); Q];
    let (mut mean, mut squares, mut rest) = (zero, zero, zero);
    for k in 0..chunk.count {
        let v = load::<V, Q>(chunk.x.add(k * chunk.c + i), left);
        for q in 0..Q {
            mean[q] = V::add(mean[q], v[q]);
        }
    }
    let inverse = V::splat(1.0 / chunk.count as f32);
    for q in 0..Q {
        mean[q] = V::mul(mean[q], inverse);
    }
    for k in 0..chunk.count {
        let v = load::<V, Q>(chunk.x.add(k * chunk.c + i), left);
        for q in 0..Q {
            let d = V::sub(v[q], mean[q]);
            squares[q] = V::add(squares[q], V::mul(d, d));
            rest[q] = V::add(rest[q], d);
        }
    }
    let n = chunk.count as f64;
    let total = seen + n;
    for q in 0..Q {
        let (mut m, mut r, mut s) = ([0.0f32; MOST], [0.0f32; MOST], [0.0f32; MOST]);
        V::store(m.as_mut_ptr(), mean[q]);
        V::store(r.as_mut_ptr(), rest[q]);
        V::store(s.as_mut_ptr(), squares[q]);
        for k in 0..(left - V::N * q).min(V::N) {
            let (p, m2) = (sums.add(i + V::N * q + k), sums.add(chunk.c + i + V::N * q + k));
            let shift = r[k] as f64 / n;
            let delta = m[k] as f64 + shift - *p;
            *p += delta * n / total;
            let own = s[k] as f64 - shift * r[k] as f64;
            *m2 = *m2 + if own < 0.0 { 0.0 } else { own } + delta * delta * seen * n / total;
        }
    }
}

impl Elementary for BatchNormMoments {
    #[inline(always)]
    unsafe fn run<V: Floats>(self, heap: &Heap) -> Checked<f64> {
        let Self { s0, s1, rows, c, .. } = self;
        expect(0 <= s0 && s0 <= s1 && s1 <= SEGMENTS + 1, "batchNormMoments: segments")?;
        let x = heap.at::<f32>("x", self.x, product(&[rows, c])?)?;
        let sums = heap.at::<f64>("sums", self.sums, product(&[s1, 2, c])?)?;
        heap.at::<f32>("chunk", self.chunk, c)?;
        let size = batch_norm_segment(rows, c)?;
        for s in s0..s1 {
            let (r0, r1) = rows_of(s, size, rows);
            let sums = sums.offset(2 * s * c);
            sums.write_bytes(0, 2 * c as usize);
            let mut r = r0;
            while r < r1 {
                let count = chunk_rows(c).min(r1 - r);
                let chunk = Chunk { x: x.offset(r * c), count: count as usize, c: c as usize };
                channels!(chunk.c, moments, chunk, (r - r0) as f64, sums);
                r += count;
            }
        }
        Ok(0.0)
    }
}

impl Kernel for BatchNormStatistics {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, heap: &Heap) -> Checked<f64> {
        let Self { rows, c, epsilon, .. } = self;
        let size = batch_norm_segment(rows, c)?;
        let sums = heap.at::<f64>("sums", self.sums, product(&[(rows + size - 1) / size, 2, c])?)?;
        let [mean, lost, variance, inverse] = [
            heap.at::<f32>("mean", self.mean, c)?,
            heap.at::<f32>("lost", self.lost, c)?,
            heap.at::<f32>("variance", self.variance, c)?,
            heap.at::<f32>("inverse", self.inverse, c)?,
        ];
        // All segments, in the place of the first.
        for (s, r) in (size..rows).step_by(size as usize).enumerate() {
            let own = sums.offset(2 * (s as isize + 1) * c);
            let (seen, n) = (r as f64, size.min(rows - r) as f64);
            for i in 0..c {
                let delta = *own.offset(i) - *sums.offset(i);
                *sums.offset(i) += delta * n / (seen + n);
                let m2 = sums.offset(c + i);
                *m2 = *m2 + *own.offset(c + i) + delta * delta * seen * n / (seen + n);
            }
        }
        for i in 0..c {
            let (exact, v) = (*sums.offset(i), *sums.offset(c + i) / rows as f64);
            *mean.offset(i) = exact as f32;
            *lost.offset(i) = (exact - exact as f32 as f64) as f32;
            *variance.offset(i) = v as f32;
            *inverse.offset(i) = (1.0 / (v + epsilon).sqrt()) as f32;
        }
        Ok(0.0)
    }
}

impl Elementary for BatchNormApply {
    #[inline(always)]
    unsafe fn run<V: Floats>(self, heap: &Heap) -> Checked<f64> {
        let Self { r0, r1, c, .. } = self;
        expect(0 <= r0 && r0 <= r1, "batchNormApply: range")?;
        let (x, y) = (heap.at::<f32>("x", self.x, product(&[r1, c])?)?, heap.at::<f32>("y", self.y, product(&[r1, c])?)?);
        let [gamma, beta, mean, lost, inverse] = [
            heap.at::<f32>("gamma", self.gamma, c)?,
            heap.at::<f32>("beta", self.beta, c)?,
            heap.at::<f32>("mean", self.mean, c)?,
            heap.at::<f32>("lost", self.lost, c)?,
            heap.at::<f32>("inverse", self.inverse, c)?,
        ];
        // A vector of channels at a time over chunks of rows: the factors of a channel stay in registers.
        let streamed = streams((r1 - r0) * c, chunk_rows(c) * c);
        let mut block = MaybeUninit::<[f32; BLOCK]>::uninit();
        let mut r = r0;
        while r < r1 {
            let count = chunk_rows(c).min(r1 - r);
            let to = if streamed { block.as_mut_ptr() as *mut f32 } else { y.offset(r * c) };
            for i in (0..c).step_by(V::N) {
                let left = (c - i) as usize;
                let part = |p: *mut f32| V::load_part(p.offset(i), left);
                let (m, l, b) = (part(mean), part(lost), part(beta));
                let scale = V::mul(part(gamma), part(inverse));
                for k in r..r + count {
                    let at = k * c + i;
                    let d = V::sub(V::sub(V::load_part(x.offset(at), left), m), l);
                    V::store_part(to.offset(at - r * c), V::add(V::mul(d, scale), b), left);
                }
            }
            if streamed {
                stream_block::<V>(to, y.offset(r * c), (count * c) as usize);
            }
            r += count;
        }
        V::streamed();
        Ok(0.0)
    }
}

/// Adds the chunk's sums of dy, dy (x - mean) and x - mean to `sums` [3][c].
#[inline(always)]
unsafe fn gradient_sums<V: Floats, const Q: usize>(
    i: usize,
    left: usize,
    chunk: Chunk,
    dy: *const f32,
    mean: *const f32,
    sums: *mut f64,
) {
    let zero = [V::splat(0.0); Q];
    let mut all = [zero; 3];
    let m = load::<V, Q>(mean.add(i), left);
    for k in 0..chunk.count {
        let v = load::<V, Q>(chunk.x.add(k * chunk.c + i), left);
        let g = load::<V, Q>(dy.add(k * chunk.c + i), left);
        for q in 0..Q {
            let d = V::sub(v[q], m[q]);
            all[0][q] = V::add(all[0][q], g[q]);
            all[1][q] = V::add(all[1][q], V::mul(g[q], d));
            all[2][q] = V::add(all[2][q], d);
        }
    }
    for (which, all) in all.iter().enumerate() {
        for q in 0..Q {
            let mut own = [0.0f32; MOST];
            V::store(own.as_mut_ptr(), all[q]);
            for k in 0..(left - V::N * q).min(V::N) {
                *sums.add(which * chunk.c + i + V::N * q + k) += own[k] as f64;
            }
        }
    }
}

impl Elementary for BatchNormGradSums {
    #[inline(always)]
    unsafe fn run<V: Floats>(self, heap: &Heap) -> Checked<f64> {
        let Self { s0, s1, rows, c, .. } = self;
        expect(0 <= s0 && s0 <= s1 && s1 <= SEGMENTS + 1, "batchNormGradSums: segments")?;
        let x = heap.at::<f32>("x", self.x, product(&[rows, c])?)?;
        let dy = heap.at::<f32>("dy", self.dy, product(&[rows, c])?)?;
        let mean = heap.at::<f32>("mean", self.mean, c)?;
        let sums = heap.at::<f64>("sums", self.sums, product(&[s1, 3, c])?)?;
        let size = batch_norm_segment(rows, c)?;
        for s in s0..s1 {
            let (mut r, r1) = rows_of(s, size, rows);
            let sums = sums.offset(3 * s * c);
            sums.write_bytes(0, 3 * c as usize);
            while r < r1 {
                let count = chunk_rows(c).min(r1 - r);
                let chunk = Chunk { x: x.offset(r * c), count: count as usize, c: c as usize };
                channels!(chunk.c, gradient_sums, chunk, dy.offset(r * c), mean, sums);
                r += count;
            }
        }
        Ok(0.0)
    }
}

impl Kernel for BatchNormGradParameters {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, heap: &Heap) -> Checked<f64> {
        let Self { rows, c, .. } = self;
        let size = batch_norm_segment(rows, c)?;
        let segments = (rows + size - 1) / size;
        let sums = heap.at::<f64>("sums", self.sums, product(&[segments, 3, c])?)?;
        let inverse = heap.at::<f32>("inverse", self.inverse, c)?;
        let [dgamma, dbeta, lost] = [
            heap.at::<f32>("dgamma", self.dgamma, c)?,
            heap.at::<f32>("dbeta", self.dbeta, c)?,
            heap.at::<f32>("lost", self.lost, c)?,
        ];
        for s in 1..segments {
            for i in 0..3 * c {
                *sums.offset(i) += *sums.offset(3 * s * c + i);
            }
        }
        for i in 0..c {
            let (sum, along) = (*sums.offset(i), *sums.offset(c + i));
            let shift = *sums.offset(2 * c + i) / rows as f64;
            *dbeta.offset(i) = sum as f32;
            *dgamma.offset(i) = ((along - shift * sum) * *inverse.offset(i) as f64) as f32;
            *lost.offset(i) = shift as f32;
        }
        Ok(0.0)
    }
}

impl Elementary for BatchNormGradApply {
    #[inline(always)]
    unsafe fn run<V: Floats>(self, heap: &Heap) -> Checked<f64> {
        let Self { rows, r0, r1, c, .. } = self;
        expect(0 <= r0 && r0 <= r1, "batchNormGradApply: range")?;
        let all = product(&[r1, c])?;
        let (x, dy) = (heap.at::<f32>("x", self.x, all)?, heap.at::<f32>("dy", self.dy, all)?);
        let dx = heap.at::<f32>("dx", self.dx, all)?;
        let [gamma, mean, lost, inverse, dgamma, dbeta] = [
            heap.at::<f32>("gamma", self.gamma, c)?,
            heap.at::<f32>("mean", self.mean, c)?,
            heap.at::<f32>("lost", self.lost, c)?,
            heap.at::<f32>("inverse", self.inverse, c)?,
            heap.at::<f32>("dgamma", self.dgamma, c)?,
            heap.at::<f32>("dbeta", self.dbeta, c)?,
        ];
        let parts = V::splat(1.0 / rows as f32);
        let streamed = streams((r1 - r0) * c, chunk_rows(c) * c);
        let mut block = MaybeUninit::<[f32; BLOCK]>::uninit();
        let mut r = r0;
        while r < r1 {
            let count = chunk_rows(c).min(r1 - r);
            let to = if streamed { block.as_mut_ptr() as *mut f32 } else { dx.offset(r * c) };
            for i in (0..c).step_by(V::N) {
                let left = (c - i) as usize;
                let part = |p: *mut f32| V::load_part(p.offset(i), left);
                let (m, l, v) = (part(mean), part(lost), part(inverse));
                let scale = V::mul(part(gamma), v);
                let a = V::mul(part(dbeta), parts);
                let b = V::mul(V::mul(part(dgamma), parts), v);
                for k in r..r + count {
                    let at = k * c + i;
                    let d = V::sub(V::sub(V::load_part(x.offset(at), left), m), l);
                    let g = V::sub(V::load_part(dy.offset(at), left), a);
                    V::store_part(to.offset(at - r * c), V::mul(scale, V::sub(g, V::mul(d, b))), left);
                }
            }
            if streamed {
                stream_block::<V>(to, dx.offset(r * c), (count * c) as usize);
            }
            r += count;
        }
        V::streamed();
        Ok(0.0)
    }
}
