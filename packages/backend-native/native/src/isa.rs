//! What processors are good at: the inner loops of products, for each set of instructions. Everything else is written once and
//! compiled for each of them (see `dispatch` in program.rs); which
//! features of the processor that means is in isa/sets.rs.
use crate::ending::Ending;
use crate::packed::{gather, Unit, PANEL};
use crate::products::Row;
use crate::residual::{residual_row, Whole};

/// Rows whose products are made together.
pub const ROWS: usize = 4;
/// Output channels of a panel of floats or integers.
pub const LANES: usize = 16;

/// How often the levels of a row and of each channel of a panel differ.
pub trait Counts: Sized {
    /// What becomes of those of some rows.
    fn end<I: Isa>(all: &[Self], ending: &Ending, rows: &[Row]);

    /// Those of 16 channels from `c` on.
    fn block(&self, c: usize) -> [i32; LANES];

    /// As [`Isa::residual`].
    ///
    /// # Safety
    /// As of that.
    unsafe fn residual<I: Isa>(&self, whole: &Whole, initial: *const u8, shortcut: *const u8, out: *mut u8) -> u64 {
        residual_row(self, whole, initial, shortcut, out)
    }

    /// Bits of 32 channels from `c` on whose counts are above their limits.
    ///
    /// # Safety
    /// As of [`Isa`]; there are 32 limits.
    unsafe fn above<I: Isa>(&self, c: usize, limits: *const i16) -> u32;
}

impl Counts for [u16; PANEL] {
    #[inline(always)]
    fn end<I: Isa>(all: &[Self], ending: &Ending, rows: &[Row]) {
        ending.of::<I, Self>(all, rows)
    }
    #[inline(always)]
    fn block(&self, c: usize) -> [i32; LANES] {
        let mut counts = [0; LANES];
        for k in 0..LANES {
            counts[k] = self[c + k] as i32;
        }
        counts
    }
    #[inline(always)]
    unsafe fn above<I: Isa>(&self, c: usize, limits: *const i16) -> u32 {
        I::below_i16(limits, self.as_ptr().add(c) as *const i16)
    }
}

/// Counts as they leave registers of 32-bit lanes: read again by vectors as long as those that wrote them, as a read of two
/// writes waits for both to be in the cache.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub struct Wide(pub [i32; PANEL]);

impl AsRef<[i32]> for Wide {
    #[inline(always)]
    fn as_ref(&self) -> &[i32] {
        &self.0
    }
}

impl Counts for Wide {
    #[inline(always)]
    fn end<I: Isa>(all: &[Self], ending: &Ending, rows: &[Row]) {
        // SAFETY: runs in a product, which is compiled for the set.
        unsafe { I::end(ending, all, rows) }
    }
    #[inline(always)]
    fn block(&self, c: usize) -> [i32; LANES] {
        let mut counts = [0; LANES];
        counts.copy_from_slice(&self.0[c..c + LANES]);
        counts
    }
    #[inline(always)]
    unsafe fn residual<I: Isa>(&self, whole: &Whole, initial: *const u8, shortcut: *const u8, out: *mut u8) -> u64 {
        I::residual(self, whole, initial, shortcut, out)
    }
    #[inline(always)]
    unsafe fn above<I: Isa>(&self, c: usize, limits: *const i16) -> u32 {
        I::above(self.0.as_ptr().add(c), limits)
    }
}

/// A set of instructions.
///
/// # Safety
/// Its functions may only run where `available` has it, in a function compiled for it; pointers must be readable as far as the
/// segments and the length say: `length` steps from every segment of every row, and as many of weights for all segments.
pub unsafe trait Isa: Sized {
    /// How binary products with constant weights are made.
    const UNIT: Unit;
    /// Units are counted in pairs, where they come in pairs.
    const PAIRED: bool = false;
    /// Panels of integers that are made together.
    const INTEGER_PANELS: usize = 1;
    /// 8 rows of floats at a time instead of 4.
    const WIDE: bool = false;
    /// Float products of `Q` panels of 16 channels, product and sum rounded apart, in the order of the window; `step` bytes from
    /// step to step of the weights. Sums of a row are written from where `to` says.
    unsafe fn float<const R: usize, const Q: usize>(
        rows: [*const u8; R],
        weights: [*const u8; Q],
        segments: &[i32],
        length: usize,
        step: usize,
        to: [*mut u8; R],
    ) {
        float(rows, weights, segments, length, step, to)
    }

    /// As `float`, of weights that are integers of 8 bits, `Q` panels of `[step][16]`.
    unsafe fn float_bytes<const R: usize, const Q: usize>(
        rows: [*const u8; R],
        weights: [*const u8; Q],
        segments: &[i32],
        length: usize,
    ) -> [[[f32; LANES]; Q]; R] {
        float_bytes(rows, weights, segments, length)
    }

    /// Bits of the lanes of 32 where a < b.
    unsafe fn below_f32(a: *const f32, b: *const f32) -> u32 {
        below(a, b)
    }
    unsafe fn below_i32(a: *const i32, b: *const i32) -> u32 {
        below(a, b)
    }
    unsafe fn below_i16(a: *const i16, b: *const i16) -> u32 {
        below(a, b)
    }

    /// Bits of the lanes of 32 whose counts, which 16 bits hold, are above the limits; counts begin at a multiple of 64 bytes.
    unsafe fn above(counts: *const i32, limits: *const i16) -> u32 {
        let mut narrow = [0i16; 32];
        for k in 0..32 {
            narrow[k] = counts.add(k).read() as i16;
        }
        Self::below_i16(limits, narrow.as_ptr())
    }

    /// The levels of 8 bytes, which `spread` makes of 32 bits.
    fn gather(levels: u64) -> u32 {
        gather(levels) as u32
    }

    /// 32 bits over the high halves of 8 bytes: the layout of activations.
    fn spread(bits: u32) -> u64 {
        spread(bits)
    }

    /// Sums of products of i16 pairs: `[pair][16][2]` weights, of `Q` panels at once. Shifted to the left, with the initial
    /// values of the row, they are written from where `to` says.
    unsafe fn integer<const R: usize, const Q: usize>(
        rows: [*const u8; R],
        weights: [*const u8; Q],
        segments: &[i32],
        length: usize,
        shift: u32,
        initial: [*const u8; R],
        to: [*mut u8; R],
    ) {
        integer(rows, weights, segments, length, shift, initial, to)
    }

    /// Counts of differing levels; a step is 4 of them, in the high half of a byte, weights in the low.
    unsafe fn nibbles<const R: usize>(
        rows: [*const u8; R],
        weights: *const u8,
        segments: &[i32],
        length: usize,
    ) -> [[u16; PANEL]; R] {
        bytes::<R, 4>(rows, weights, segments, length)
    }

    /// Counts of differing levels, of words of 32 levels.
    unsafe fn words<const R: usize>(rows: [*const u8; R], weights: *const u8, segments: &[i32], length: usize) -> [Wide; R] {
        words(rows, weights, segments, length)
    }

    /// A row of a whole panel: the affine step of its sums, which are the initial values less twice the counts, and the sum with
    /// the shortcut. Bits of those that are below their limits, if there are such.
    unsafe fn residual(counts: &Wide, whole: &Whole, initial: *const u8, shortcut: *const u8, out: *mut u8) -> u64 {
        residual_row(counts, whole, initial, shortcut, out)
    }

    /// What becomes of the counts of some rows. A set may make it a function of its own, which has registers of its own.
    unsafe fn end(ending: &Ending, counts: &[Wide], rows: &[Row]) {
        ending.of::<Self, Wide>(counts, rows)
    }

    /// As `words`, where an odd word of input and weights is the exclusive or of itself and the one before; `length` is even.
    unsafe fn pairs<const R: usize>(rows: [*const u8; R], weights: *const u8, segments: &[i32], length: usize) -> [Wide; R] {
        pairs(rows, weights, segments, length)
    }
}

/// Spreads 32 bits over the high halves of 8 bytes: the layout of activations.
#[inline(always)]
fn spread(bits: u32) -> u64 {
    let mut x = bits as u64;
    x = (x | (x << 16)) & 0x0000_ffff_0000_ffff;
    x = (x | (x << 8)) & 0x00ff_00ff_00ff_00ff;
    x = (x | (x << 4)) & 0x0f0f_0f0f_0f0f_0f0f;
    x << 4
}

#[inline(always)]
unsafe fn below<T: PartialOrd + Copy>(a: *const T, b: *const T) -> u32 {
    let mut bits = 0;
    for k in 0..32 {
        bits |= ((a.add(k).read_unaligned() < b.add(k).read_unaligned()) as u32) << k;
    }
    bits
}

#[inline(always)]
unsafe fn float<const R: usize, const Q: usize>(
    rows: [*const u8; R],
    weights: [*const u8; Q],
    segments: &[i32],
    length: usize,
    step: usize,
    to: [*mut u8; R],
) {
    let mut sums = [[[0.0; LANES]; Q]; R];
    let mut at = 0;
    for &offset in segments {
        let from = rows.map(|row| row.offset(offset as isize) as *const f32);
        for k in 0..length {
            for q in 0..Q {
                let w = (weights[q].add(at) as *const [f32; LANES]).read_unaligned();
                for r in 0..R {
                    let a = from[r].add(k).read_unaligned();
                    for c in 0..LANES {
                        sums[r][q][c] += a * w[c];
                    }
                }
            }
            at += step;
        }
    }
    put_floats(sums, to)
}

/// Writes the sums of rows.
#[inline(always)]
pub unsafe fn put_floats<const R: usize, const Q: usize>(sums: [[[f32; LANES]; Q]; R], to: [*mut u8; R]) {
    for r in 0..R {
        (to[r] as *mut [[f32; LANES]; Q]).write_unaligned(sums[r]);
    }
}

/// Writes the sums of rows as `Isa::integer` does.
#[inline(always)]
pub unsafe fn put_integers<const R: usize, const Q: usize>(
    sums: [[[i32; LANES]; Q]; R],
    shift: u32,
    from: [*const u8; R],
    to: [*mut u8; R],
) {
    for r in 0..R {
        for q in 0..Q {
            let mut all = (from[r] as *const [i32; LANES]).add(q).read_unaligned();
            for c in 0..LANES {
                all[c] = all[c].wrapping_add(sums[r][q][c].wrapping_shl(shift));
            }
            (to[r] as *mut [i32; LANES]).add(q).write_unaligned(all);
        }
    }
}

#[inline(always)]
unsafe fn float_bytes<const R: usize, const Q: usize>(
    rows: [*const u8; R],
    weights: [*const u8; Q],
    segments: &[i32],
    length: usize,
) -> [[[f32; LANES]; Q]; R] {
    let mut sums = [[[0.0; LANES]; Q]; R];
    let mut step = 0;
    for &offset in segments {
        for k in 0..length {
            for q in 0..Q {
                // No `map`: its closures would not be compiled for the instruction set.
                let bytes = (weights[q] as *const [i8; LANES]).add(step).read();
                let mut w = [0.0; LANES];
                for c in 0..LANES {
                    w[c] = bytes[c] as f32;
                }
                for r in 0..R {
                    let a = (rows[r].offset(offset as isize) as *const f32).add(k).read_unaligned();
                    for c in 0..LANES {
                        sums[r][q][c] += a * w[c];
                    }
                }
            }
            step += 1;
        }
    }
    sums
}

#[inline(always)]
unsafe fn integer<const R: usize, const Q: usize>(
    rows: [*const u8; R],
    weights: [*const u8; Q],
    segments: &[i32],
    length: usize,
    shift: u32,
    initial: [*const u8; R],
    to: [*mut u8; R],
) {
    let mut sums = [[[0i32; LANES]; Q]; R];
    let mut weights = weights.map(|panel| panel as *const [[i16; 2]; LANES]);
    for &offset in segments {
        let from = rows.map(|row| row.offset(offset as isize) as *const [i16; 2]);
        for k in 0..length {
            let w = weights.map(|panel| panel.read_unaligned());
            for r in 0..R {
                let a = from[r].add(k).read_unaligned().map(i32::from);
                for q in 0..Q {
                    for c in 0..LANES {
                        let pair = (a[0] * w[q][c][0] as i32).wrapping_add(a[1] * w[q][c][1] as i32);
                        sums[r][q][c] = sums[r][q][c].wrapping_add(pair);
                    }
                }
            }
            weights = weights.map(|panel| panel.add(1));
        }
    }
    put_integers(sums, shift, initial, to)
}

/// Bytes of levels, counted in bytes for as long as these suffice. `SHIFT` is where a row's levels begin in a byte.
#[inline(always)]
unsafe fn bytes<const R: usize, const SHIFT: u32>(
    rows: [*const u8; R],
    weights: *const u8,
    segments: &[i32],
    length: usize,
) -> [[u16; PANEL]; R] {
    /// Steps of at most 8 that fit in a byte.
    const RUN: usize = 31;
    let mut counts = [[0u16; PANEL]; R];
    let mut weights = weights as *const [[u8; 16]; PANEL / 16];
    for &offset in segments {
        let from = rows.map(|row| row.offset(offset as isize));
        for start in (0..length).step_by(RUN) {
            let mut sums = [[[0u8; 16]; PANEL / 16]; R];
            for k in start..length.min(start + RUN) {
                let w = weights.read();
                for r in 0..R {
                    let a = *from[r].add(k) >> SHIFT;
                    for q in 0..PANEL / 16 {
                        for c in 0..16 {
                            sums[r][q][c] += (a ^ w[q][c]).count_ones() as u8;
                        }
                    }
                }
                weights = weights.add(1);
            }
            for r in 0..R {
                for c in 0..PANEL {
                    counts[r][c] = counts[r][c].wrapping_add(sums[r][c / 16][c % 16] as u16);
                }
            }
        }
    }
    counts
}

/// Counts of differing levels, of bytes of 8.
///
/// # Safety
/// As of [`Isa`].
#[inline(always)]
pub unsafe fn level_bytes<const R: usize>(
    rows: [*const u8; R],
    weights: *const u8,
    segments: &[i32],
    length: usize,
) -> [[u16; PANEL]; R] {
    bytes::<R, 0>(rows, weights, segments, length)
}

#[inline(always)]
unsafe fn words<const R: usize>(rows: [*const u8; R], weights: *const u8, segments: &[i32], length: usize) -> [Wide; R] {
    let mut counts = [Wide([0; PANEL]); R];
    let mut weights = weights as *const [u32; PANEL];
    for &offset in segments {
        let from = rows.map(|row| row.offset(offset as isize) as *const u32);
        for k in 0..length {
            let w = weights.read_unaligned();
            for r in 0..R {
                let a = from[r].add(k).read_unaligned();
                for c in 0..PANEL {
                    counts[r].0[c] += (a ^ w[c]).count_ones() as i32;
                }
            }
            weights = weights.add(1);
        }
    }
    counts
}

#[inline(always)]
unsafe fn pairs<const R: usize>(rows: [*const u8; R], weights: *const u8, segments: &[i32], length: usize) -> [Wide; R] {
    let mut counts = [Wide([0; PANEL]); R];
    let mut weights = weights as *const [[u32; PANEL]; 2];
    for &offset in segments {
        let from = rows.map(|row| row.offset(offset as isize) as *const [u32; 2]);
        for k in 0..length / 2 {
            let w = weights.read_unaligned();
            for r in 0..R {
                let a = from[r].add(k).read_unaligned();
                for c in 0..PANEL {
                    let first = a[0] ^ w[0][c];
                    counts[r].0[c] += (first.count_ones() + (first ^ a[1] ^ w[1][c]).count_ones()) as i32;
                }
            }
            weights = weights.add(1);
        }
    }
    counts
}

/// Any processor.
pub struct Portable;
// SAFETY: nothing beyond the baseline of the target.
unsafe impl Isa for Portable {
    const UNIT: Unit = Unit::Word;
    const PAIRED: bool = true;
}

/// As NEON counts, for processors that count bytes and nothing wider; tested everywhere.
pub struct PortableBytes;
// SAFETY: nothing beyond the baseline of the target.
unsafe impl Isa for PortableBytes {
    const UNIT: Unit = Unit::Byte;
}

/// arm64: `cnt` counts the bits of bytes.
#[cfg(target_arch = "aarch64")]
pub struct Neon;
// SAFETY: NEON is in the baseline of arm64.
#[cfg(target_arch = "aarch64")]
unsafe impl Isa for Neon {
    const UNIT: Unit = Unit::Byte;
}

#[cfg(target_arch = "x86_64")]
pub mod avx2;
#[cfg(target_arch = "x86_64")]
pub mod avx512;
pub mod sets;
pub use sets::available;
