//! Products of large images, and the pools that read them, band by band: what a pool reads is then still in the second-level cache.
//! Otherwise all of the image would have to come from afar, after it was written there.
use crate::packed::reach_of;
use crate::record::{Group, Record};
use crate::words::{band, opcode, record_words, view, windows};
use std::ops::Range;

/// The only record of a group but for borders.
fn lone(group: &Group) -> Option<&Record> {
    let mut records = group.records.iter().filter(|record| record.word(record_words::OPCODE) != opcode::BORDER);
    records.next().filter(|_| records.next().is_none())
}

/// Whether the records after a pool read nothing but what their own tile has made.
fn follows(record: &Record) -> bool {
    let alone = [opcode::THRESHOLD_I32, opcode::THRESHOLD_F32, opcode::AFFINE_I32, opcode::AFFINE_F32, opcode::CLAMP, opcode::PRELU];
    let code = record.word(record_words::OPCODE);
    code == opcode::BORDER || (alone.contains(&code) && record.word(record_words::A + view::WIDTH) < 0)
}

/// Rows of the image that the pool needs for its rows up to `row`.
fn needed(pool: &Record, row: usize) -> usize {
    let word = |place: usize| pool.word(place) as i64;
    let line = (row.max(1) - 1) as i64 / word(windows::OUT_WIDTH).max(1);
    let last = line * word(windows::STRIDE_Y) - word(windows::PAD_TOP) + (word(windows::KERNEL_HEIGHT) - 1) * word(windows::DILATION_Y).max(1);
    (last.clamp(0, word(windows::HEIGHT) - 1) + 1) as usize * pool.count(windows::WIDTH)
}

/// The tiles of a group and of the pool after it that are done in turn; one band where there is nothing to win, or where the pool
/// writes to what the product still reads.
pub fn bands(group: &Group, next: Option<&Group>) -> Option<Vec<(Range<usize>, Range<usize>)>> {
    let next = next?;
    let product = lone(group).filter(|record| record.is_product() && record.residual.is_none())?;
    let pool = next.records.iter().find(|record| record.word(record_words::OPCODE) >> 4 == 2)?;
    let out = |word: usize| product.word(record_words::OUT + word);
    let bytes = group.rows * out(view::STEP).max(0) as usize;
    let same = product.address(record_words::OUT) == pool.address(windows::INPUT)
        && out(view::WIDTH) == 0
        && out(view::STEP) == pool.word(windows::PIXEL_BYTES)
        && group.rows == pool.count(windows::HEIGHT) * pool.count(windows::WIDTH);
    let plain = group.tile_channels >= group.channels && next.tile_channels >= next.channels && bytes > band::BYTES;
    if !same || !plain || !next.records.iter().all(|record| std::ptr::eq(record, pool) || follows(record)) {
        return None;
    }
    let image = product.address(record_words::OUT);
    let reads = [reach_of(product, group.rows), (image, image + bytes as isize)];
    let meets = |written: &Range<isize>| reads.iter().any(|&(from, to)| written.start < to && from < written.end);
    if next.records.iter().flat_map(|record| crate::mirror::writes(record, next)).any(|written| meets(&written)) {
        return None;
    }
    let (count, tiles) = (bytes.div_ceil(band::BYTES), next.tiles());
    let mut done = (0, 0);
    let bands = (1..=count).map(|band| {
        let until = tiles * band / count;
        let rows = needed(pool, (until * next.tile_rows).min(next.rows));
        let from = if band == count { group.tiles() } else { rows.div_ceil(group.tile_rows).min(group.tiles()) };
        let all = (done.0..from.max(done.0), done.1..until);
        done = (all.0.end, until);
        all
    });
    Some(bands.collect())
}
