//! How a program is written: groups of records of 40 words; what stands in them is in words.rs.
use crate::memory::Arena;
use crate::words::{group_words, product, record_words, view};

/// One op.
pub struct Record {
    words: [i32; record_words::SIZE],
    /// Byte offsets of a product's segments; empty for other ops.
    pub segments: Vec<i32>,
    /// The packed form of a binary product, where it has one.
    pub packed: Option<crate::packed::Packed>,
    /// The weights of a float product as bytes, where they are that.
    pub bytes: Option<crate::bytes::ByteWeights>,
    /// What becomes of a product's sums, where that is done before they are written: see residual.rs.
    pub residual: Option<Box<Record>>,
    /// Whether levels that it makes are packed at once.
    pub mirror: Option<crate::levels::Mirror>,
}

impl Record {
    #[inline(always)]
    pub fn word(&self, index: usize) -> i32 {
        self.words[index]
    }

    /// A word as a count of bytes, rows, steps; negative counts are none.
    #[inline(always)]
    pub fn count(&self, index: usize) -> usize {
        self.words[index].max(0) as usize
    }

    /// A word as an address.
    #[inline(always)]
    pub fn address(&self, index: usize) -> isize {
        self.words[index] as u32 as isize
    }

    /// A word as the bits of a float32.
    #[inline(always)]
    pub fn float(&self, index: usize) -> f32 {
        f32::from_bits(self.words[index] as u32)
    }

    /// Rows from `row` on that are a step apart in all of these views: up to the end of a line.
    pub fn run(&self, places: &[usize], row: usize) -> usize {
        let left = |place: &usize| match self.count(place + view::WIDTH) {
            0 => usize::MAX,
            width => width - row % width,
        };
        places.iter().map(left).min().unwrap_or(usize::MAX)
    }

    /// Bytes from a row of a view to the next.
    #[inline(always)]
    pub fn step(&self, place: usize) -> isize {
        self.word(place + view::STEP) as isize
    }

    pub fn is_product(&self) -> bool {
        self.word(record_words::OPCODE) >> 4 == 0
    }
}

/// Ops that run tile by tile over the same rows.
pub struct Group {
    pub records: Vec<Record>,
    pub rows: usize,
    pub tile_rows: usize,
    pub channels: usize,
    pub tile_channels: usize,
    /// Whether inputs of its products are packed where they are made.
    pub mirrored: bool,
}

impl Group {
    /// Whether inputs of its products are packed before its tiles.
    pub fn packs(&self) -> bool {
        !self.mirrored && self.records.iter().any(|record| record.packed.is_some())
    }

    pub fn tiles(&self) -> usize {
        self.rows.div_ceil(self.tile_rows) * self.channels.div_ceil(self.tile_channels)
    }
}

/// Reads the groups of a program.
pub fn read_program(arena: Arena, at: isize, groups: usize) -> Vec<Group> {
    let mut at = at;
    let mut word = |arena: Arena| {
        at += 4;
        arena.get::<i32>(at - 4)
    };
    let mut all = Vec::new();
    for _ in 0..groups {
        let header: [i32; group_words::SIZE] = std::array::from_fn(|_| word(arena));
        let count = |index: usize| header[index].max(0) as usize;
        let records = (0..count(group_words::RECORDS))
            .map(|_| {
                let words = std::array::from_fn(|_| word(arena));
                let mut record = Record { words, segments: Vec::new(), packed: None, bytes: None, residual: None, mirror: None };
                if record.is_product() {
                    let (from, to) = (record.address(product::SEGMENTS), record.address(product::SEGMENTS_END));
                    record.segments = arena.cells::<i32>(from, (to - from).max(0) as usize / 4).iter().map(|s| s.get()).collect();
                }
                record
            })
            .collect();
        all.push(Group {
            records,
            rows: count(group_words::ROWS),
            tile_rows: count(group_words::TILE_ROWS).max(1),
            channels: count(group_words::CHANNELS),
            tile_channels: count(group_words::TILE_CHANNELS).max(1),
            mirrored: false,
        });
    }
    all
}

/// A part of a group's rows and channels, as one thread works on it.
#[derive(Clone, Copy)]
pub struct Tile<'a> {
    pub arena: Arena<'a>,
    /// The thread's own scratch memory.
    pub scratch: isize,
    pub r0: usize,
    pub r1: usize,
    pub c0: usize,
    pub c1: usize,
}

impl Tile<'_> {
    /// Address of a row of a view.
    #[inline(always)]
    pub fn row(&self, record: &Record, place: usize, row: usize) -> isize {
        let base = record.address(place + view::BASE);
        let step = record.word(place + view::STEP) as isize;
        let width = record.word(place + view::WIDTH);
        if width < 0 {
            self.scratch + base + (row - self.r0) as isize * step
        } else if width == 0 {
            base + row as isize * step
        } else {
            let (y, x) = (row / width as usize, row % width as usize);
            base + y as isize * record.word(place + view::PITCH) as isize + x as isize * step
        }
    }
}

/// Where the rows of a view are, one after another: as `Tile::row`, without a division for each.
pub struct Walk {
    at: isize,
    step: isize,
    /// What lies between two lines of an image, which has `width` pixels; a view of one line has no end.
    skip: isize,
    width: usize,
    left: usize,
}

impl Walk {
    /// From row `first` on.
    #[inline(always)]
    pub fn new(tile: &Tile, record: &Record, place: usize, first: usize) -> Self {
        let (step, width) = (record.word(place + view::STEP) as isize, record.count(place + view::WIDTH));
        let at = tile.row(record, place, first);
        if width == 0 {
            return Self { at, step, skip: 0, width: usize::MAX, left: usize::MAX };
        }
        let skip = record.word(place + view::PITCH) as isize - width as isize * step;
        Self { at, step, skip, width, left: width - first % width }
    }

    #[inline(always)]
    pub fn next(&mut self) -> isize {
        let at = self.at;
        self.at += self.step;
        self.left -= 1;
        if self.left == 0 {
            self.at += self.skip;
            self.left = self.width;
        }
        at
    }
}
