//! What becomes of the counts of a binary product: sums, the levels that a threshold makes of them, or what a residual does.
use crate::isa::{Counts, Isa};
use crate::memory::Arena;
use crate::levels::Levels;
use crate::packed::PANEL;
use crate::products::Row;
use crate::record::Record;
use crate::residual::{residual, sums_of, Whole};
use crate::rowwise::{put_block, BLOCK};
use crate::words::{mode, product};

/// A panel of `count` channels from channel `n` on.
pub struct Ending<'a> {
    arena: Arena<'a>,
    op: &'a Record,
    n: usize,
    count: usize,
    /// What all rows have alike, where the panel is whole and its counts become levels or go into a residual.
    whole: Option<Whole>,
}

impl<'a> Ending<'a> {
    pub fn new(arena: Arena<'a>, op: &'a Record, n: usize, count: usize) -> Self {
        let whole = match &op.residual {
            _ if count < PANEL => None,
            Some(after) => Some(Whole::residual(arena, after, n)),
            None if op.word(product::MODE) == mode::DECIDE => Some(Whole::levels(arena, op, n)),
            None => None,
        };
        Self { arena, op, n, count, whole }
    }

    /// Does it for some rows.
    #[inline(always)]
    pub fn of<I: Isa, C: Counts>(&self, counts: &[C], rows: &[Row]) {
        let Self { arena, op, n, count, .. } = *self;
        let decides = op.word(product::MODE) == mode::DECIDE;
        match (&self.whole, &op.residual) {
            (Some(whole), None) => {
                for (counts, row) in counts.iter().zip(rows) {
                    let limits = arena.pointer(row.initial + 2 * n as isize, 2 * PANEL) as *const i16;
                    // SAFETY: a whole panel has 64 limits.
                    let [low, high] = [0, 32].map(|c| unsafe { counts.above::<I>(c, limits.add(c)) } as u64);
                    whole.put::<I>(arena, row.out + n as isize / 4, low | high << 32);
                }
            }
            (Some(whole), _) => whole.rows::<I, C>(arena, counts, rows, n),
            (None, Some(after)) => residual::<I, C>(arena, after, counts, rows, n, count),
            _ if decides => self.decide::<I, C>(counts, rows),
            _ => self.sums(counts, rows),
        }
    }

    #[inline(always)]
    fn sums<C: Counts>(&self, counts: &[C], rows: &[Row]) {
        let Self { arena, op, n, count, .. } = *self;
        let adds = op.word(product::MODE) == mode::ADD;
        for (counts, row) in counts.iter().zip(rows) {
            let [initial, out] = [row.initial, row.out].map(|at| at + 4 * n as isize);
            let from = arena.cells::<i32>(if adds { out } else { initial }, count);
            let out = arena.cells::<i32>(out, count);
            let whole = count / BLOCK * BLOCK;
            for c in (0..whole).step_by(BLOCK) {
                put_block(out, c, sums_of(counts, from, c));
            }
            if whole < count {
                let rest = counts.block(whole);
                for c in whole..count {
                    out[c].set(from[c].get().wrapping_sub(2 * rest[c - whole]));
                }
            }
        }
    }

    /// Levels of a panel that is not whole: what a threshold would make of the sums.
    #[inline(always)]
    fn decide<I: Isa, C: Counts>(&self, counts: &[C], rows: &[Row]) {
        let Self { arena, op, n, count, .. } = *self;
        let words = count.div_ceil(32);
        let flips = arena.cells::<u32>(op.address(product::STEP_BYTES) + n as isize / 8, words);
        for (counts, row) in counts.iter().zip(rows) {
            let limits = arena.pointer(row.initial + 2 * n as isize, 64 * words) as *const i16;
            let levels = Levels::new(arena, op, row.out + n as isize / 4, words);
            for (i, flips) in flips.iter().enumerate() {
                // SAFETY: there are 32 limits for each word; there are at most two words.
                let above = unsafe { counts.above::<I>(32 * i, limits.add(32 * i)) };
                levels.put::<I>(i, above ^ flips.get());
            }
        }
    }
}
