//! Products of levels by counting the bits of whole words or bytes. The arena holds 4 levels in a byte (the layout of lookup
//! kernels); where a processor counts bits, the input of a product is packed to 8 levels a byte where it is made (mirror.rs) or
//! else before the product, which costs it 1 to 2 % and a meeting of threads, and its constant weights once.
use crate::memory::Arena;
use crate::record::{Group, Record};
use crate::words::{opcode, product, record_words, view};

/// Output channels of a panel of binary weights.
pub const PANEL: usize = 64;

/// Bytes of the arena's layout that make two words of 32 levels.
pub const PAIR: isize = 16;

/// What a processor counts the bits of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Nothing: products are looked up, 4 levels at a time.
    Nibble,
    /// Lanes of 8 levels.
    Byte,
    /// Lanes of 32 levels.
    Word,
}

impl Unit {
    /// Bytes of the arena's layout that make one unit.
    fn steps(self) -> usize {
        match self {
            Self::Nibble => 1,
            Self::Byte => 2,
            Self::Word => 8,
        }
    }
}

/// A line of the cache: a vector that lies in two of them is read twice.
#[repr(align(64))]
#[derive(Clone)]
struct Line([u8; 64]);

/// The weights of a product as units, and where its input is.
pub struct Packed {
    /// [panel][unit][64], little endian.
    weights: Vec<Line>,
    panel_lines: usize,
    /// Byte offsets of the segments, and units in each.
    pub segments: Vec<i32>,
    pub length: usize,
    /// Whether units come in pairs, in segments and from row to row.
    pairs: bool,
    /// Whether the second of a pair is the exclusive or of both: see `pairs` of isa.rs.
    pub paired: bool,
    /// The bytes of the arena that the product reads.
    pub from: isize,
    pub to: isize,
}

/// Where the arena is, and where its packed form is kept: half as far behind `packed_at`.
#[derive(Clone, Copy)]
pub struct Shadow {
    pub arena_at: isize,
    pub arena_end: isize,
    pub packed_at: isize,
}

impl Shadow {
    #[inline(always)]
    pub fn of(&self, at: isize) -> isize {
        self.packed_at + (at - self.arena_at) / 2
    }
}

/// The bytes that a product reads of its input.
pub fn reach_of(op: &Record, rows: usize) -> (isize, isize) {
    let width = match op.count(record_words::A + view::WIDTH) {
        0 => rows,
        width => width,
    };
    let (x, y) = (rows.min(width) as isize - 1, (rows.max(1) - 1) as isize / width.max(1) as isize);
    let base = op.address(record_words::A + view::BASE);
    let farthest = y * op.word(record_words::A + view::PITCH) as isize
        + x * op.word(record_words::A + view::STEP) as isize
        + (op.count(product::PARTS).max(1) - 1) as isize * op.word(product::PART_INPUT) as isize;
    let (low, high) = op.segments.iter().fold((i32::MAX, i32::MIN), |(low, high), &s| (low.min(s), high.max(s)));
    // Steps of levels are bytes, of integers pairs.
    let levels = [opcode::PRODUCT_SINGLE, opcode::PRODUCT_PAIRED].contains(&op.word(record_words::OPCODE));
    let step = if levels { 1 } else { 4 };
    (base + low as isize, base + farthest + high as isize + op.count(product::SEGMENT_LENGTH) as isize * step)
}

impl Packed {
    /// The packed form of a record; `None` where it is no binary product with constant weights and units of whole steps.
    pub fn new(op: &Record, rows: usize, unit: Unit, arena: Arena, shadow: Shadow, constants_end: isize) -> Option<Self> {
        let code = op.word(record_words::OPCODE);
        let binary = code == opcode::PRODUCT_SINGLE || code == opcode::PRODUCT_PAIRED;
        let constant = op.address(product::WEIGHTS) < constants_end && op.word(product::PART_ROWS) == 0;
        if unit == Unit::Nibble || !binary || !constant || rows == 0 || op.segments.is_empty() {
            return None;
        }
        let steps = unit.steps();
        let length = op.count(product::SEGMENT_LENGTH);
        let parts = op.count(product::PARTS).max(1);
        let (from, to) = reach_of(op, rows);
        let whole = |bytes: i32| bytes >= 0 && bytes as usize % steps == 0;
        let distances = [
            op.word(record_words::A + view::STEP),
            op.word(record_words::A + view::PITCH),
            length as i32,
            if parts > 1 { op.word(product::PART_INPUT) } else { 0 },
        ];
        let base = op.address(record_words::A + view::BASE) - shadow.arena_at;
        let apart = || distances.into_iter().chain(op.segments.iter().copied());
        let pairs = unit == Unit::Word && base % PAIR == 0 && apart().all(|bytes| bytes as isize % PAIR == 0);
        if !apart().all(whole)
            || base % steps as isize != 0
            || from < shadow.arena_at
            || to > shadow.arena_end
        {
            return None;
        }
        let units = op.segments.len() * length / steps;
        let panels = parts * op.count(product::CHANNELS).div_ceil(PANEL);
        let nibbles = arena.cells::<u8>(op.address(product::WEIGHTS), panels * units * steps * PANEL);
        // Two nibbles are a byte of a unit.
        let unit_bytes = steps / 2;
        let mut weights = vec![Line([0; 64]); nibbles.len() / 2 / PANEL];
        for (index, lines) in weights.chunks_exact_mut(unit_bytes).enumerate() {
            let from = &nibbles[index * steps * PANEL..];
            for (at, byte) in lines.iter_mut().flat_map(|line| &mut line.0).enumerate() {
                let (channel, k) = (at / unit_bytes, at % unit_bytes);
                *byte = from[2 * k * PANEL + channel].get() | (from[(2 * k + 1) * PANEL + channel].get() << 4);
            }
        }
        Some(Self {
            weights,
            panel_lines: units * unit_bytes,
            segments: op.segments.iter().map(|s| s / 2).collect(),
            length: length / steps,
            pairs,
            paired: false,
            from,
            to,
        })
    }

    /// Stores the second of each pair of units as `pairs` of isa.rs wants it.
    fn pair(&mut self) {
        self.paired = true;
        for pair in self.weights.chunks_exact_mut(8) {
            let (first, second) = pair.split_at_mut(4);
            let bytes = |lines| <&mut [Line]>::into_iter(lines).flat_map(|line| &mut line.0);
            bytes(second).zip(bytes(first)).for_each(|(second, first)| *second ^= *first);
        }
    }

    pub fn bytes(&self) -> usize {
        size_of_val(&*self.weights)
    }

    /// A panel of weights.
    #[inline(always)]
    pub fn panel(&self, index: usize) -> *const u8 {
        self.weights[index * self.panel_lines..(index + 1) * self.panel_lines].as_ptr() as *const u8
    }
}

/// Pairs units where all products of a group have pairs: what they read is packed for all of them.
pub fn pair_units(group: &mut Group) {
    let mut packed: Vec<_> = group.records.iter_mut().filter_map(|record| record.packed.as_mut()).collect();
    if packed.iter().all(|packed| packed.pairs) {
        packed.iter_mut().for_each(|packed| packed.pair());
    }
}

/// Packs the share of a thread of what the products of a group read.
#[inline(always)]
pub fn pack_inputs(arena: Arena, group: &Group, shadow: Shadow, thread: usize, threads: usize) {
    let mut last = (0, 0);
    for packed in group.records.iter().filter_map(|record| record.packed.as_ref()) {
        // Blocks of one product read the same input.
        if (packed.from, packed.to) == last {
            continue;
        }
        last = (packed.from, packed.to);
        // Pairs of units, and so units of every kind, begin at multiples of 16 bytes.
        let (from, to) = (packed.from & -PAIR, (packed.to + PAIR - 1) & -PAIR);
        let share = ((to - from) as usize).div_ceil(threads * 64) * 64;
        let begin = (from + (thread * share) as isize).min(to);
        let end = (begin + share as isize).min(to);
        let count = (end - begin) as usize / 16;
        let (pairs, packs) = (arena.cells::<[u64; 2]>(begin, count), arena.cells::<u64>(shadow.of(begin), count));
        for (pair, pack) in pairs.iter().zip(packs) {
            let [low, high] = pair.get().map(gather);
            pack.set(pair_of(low | high << 32, packed.paired));
        }
    }
}

/// Two units, the halves of 64 bits, as `pairs` of isa.rs wants them where they are paired.
#[inline(always)]
pub fn pair_of(units: u64, paired: bool) -> u64 {
    units ^ if paired { units << 32 } else { 0 }
}

/// The levels of 8 bytes, 4 in the high half of each, in 4 bytes.
#[inline(always)]
pub fn gather(bytes: u64) -> u64 {
    let mut x = bytes >> 4 | bytes >> 8 & 0x00f0_00f0_00f0_00f0;
    x &= 0x00ff_00ff_00ff_00ff;
    x = (x | x >> 8) & 0x0000_ffff_0000_ffff;
    (x | x >> 16) & 0xffff_ffff
}
