//! Convolutions, fully connected layers and matrix products: one driver, and a kernel for each kind of operand (isa.rs). A
//! window is a list of equally long segments of the input (the taps, or whole kernel rows where they are adjacent), so nothing
//! is copied into columns. Weights are panels of output channels, lanes are channels.
use crate::bytes::ByteWeights;
use crate::ending::Ending;
use crate::isa::{self, Counts, Isa, LANES};
use crate::memory::Arena;
use crate::packed::{Shadow, Unit, PANEL};
use crate::record::{Record, Tile};
use crate::words::{opcode, product, record_words, residual, view};
use std::cell::Cell;

/// Where the window of a row, its initial values and its output begin; and with a residual its shortcut and its levels.
pub struct Row {
    pub window: isize,
    pub initial: isize,
    pub out: isize,
    pub shortcut: isize,
    pub levels: isize,
}

thread_local! {
    /// What the last product of this thread had its rows in.
    static ROWS: Cell<Vec<Row>> = const { Cell::new(Vec::new()) };
}

/// A part of a product: a group of a convolution, or a member of a batch.
struct Part<'a> {
    tile: &'a Tile<'a>,
    op: &'a Record,
    rows: Vec<Row>,
    weights: isize,
    /// Offsets of the first and last byte that a window reads.
    low: isize,
    bytes: usize,
}

/// The rows r0..r1 of a part, once for all its panels. Not inlined: it needs registers of its own.
#[inline(never)]
fn rows_of(tile: &Tile, op: &Record, index: usize, r0: usize, r1: usize) -> Vec<Row> {
    let of_part = |place: usize| index as isize * op.word(place) as isize;
    let base = op.address(record_words::A + view::BASE) + of_part(product::PART_INPUT);
    let (step, pitch) = (op.word(record_words::A + view::STEP) as isize, op.word(record_words::A + view::PITCH) as isize);
    let output = of_part(product::PART_OUTPUT);
    let initial = op.address(product::INITIAL) + output;
    let (row_classes, column_classes) = (op.address(product::ROW_CLASS), op.address(product::COLUMN_CLASS));
    let mut rows = ROWS.take();
    rows.clear();
    rows.reserve(r1 - r0);
    let (last, after) = (op.residual.as_deref().unwrap_or(op), op.residual.as_deref());
    let mut r = r0;
    while r < r1 {
        // The rest of a line: a dense layer is one line.
        let width = op.count(record_words::A + view::WIDTH);
        let (y, x) = if width == 0 { (0, r) } else { (r / width, r % width) };
        let ends = [op.run(&[record_words::A], r), last.run(&[record_words::OUT], r)];
        let more = after.map_or(usize::MAX, |after| after.run(&[record_words::B, residual::LEVELS], r));
        let count = ends[0].min(ends[1]).min(more).min(r1 - r);
        let (mut window, mut out) = (base + y as isize * pitch + x as isize * step, tile.row(last, record_words::OUT, r) + output);
        let [(mut shortcut, next_shortcut), (mut levels, next_levels)] = [record_words::B, residual::LEVELS]
            .map(|place| after.map_or((0, 0), |after| (tile.row(after, place, r), after.step(place))));
        let next_out = last.step(record_words::OUT);
        let mut push = |initial: isize| {
            rows.push(Row { window, initial, out, shortcut, levels });
            (window, out) = (window + step, out + next_out);
            (shortcut, levels) = (shortcut + next_shortcut, levels + next_levels);
        };
        if row_classes == 0 {
            (0..count).for_each(|_| push(initial));
        } else {
            let line = initial + tile.arena.get::<i32>(row_classes + 4 * y as isize) as isize;
            let classes = tile.arena.cells::<i32>(column_classes + 4 * x as isize, count);
            classes.iter().for_each(|class| push(line + class.get() as isize));
        }
        r += count;
    }
    rows
}

impl Part<'_> {
    /// Pointers to windows, checked to be in memory.
    #[inline(always)]
    fn windows<const R: usize>(&self, arena: Arena, at: [isize; R], low: isize, bytes: usize) -> [*const u8; R] {
        let mut rows = [std::ptr::null(); R];
        for r in 0..R {
            rows[r] = (arena.pointer(at[r] + low, bytes) as *const u8).wrapping_offset(-low);
        }
        rows
    }
}

/// Walks the rows of a part, as many at a time as stand first, where more are left than stand second: `$body` has them. No
/// function: closures would not be compiled for the instruction set.
macro_rules! walk {
    ($part:expr, [$($count:literal above $rest:literal),+], |$rows:ident, $each:ident| $body:expr) => {{
        let part: &Part = $part;
        let mut left = &part.rows[..];
        $(
            while left.len() > $rest {
                let ($rows, others) = left.split_at(left.len().min($count));
                left = others;
                /// A place of each row; where there are fewer, the last one is computed again.
                macro_rules! $each {
                    ($field:ident) => {{
                        let mut all = [0; $count];
                        for i in 0..$count {
                            all[i] = $rows[i.min($rows.len() - 1)].$field;
                        }
                        all
                    }};
                }
                $body
            }
        )+
    }};
}

/// Pointers to what rows have for some channels, checked to be in memory.
#[inline(always)]
fn places<const R: usize>(arena: Arena, at: [isize; R], first: usize, count: usize) -> [*mut u8; R] {
    let mut all = [std::ptr::null_mut(); R];
    for r in 0..R {
        all[r] = arena.pointer(at[r] + 4 * first as isize, 4 * count);
    }
    all
}

/// Writes the first `count` elements of rows that were made apart, since they have fewer than a panel.
#[inline(always)]
fn put_first<const N: usize>(arena: Arena, made: &[[[u32; LANES]; N]], rows: &[Row], n: usize, count: usize) {
    for (made, row) in made.iter().zip(rows) {
        for (to, value) in arena.cells::<u32>(row.out + 4 * n as isize, count).iter().zip(made.as_flattened()) {
            to.set(*value);
        }
    }
}

/// Levels by levels.
#[inline(always)]
fn binary<I: Isa>(part: &Part, shadow: Shadow, index: usize, n: usize, count: usize) {
    let (op, arena) = (part.op, part.tile.arena);
    let length = op.count(product::SEGMENT_LENGTH);
    let steps = op.segments.len() * length;
    let ending = Ending::new(arena, op, n, count);
    match &op.packed {
        Some(packed) => {
            let weights = packed.panel(index * op.count(product::CHANNELS).div_ceil(PANEL) + n / PANEL);
            macro_rules! walk_units {
                ($count:path) => {
                    walk!(
                        part,
                        [4 above 2, 2 above 1, 1 above 0],
                        |rows, each| {
                            let mut at = each!(window);
                            for at in &mut at {
                                *at = shadow.of(*at);
                            }
                            let windows = part.windows(arena, at, part.low / 2, part.bytes.div_ceil(2));
                            // SAFETY: windows and weights are as long as the segments say; `packed.panel` checks the latter.
                            let counts = unsafe { $count(windows, weights, &packed.segments, packed.length) };
                            Counts::end::<I>(&counts[..rows.len()], &ending, rows)
                        }
                    )
                };
            }
            if I::UNIT == Unit::Byte {
                walk_units!(isa::level_bytes)
            } else if packed.paired {
                walk_units!(I::pairs)
            } else {
                walk_units!(I::words)
            }
        }
        None => {
            let weights = part.weights + (n / PANEL * op.count(product::PANEL_BYTES)) as isize;
            let weights = arena.pointer(weights, steps * PANEL);
            walk!(
                part,
                [4 above 2, 2 above 1, 1 above 0],
                |rows, each| {
                    let windows = part.windows(arena, each!(window), part.low, part.bytes);
                    // SAFETY: windows and weights are as long as the segments say, both checked.
                    let counts = unsafe { I::nibbles(windows, weights, &op.segments, length) };
                    Counts::end::<I>(&counts[..rows.len()], &ending, rows)
                }
            );
        }
    }
}

/// Integers of 16 bits, `Q` panels.
#[inline(always)]
fn integer<I: Isa, const Q: usize>(part: &Part, n: usize, count: usize) {
    let (op, arena) = (part.op, part.tile.arena);
    let length = op.count(product::SEGMENT_LENGTH);
    let panel_bytes = op.count(product::PANEL_BYTES);
    let weights: [*const u8; Q] = std::array::from_fn(|q| {
        let weights = part.weights + ((n / LANES + q) * panel_bytes) as isize;
        arena.pointer(weights, op.segments.len() * length * LANES * 4) as *const u8
    });
    let shift = op.word(product::MODE) as u32;
    macro_rules! walk_rows {
        ($($count:literal above $rest:literal),+) => {
            walk!(
                part,
                [$($count above $rest),+],
                |rows, each| {
                    let windows = part.windows(arena, each!(window), part.low, part.bytes);
                    let initial = places(arena, each!(initial), n, Q * LANES).map(|at| at as *const u8);
                    let segments = &op.segments;
                    // SAFETY: windows, weights and sums are as long as the segments and panels say, all checked.
                    if count == Q * LANES {
                        let to = places(arena, each!(out), n, count);
                        unsafe { I::integer(windows, weights, segments, length, shift, initial, to) }
                    } else {
                        let mut made = each!(out).map(|_| [[0u32; LANES]; Q]);
                        let to = made.each_mut().map(|made| made.as_mut_ptr() as *mut u8);
                        unsafe { I::integer(windows, weights, segments, length, shift, initial, to) }
                        put_first(arena, &made, rows, n, count);
                    }
                }
            )
        };
    }
    // A sum takes 6 cycles, in which 12 begin: with 4 rows of 4 panels 1.4 a cycle do, with 6 rows 2.
    if I::WIDE {
        walk_rows!(6 above 4, 4 above 1, 1 above 0);
    } else {
        walk_rows!(4 above 1, 1 above 0);
    }
}

/// Float32, `Q` panels.
#[inline(always)]
fn floats<I: Isa, const Q: usize>(part: &Part, n: usize, count: usize) {
    let (op, arena) = (part.op, part.tile.arena);
    let (length, step) = (op.count(product::SEGMENT_LENGTH), op.count(product::STEP_BYTES));
    let steps = op.segments.len() * length;
    let weights: [*const u8; Q] = std::array::from_fn(|q| {
        let weights = part.weights + ((n / LANES + q) * op.count(product::PANEL_BYTES)) as isize;
        arena.pointer(weights, if steps == 0 { 0 } else { (steps - 1) * step + 4 * LANES }) as *const u8
    });
    macro_rules! walk_rows {
        ($($count:literal above $rest:literal),+) => {
            walk!(
                part,
                [$($count above $rest),+],
                |rows, each| {
                    let windows = part.windows(arena, each!(window), part.low, part.bytes);
                    // SAFETY: windows, weights and sums are as long as the segments and panels say, all checked.
                    if count == Q * LANES {
                        let to = places(arena, each!(out), n, count);
                        unsafe { I::float(windows, weights, &op.segments, length, step, to) }
                    } else {
                        let mut made = each!(out).map(|_| [[0u32; LANES]; Q]);
                        let to = made.each_mut().map(|made| made.as_mut_ptr() as *mut u8);
                        unsafe { I::float(windows, weights, &op.segments, length, step, to) }
                        put_first(arena, &made, rows, n, count);
                    }
                }
            )
        };
    }
    // Fewer rows take as long as 4, or as one: that is the time from a sum to the next.
    if I::WIDE {
        walk_rows!(8 above 4, 4 above 1, 1 above 0);
    } else {
        walk_rows!(4 above 1, 1 above 0);
    }
}

/// Float32 by weights of 8 bits, `Q` panels.
#[inline(always)]
fn float_bytes<I: Isa, const Q: usize>(part: &Part, weights: &ByteWeights, n: usize, count: usize) {
    let (op, arena) = (part.op, part.tile.arena);
    let length = op.count(product::SEGMENT_LENGTH);
    let weights: [*const u8; Q] = std::array::from_fn(|q| weights.panel(n / LANES + q));
    walk!(
        part,
        [4 above 1, 1 above 0],
        |rows, each| {
            let windows = part.windows(arena, each!(window), part.low, part.bytes);
            // SAFETY: windows and weights are as long as the segments say; `ByteWeights::panel` checks the latter.
            let all = unsafe { I::float_bytes(windows, weights, &op.segments, length) };
            for (sums, row) in all.iter().zip(rows) {
                for (out, sum) in arena.cells::<f32>(row.out + 4 * n as isize, count).iter().zip(sums.as_flattened()) {
                    out.set(*sum);
                }
            }
        }
    );
}

/// Rows r0..r1 and the tile's channels of a part.
#[inline(always)]
fn product_part<I: Isa>(tile: &Tile, op: &Record, shadow: Shadow, code: i32, index: usize, r0: usize, r1: usize) {
    let low = op.segments.iter().copied().min().unwrap_or(0) as isize;
    let high = op.segments.iter().copied().max().unwrap_or(0) as isize;
    // Steps of levels are bytes, of integers pairs.
    let step = if code == opcode::PRODUCT_PAIRED { 1 } else { 4 };
    let part = Part {
        tile,
        op,
        rows: rows_of(tile, op, index, r0, r1),
        weights: op.address(product::WEIGHTS) + index as isize * op.word(product::PART_WEIGHTS) as isize,
        low,
        bytes: (high - low) as usize + op.count(product::SEGMENT_LENGTH) * step,
    };
    let c1 = tile.c1.min(op.count(product::CHANNELS));
    let mut n = tile.c0;
    while n < c1 {
        let panel = match code {
            opcode::PRODUCT_PAIRED => PANEL,
            opcode::PRODUCT_INTEGER if c1 - n > LANES => I::INTEGER_PANELS * LANES,
            opcode::PRODUCT_FLOAT if op.bytes.is_some() && c1 - n >= 4 * LANES => 4 * LANES,
            opcode::PRODUCT_FLOAT if op.bytes.is_none() && I::WIDE && c1 - n > LANES => 2 * LANES,
            _ => LANES,
        };
        let count = panel.min(c1 - n);
        match code {
            opcode::PRODUCT_PAIRED => binary::<I>(&part, shadow, index, n, count),
            opcode::PRODUCT_INTEGER => match count.div_ceil(LANES) {
                1 => integer::<I, 1>(&part, n, count),
                2 => integer::<I, 2>(&part, n, count),
                3 => integer::<I, 3>(&part, n, count),
                _ => integer::<I, 4>(&part, n, count),
            },
            _ => match &op.bytes {
                Some(weights) if panel > LANES => float_bytes::<I, 4>(&part, weights, n, count),
                Some(weights) => float_bytes::<I, 1>(&part, weights, n, count),
                None if panel > LANES => floats::<I, 2>(&part, n, count),
                None => floats::<I, 1>(&part, n, count),
            },
        }
        n += panel;
    }
    ROWS.set(part.rows);
}

/// The tile of a product. `code` is a constant, that of levels in pairs for all of levels.
#[inline(always)]
pub fn product<I: Isa>(tile: &Tile, op: &Record, shadow: Shadow, code: i32) {
    let rows = op.count(product::PART_ROWS);
    if rows == 0 {
        for index in 0..op.count(product::PARTS) {
            product_part::<I>(tile, op, shadow, code, index, tile.r0, tile.r1);
        }
        return;
    }
    let mut index = tile.r0 / rows;
    while index * rows < tile.r1 {
        product_part::<I>(tile, op, shadow, code, index, tile.r0.max(index * rows), tile.r1.min((index + 1) * rows));
        index += 1;
    }
}
