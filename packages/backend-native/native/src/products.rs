//! Convolutions, fully connected layers and matrix products: one driver, and a kernel for each kind of operand (isa.rs). A
//! window is a list of equally long segments of the input (the taps, or whole kernel rows where they are adjacent), so nothing
//! is copied into columns. Weights are panels of output channels, lanes are channels.
use crate::bytes::ByteWeights;
use crate::isa::{self, Counts, Isa, LANES};
use crate::memory::Arena;
use crate::packed::{Shadow, Unit, PANEL};
use crate::record::{Record, Tile, Walk};
use crate::residual::{self, residual, sums_of};
use crate::rowwise::{put_block, BLOCK};
use crate::words::{mode, opcode, product, record_words, view};

/// Where the window of a row, its initial values and its output begin; and with a residual its shortcut and its levels.
#[derive(Clone, Copy)]
struct Row {
    window: isize,
    initial: isize,
    out: isize,
    shortcut: isize,
    levels: isize,
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

/// The rows r0..r1 of a part, once for all its panels.
#[inline(always)]
fn rows_of(tile: &Tile, op: &Record, index: usize, r0: usize, r1: usize) -> Vec<Row> {
    let of_part = |place: usize| index as isize * op.word(place) as isize;
    let base = op.address(record_words::A + view::BASE) + of_part(product::PART_INPUT);
    let (step, pitch) = (op.word(record_words::A + view::STEP) as isize, op.word(record_words::A + view::PITCH) as isize);
    let output = of_part(product::PART_OUTPUT);
    let initial = op.address(product::INITIAL) + output;
    let (row_classes, column_classes) = (op.address(product::ROW_CLASS), op.address(product::COLUMN_CLASS));
    // A dense layer is one line.
    let width = match op.count(record_words::A + view::WIDTH) {
        0 => usize::MAX,
        width => width,
    };
    let (mut y, mut x) = (r0 / width, r0 % width);
    let mut rows = Vec::with_capacity(r1 - r0);
    let mut out = Walk::new(tile, op.residual.as_deref().unwrap_or(op), record_words::OUT, r0);
    let mut residual = op.residual.as_deref().map(|after| residual::walks(tile, after, r0));
    for _ in r0..r1 {
        let mut from = initial;
        if row_classes != 0 {
            from += tile.arena.get::<i32>(row_classes + 4 * y as isize) as isize;
            from += tile.arena.get::<i32>(column_classes + 4 * x as isize) as isize;
        }
        let window = base + y as isize * pitch + x as isize * step;
        let [shortcut, levels] = residual.as_mut().map_or([0; 2], |[b, levels]| [b.next(), levels.next()]);
        rows.push(Row { window, initial: from, out: out.next() + output, shortcut, levels });
        x += 1;
        if x == width {
            (y, x) = (y + 1, 0);
        }
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

/// Walks the rows of a part, as many at a time as stand first, where more are left than stand second: `$sums` makes their sums of a
/// panel from where their windows begin, `$finish` writes those of one row, given its sums and the row. No function: closures would
/// not be compiled for the instruction set.
macro_rules! walk {
    ($part:expr, [$($count:literal above $rest:literal),+], |$at:ident| $sums:expr, |$made:ident, $row:ident| $finish:expr) => {{
        let part: &Part = $part;
        let mut left = &part.rows[..];
        $(
            while left.len() > $rest {
                let (rows, others) = left.split_at(left.len().min($count));
                left = others;
                // Where there are fewer rows, the last one is computed again.
                let mut $at = [0; $count];
                for i in 0..$count {
                    $at[i] = rows[i.min(rows.len() - 1)].window;
                }
                let all = $sums;
                for (i, $row) in rows.iter().enumerate() {
                    let $made = &all[i];
                    $finish
                }
            }
        )+
    }};
}

/// Writes the sums of one row and panel, their levels, or what the residual makes of them.
#[inline(always)]
fn finish_counts<I: Isa, C: Counts>(part: &Part, counts: &C, row: &Row, n: usize, count: usize) {
    let (op, arena) = (part.op, part.tile.arena);
    let mode = op.word(product::MODE);
    if mode == mode::DECIDE {
        let flips = op.address(product::STEP_BYTES) + n as isize / 8;
        return decide::<I, C>(arena, counts, row.out + n as isize / 4, row.initial + 2 * n as isize, flips, count);
    }
    let at = 4 * n as isize;
    let initial = row.initial + at;
    if let Some(after) = &op.residual {
        return residual::<I, C>(arena, after, counts, [initial, row.shortcut + at, row.out + at, row.levels + at / 16], n, count);
    }
    let from = if mode == mode::ADD { row.out + at } else { initial };
    let out = arena.cells::<i32>(row.out + at, count);
    let from = arena.cells::<i32>(from, count);
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

/// Turns the counts of one row and panel into levels: what a threshold would make of the sums.
#[inline(always)]
fn decide<I: Isa, C: Counts>(arena: Arena, counts: &C, out: isize, limits: isize, flips: isize, channels: usize) {
    let words = channels.div_ceil(32);
    let limits = arena.pointer(limits, 64 * words) as *const i16;
    let (out, flips) = (arena.cells::<u64>(out, words), arena.cells::<u32>(flips, words));
    for (i, (out, flips)) in out.iter().zip(flips).enumerate() {
        // SAFETY: there are 32 limits for each word; there are at most two words.
        let above = unsafe { counts.above::<I>(32 * i, limits.add(32 * i)) };
        out.set(I::spread(above ^ flips.get()));
    }
}

/// Levels by levels.
#[inline(always)]
fn binary<I: Isa>(part: &Part, shadow: Shadow, index: usize, n: usize, count: usize) {
    let (op, arena) = (part.op, part.tile.arena);
    let length = op.count(product::SEGMENT_LENGTH);
    let steps = op.segments.len() * length;
    match &op.packed {
        Some(packed) => {
            let weights = packed.panel(index * op.count(product::CHANNELS).div_ceil(PANEL) + n / PANEL);
            macro_rules! walk_units {
                ($count:path) => {
                    walk!(
                        part,
                        [4 above 2, 2 above 1, 1 above 0],
                        |at| {
                            for at in &mut at {
                                *at = shadow.of(*at);
                            }
                            let rows = part.windows(arena, at, part.low / 2, part.bytes.div_ceil(2));
                            // SAFETY: windows and weights are as long as the segments say; `packed.panel` checks the latter.
                            unsafe { $count(rows, weights, &packed.segments, packed.length) }
                        },
                        |counts, row| finish_counts::<I, _>(part, counts, row, n, count)
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
                |at| {
                    let rows = part.windows(arena, at, part.low, part.bytes);
                    // SAFETY: windows and weights are as long as the segments say, both checked.
                    unsafe { I::nibbles(rows, weights, &op.segments, length) }
                },
                |counts, row| finish_counts::<I, _>(part, counts, row, n, count)
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
                |at| {
                    let rows = part.windows(arena, at, part.low, part.bytes);
                    // SAFETY: windows and weights are as long as the segments say, both checked.
                    unsafe { I::integer(rows, weights, &op.segments, length) }
                },
                |sums, row| {
                    let (initial, out) = (row.initial + 4 * n as isize, row.out + 4 * n as isize);
                    if count == Q * LANES {
                        let (from, to) = (arena.pointer(initial, 4 * count), arena.pointer(out, 4 * count));
                        for q in 0..Q {
                            // SAFETY: whole blocks of what was checked.
                            unsafe {
                                let mut all = (from as *const [i32; LANES]).add(q).read_unaligned();
                                for k in 0..LANES {
                                    all[k] = all[k].wrapping_add(sums[q][k].wrapping_shl(shift));
                                }
                                (to as *mut [i32; LANES]).add(q).write_unaligned(all);
                            }
                        }
                        continue;
                    }
                    for c in 0..count {
                        let from: i32 = arena.get(initial + 4 * c as isize);
                        arena.put(out + 4 * c as isize, from.wrapping_add(sums[c / LANES][c % LANES].wrapping_shl(shift)));
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
                |at| {
                    let rows = part.windows(arena, at, part.low, part.bytes);
                    // SAFETY: windows and weights are as long as the segments say, both checked.
                    unsafe { I::float(rows, weights, &op.segments, length, step) }
                },
                |sums, row| {
                    let out = arena.cells::<f32>(row.out + 4 * n as isize, count);
                    for q in 0..Q {
                        let (first, left) = (q * LANES, count - q * LANES);
                        if left >= LANES {
                            put_block(out, first, sums[q]);
                            continue;
                        }
                        for c in 0..left {
                            out[first + c].set(sums[q][c]);
                        }
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
        |at| {
            let rows = part.windows(arena, at, part.low, part.bytes);
            // SAFETY: windows and weights are as long as the segments say; `ByteWeights::panel` checks the latter.
            unsafe { isa::float_bytes(rows, weights, &op.segments, length) }
        },
        |sums, row| {
            for (out, sum) in arena.cells::<f32>(row.out + 4 * n as isize, count).iter().zip(sums.as_flattened()) {
                out.set(*sum);
            }
        }
    );
}

/// Rows r0..r1 and the tile's channels of a part.
#[inline(always)]
fn product_part<I: Isa>(tile: &Tile, op: &Record, shadow: Shadow, index: usize, r0: usize, r1: usize) {
    let code = op.word(record_words::OPCODE);
    let low = op.segments.iter().copied().min().unwrap_or(0) as isize;
    let high = op.segments.iter().copied().max().unwrap_or(0) as isize;
    // Steps of levels are bytes, of integers pairs.
    let step = if code == opcode::PRODUCT_SINGLE || code == opcode::PRODUCT_PAIRED { 1 } else { 4 };
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
            opcode::PRODUCT_SINGLE | opcode::PRODUCT_PAIRED => PANEL,
            opcode::PRODUCT_INTEGER if c1 - n > LANES => I::INTEGER_PANELS * LANES,
            opcode::PRODUCT_FLOAT if op.bytes.is_some() && c1 - n >= 4 * LANES => 4 * LANES,
            opcode::PRODUCT_FLOAT if op.bytes.is_none() && I::WIDE && c1 - n > LANES => 2 * LANES,
            _ => LANES,
        };
        let count = panel.min(c1 - n);
        match code {
            opcode::PRODUCT_SINGLE | opcode::PRODUCT_PAIRED => binary::<I>(&part, shadow, index, n, count),
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
}

/// The tile of a product.
#[inline(always)]
pub fn product<I: Isa>(tile: &Tile, op: &Record, shadow: Shadow) {
    let rows = op.count(product::PART_ROWS);
    if rows == 0 {
        for index in 0..op.count(product::PARTS) {
            product_part::<I>(tile, op, shadow, index, tile.r0, tile.r1);
        }
        return;
    }
    let mut index = tile.r0 / rows;
    while index * rows < tile.r1 {
        product_part::<I>(tile, op, shadow, index, tile.r0.max(index * rows), tile.r1.min((index + 1) * rows));
        index += 1;
    }
}
