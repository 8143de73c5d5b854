//! What real-valued shortcuts need after a binary product: an affine step, the sum with the shortcut, and perhaps the threshold of
//! the next layer. Where that alone reads the product's sums, it is done with the counts of a row at hand: sums are not written,
//! and what is written is read once.
use crate::isa::{Counts, Isa};
use crate::memory::Arena;
use crate::record::{Group, Record, Tile, Walk};
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

/// Where shortcut and levels of the rows from `r0` on are.
#[inline(always)]
pub fn walks(tile: &Tile, after: &Record, r0: usize) -> [Walk; 2] {
    [record_words::B, place::LEVELS].map(|place| Walk::new(tile, after, place, r0))
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

/// One row of a panel of `count` channels from channel `n` on, given its counts, and where its initial values, its shortcut, its
/// output and its levels are.
#[inline(always)]
pub fn residual<I: Isa, C: Counts>(arena: Arena, after: &Record, counts: &C, at: [isize; 4], n: usize, count: usize) {
    let [initial, shortcut, out, levels] = at;
    let of_channels = |place: usize| after.address(place) + 4 * n as isize;
    let (scale, bias) = (of_channels(place::SCALE), of_channels(place::BIAS));
    let [from, s, t, y, to] = [initial, scale, bias, shortcut, out].map(|at| arena.pointer(at, 4 * count));
    let whole = count / BLOCK;
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
    if after.word(place::T) == 0 {
        return;
    }
    let words = count.div_ceil(32);
    let (x, t) = (arena.pointer(out, 128 * words) as *const f32, arena.pointer(of_channels(place::T), 128 * words) as *const f32);
    let flips = arena.cells::<u32>(after.address(place::FLIPS) + (n / 8) as isize, words);
    for (i, (levels, flips)) in arena.cells::<u64>(levels, words).iter().zip(flips).enumerate() {
        // SAFETY: both are 32 numbers of 4 bytes, in what was checked.
        let bits = unsafe { I::below_f32(x.add(32 * i), t.add(32 * i)) };
        levels.set(I::spread(bits ^ flips.get()));
    }
}
