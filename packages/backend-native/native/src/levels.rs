//! Levels as they are written: to the arena, and where a product reads them packed, in that form as well.
use crate::isa::Isa;
use crate::memory::Arena;
use crate::packed::Shadow;
use crate::record::Record;
use std::cell::Cell;

/// That levels are packed where they are made, as the products that read them want it: see mirror.rs.
#[derive(Clone, Copy)]
pub struct Mirror {
    pub shadow: Shadow,
    /// Whether units are paired.
    pub paired: bool,
}

/// Where a row's levels go, a word of 32 at a time: to the arena, and in packed form.
pub struct Levels<'a> {
    arena: &'a [Cell<u64>],
    packed: &'a [Cell<u32>],
    paired: bool,
}

impl<'a> Levels<'a> {
    /// `words` words from `at` on, of what the record makes.
    #[inline(always)]
    pub fn new(arena: Arena<'a>, record: &Record, at: isize, words: usize) -> Self {
        let (packed, paired) = match record.mirror {
            Some(Mirror { shadow, paired }) => (arena.cells(shadow.of(at), words), paired),
            None => (&[][..], false),
        };
        Self { arena: arena.cells(at, words), packed, paired }
    }

    /// The levels of 32 channels.
    #[inline(always)]
    pub fn put<I: Isa>(&self, i: usize, bits: u32) {
        self.arena[i].set(I::spread(bits));
        self.pack(i, bits);
    }

    /// Packs those that are in the arena already.
    #[inline(always)]
    pub fn pack_all<I: Isa>(&self) {
        for (i, levels) in self.arena.iter().enumerate().take(self.packed.len()) {
            self.pack(i, I::gather(levels.get()));
        }
    }

    #[inline(always)]
    fn pack(&self, i: usize, bits: u32) {
        if let Some(to) = self.packed.get(i) {
            // The first of a pair is as it is.
            to.set(if self.paired && i % 2 == 1 { bits ^ self.packed[i - 1].get() } else { bits });
        }
    }
}
