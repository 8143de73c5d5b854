//! What real-valued shortcuts need after a binary product: an affine step, the sum with the shortcut, and perhaps the threshold of
//! the next layer. Where that alone reads the product's sums, it is done with the counts of a row at hand: sums are not written,
//! and what is written is read once.
use crate::isa::{Counts, Isa};
use crate::memory::Arena;
use crate::levels::{Levels, Mirror};
use crate::packed::{pair_of, PANEL};
use crate::products::Row;
use crate::record::{Group, Record};
use crate::rowwise::{block, BLOCK};
use crate::values::affine;
use crate::words::{mode, opcode, product, record_words, residual as place, view};
use std::cell::Cell;

/// The words of a view.
fn view_of(record: &Record, at: usize) -> [i32; 4] {
    [view::BASE, view::STEP, view::WIDTH, view::PITCH].map(|word| record.word(at + word))
}

/// Moves the residual of a group to the packed product before it, where nothing else reads the sums.
pub fn fold_residual(group: &mut Group) {
    let mut products = (0..group.records.len()).filter(|&i| group.records[i].is_product());
    let (Some(first), None) = (products.next(), products.next()) else { return };
    let op = &group.records[first];
    let sums = view_of(op, record_words::OUT);
    // Views of scratch have a negative width.
    let lone = op.packed.is_some() && op.word(product::MODE) == mode::START && op.count(product::PARTS) <= 1 && sums[2] < 0;
    let reads = |record: &Record| {
        let views = [record_words::A, record_words::B].map(|at| view_of(record, at));
        views.iter().any(|view| view[2] < 0 && view[0] == sums[0])
    };
    let mut readers = (first + 1..group.records.len()).filter(|&i| reads(&group.records[i]));
    let (Some(next), None) = (readers.next(), readers.next()) else { return };
    let after = &group.records[next];
    let takes = after.word(record_words::OPCODE) == opcode::RESIDUAL && after.word(place::INTEGERS) != 0;
    if lone && takes && view_of(after, record_words::A) == sums && op.count(product::CHANNELS) == group.channels {
        let after = group.records.remove(next);
        group.records[first].residual = Some(Box::new(after));
    }
}

/// What the rows of a whole panel have alike.
pub struct Whole {
    /// Parameters of 64 channels; null where there is nothing to add, and no threshold.
    pub scale: *const f32,
    pub bias: *const f32,
    pub limits: *const f32,
    flips: u64,
    mirror: Option<Mirror>,
}

impl Whole {
    /// For levels alone: a product that decides.
    pub fn levels(arena: Arena, op: &Record, n: usize) -> Self {
        let none = std::ptr::null();
        let flips = arena.get(op.address(product::STEP_BYTES) + n as isize / 8);
        Self { scale: none, bias: none, limits: none, flips, mirror: op.mirror }
    }

    /// For the record after a product.
    pub fn residual(arena: Arena, after: &Record, n: usize) -> Self {
        let at = |place: usize| arena.pointer(after.address(place) + 4 * n as isize, 4 * PANEL) as *const f32;
        let (limits, flips) = match after.word(place::T) {
            0 => (std::ptr::null(), 0),
            _ => (at(place::T), arena.get(after.address(place::FLIPS) + n as isize / 8)),
        };
        Self { scale: at(place::SCALE), bias: at(place::BIAS), limits, flips, mirror: after.mirror }
    }

    /// Does what comes after the counts of some rows.
    #[inline(always)]
    pub fn rows<I: Isa, C: Counts>(&self, arena: Arena, counts: &[C], rows: &[Row], n: usize) {
        let at = 4 * n as isize;
        for (counts, row) in counts.iter().zip(rows) {
            let [initial, shortcut, out] = [row.initial, row.shortcut, row.out].map(|row| arena.pointer(row + at, 4 * PANEL));
            // SAFETY: all are 64 numbers of 4 bytes, as checked.
            let bits = unsafe { counts.residual::<I>(self, initial, shortcut, out) };
            if !self.limits.is_null() {
                self.put::<I>(arena, row.levels + at / 16, bits);
            }
        }
    }

    /// Writes the levels of 64 channels.
    #[inline(always)]
    pub fn put<I: Isa>(&self, arena: Arena, at: isize, bits: u64) {
        let bits = bits ^ self.flips;
        arena.put(at, [bits as u32, (bits >> 32) as u32].map(I::spread));
        if let Some(Mirror { shadow, paired }) = &self.mirror {
            arena.put(shadow.of(at), pair_of(bits, *paired));
        }
    }
}

/// As `Isa::residual`, of any counts.
#[inline(always)]
pub unsafe fn residual_row<C: Counts>(counts: &C, whole: &Whole, initial: *const u8, shortcut: *const u8, out: *mut u8) -> u64 {
    let mut bits = 0;
    for q in 0..PANEL / BLOCK {
        let (sums, counts) = ((initial as *const [i32; BLOCK]).add(q).read_unaligned(), counts.block(BLOCK * q));
        let [s, t] = [whole.scale, whole.bias].map(|from| (from as *const [f32; BLOCK]).add(q).read_unaligned());
        let y = (shortcut as *const [f32; BLOCK]).add(q).read_unaligned();
        let mut values = [0.0; BLOCK];
        for k in 0..BLOCK {
            values[k] = affine(sums[k].wrapping_sub(2 * counts[k]) as f32, s[k], t[k]) + y[k];
        }
        (out as *mut [f32; BLOCK]).add(q).write_unaligned(values);
        if !whole.limits.is_null() {
            let limits = (whole.limits as *const [f32; BLOCK]).add(q).read_unaligned();
            for k in 0..BLOCK {
                bits |= ((values[k] < limits[k]) as u64) << (BLOCK * q + k);
            }
        }
    }
    bits
}

/// The sums of 16 channels from `c` on.
#[inline(always)]
pub fn sums_of<C: Counts>(counts: &C, from: &[Cell<i32>], c: usize) -> [i32; BLOCK] {
    let (mut sums, counts) = (block(from, c), counts.block(c));
    for k in 0..BLOCK {
        sums[k] = sums[k].wrapping_sub(2 * counts[k]);
    }
    sums
}

/// Some rows of a panel of `count` channels from channel `n` on, given their counts, where the panel is not whole.
#[inline(always)]
pub fn residual<I: Isa, C: Counts>(arena: Arena, after: &Record, counts: &[C], rows: &[Row], n: usize, count: usize) {
    let at = 4 * n as isize;
    let of_channels = |place: usize| after.address(place) + at;
    let (scale, bias) = (of_channels(place::SCALE), of_channels(place::BIAS));
    let [s, t] = [scale, bias].map(|at| arena.pointer(at, 4 * count));
    let (whole, words) = (count / BLOCK, count.div_ceil(32));
    let decides = after.word(place::T) != 0;
    let limits = if decides { arena.pointer(of_channels(place::T), 128 * words) as *const f32 } else { std::ptr::null() };
    let flips = if decides { arena.cells::<u32>(after.address(place::FLIPS) + (n / 8) as isize, words) } else { &[] };
    for (counts, row) in counts.iter().zip(rows) {
        let [initial, shortcut, out] = [row.initial, row.shortcut, row.out].map(|row| row + at);
        let [from, y, to] = [initial, shortcut, out].map(|at| arena.pointer(at, 4 * count));
        for q in 0..whole {
            // SAFETY: whole blocks of what was checked.
            unsafe {
                let (sums, counts) = ((from as *const [i32; BLOCK]).add(q).read_unaligned(), counts.block(BLOCK * q));
                let s = (s as *const [f32; BLOCK]).add(q).read_unaligned();
                let t = (t as *const [f32; BLOCK]).add(q).read_unaligned();
                let y = (y as *const [f32; BLOCK]).add(q).read_unaligned();
                let mut values = [0.0; BLOCK];
                for k in 0..BLOCK {
                    values[k] = affine(sums[k].wrapping_sub(2 * counts[k]) as f32, s[k], t[k]) + y[k];
                }
                (to as *mut [f32; BLOCK]).add(q).write_unaligned(values);
            }
        }
        if whole * BLOCK < count {
            let counts = counts.block(whole * BLOCK);
            let float = |at: isize, c: usize| arena.get::<f32>(at + 4 * c as isize);
            for c in whole * BLOCK..count {
                let sum = arena.get::<i32>(initial + 4 * c as isize).wrapping_sub(2 * counts[c % BLOCK]);
                arena.put(out + 4 * c as isize, affine(sum as f32, float(scale, c), float(bias, c)) + float(shortcut, c));
            }
        }
        if decides {
            let x = arena.pointer(out, 128 * words) as *const f32;
            let levels = Levels::new(arena, after, row.levels + at / 16, words);
            for (i, flips) in flips.iter().enumerate() {
                // SAFETY: both are 32 numbers of 4 bytes, in what was checked.
                let bits = unsafe { I::below_f32(x.add(32 * i), limits.add(32 * i)) };
                levels.put::<I>(i, bits ^ flips.get());
            }
        }
    }
}
