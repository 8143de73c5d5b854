//! Levels that are packed where they are made: products that read them find them packed, so that threads need not meet once more
//! before each. Where it is not plain that all of what a product reads was made so, it packs its input itself (packed.rs).
use crate::levels::Mirror;
use crate::packed::{Shadow, PAIR};
use crate::record::{Group, Record};
use crate::words::{border, mode, opcode, product, record_words, residual, view};
use std::ops::Range;

/// A record of a program: its group, and its place there.
type Place = (usize, usize);

/// The bytes from the first to the last that a view has of a group's rows, of `bytes` bytes each; `None` in scratch.
fn reach(record: &Record, at: usize, rows: usize, bytes: usize) -> Option<Range<isize>> {
    let [step, width, pitch] = [view::STEP, view::WIDTH, view::PITCH].map(|word| record.word(at + word) as isize);
    if width < 0 || rows == 0 {
        return None;
    }
    let (y, x) = if width == 0 { (0, rows as isize - 1) } else { ((rows as isize - 1) / width, width.min(rows as isize) - 1) };
    let base = record.address(at + view::BASE);
    Some(base..base + y * pitch + x * step + bytes as isize)
}

/// Bytes of a row of levels.
const fn level_bytes(channels: usize) -> usize {
    8 * channels.div_ceil(32)
}

/// Where the view of the levels is that a record makes.
fn levels_at(record: &Record) -> Option<usize> {
    match record.word(record_words::OPCODE) {
        opcode::PRODUCT_SINGLE | opcode::PRODUCT_PAIRED if record.word(product::MODE) == mode::DECIDE => Some(record_words::OUT),
        opcode::RESIDUAL if record.word(residual::T) != 0 => Some(residual::LEVELS),
        opcode::THRESHOLD_I32 | opcode::THRESHOLD_F32 | opcode::MAX_BITS => Some(record_words::OUT),
        _ => None,
    }
}

/// All of the bytes of a border and what it is around.
fn framed(record: &Record) -> Range<isize> {
    let base = record.address(border::BASE);
    let [above, rows, pitch, below] = [border::ABOVE, border::ROWS, border::PITCH, border::BELOW].map(|word| record.count(word));
    base..base + (above + rows * pitch + below) as isize
}

/// The bytes that a record may write to.
pub fn writes(record: &Record, group: &Group) -> Vec<Range<isize>> {
    let (rows, channels) = (group.rows, group.channels);
    let code = record.word(record_words::OPCODE);
    let anywhere = code == opcode::COPY || code == opcode::PANELS || (record.is_product() && record.word(product::PART_ROWS) != 0);
    if anywhere {
        return vec![0..isize::MAX];
    }
    if code == opcode::BORDER {
        return vec![framed(record)];
    }
    let levels = levels_at(record);
    // Rows of numbers are written by whole vectors.
    let out = if levels == Some(record_words::OUT) { None } else { reach(record, record_words::OUT, rows, 4 * channels + 64) };
    let folded = record.residual.as_deref().map(|after| writes(after, group)).unwrap_or_default();
    out.into_iter().chain(levels.and_then(|at| reach(record, at, rows, level_bytes(channels)))).chain(folded).collect()
}

/// The record that levels are made by: what a product was folded with, if that makes them.
fn maker(record: &Record) -> &Record {
    record.residual.as_deref().unwrap_or(record)
}

/// Whether a record and perhaps a border make all bytes of a range, each row whole units of `unit` bytes from a multiple of these on.
fn makes(group: &Group, record: &Record, frame: Option<&Record>, range: &Range<isize>, unit: isize) -> bool {
    let Some(at) = levels_at(record) else { return false };
    let bytes = level_bytes(group.channels);
    let Some(reach) = reach(record, at, group.rows, bytes) else { return false };
    let [base, step, width, pitch] = [view::BASE, view::STEP, view::WIDTH, view::PITCH].map(|word| record.word(at + word) as isize);
    let within = |whole: Range<isize>| whole.start <= range.start && range.end <= whole.end;
    // A row has the levels of its own channels at hand: the other unit of a pair must not be in the next.
    if step != bytes as isize || step % unit != 0 || record.address(at + view::BASE) % unit != 0 {
        return false;
    }
    let Some(frame) = frame else { return width == 0 && within(reach) };
    let [above, left, inside, right, rows] =
        [border::ABOVE, border::LEFT, border::INSIDE, border::RIGHT, border::ROWS].map(|word| frame.count(word) as isize);
    let around = frame.address(border::BASE) + above + left == base as u32 as isize && left + inside + right == pitch;
    let same = frame.word(border::PITCH) as isize == pitch && inside == width * step && rows * width == group.rows as isize;
    width > 0 && around && same && within(framed(frame))
}

/// What a group reads, and the records that make it.
struct Found {
    reader: usize,
    paired: bool,
    maker: Place,
    frame: Option<Place>,
}

/// The record that makes what a group reads in a range, and that of its border: where the last group before it that writes there
/// does so by these alone. `Err` has that group where not.
fn makers(groups: &[Group], reader: usize, range: &Range<isize>, unit: isize) -> Result<(Place, Option<Place>), usize> {
    let meets = |group: &Group, record: &Record| {
        writes(record, group).iter().any(|written| written.start < range.end && range.start < written.end)
    };
    for index in (0..reader).rev() {
        let group = &groups[index];
        let (frames, others): (Vec<usize>, Vec<usize>) = (0..group.records.len())
            .filter(|&i| meets(group, &group.records[i]))
            .partition(|&i| group.records[i].word(record_words::OPCODE) == opcode::BORDER);
        let whole = |one: usize, frame: Option<&Record>| makes(group, maker(&group.records[one]), frame, range, unit);
        return match (&others[..], &frames[..]) {
            ([], []) => continue,
            ([one], []) if whole(*one, None) => Ok(((index, *one), None)),
            ([one], [frame]) if whole(*one, Some(&group.records[*frame])) => Ok(((index, *one), Some((index, *frame)))),
            _ => Err(index),
        };
    }
    Err(reader)
}

/// Marks the records that pack what they make, and the groups that find all of their inputs packed.
pub fn plan_mirrors(groups: &mut [Group], shadow: Shadow) {
    let mut found: Vec<Found> = Vec::new();
    // Readers that pack their input, and groups whose levels some reader packs.
    let (mut alone, mut apart) = (Vec::new(), Vec::new());
    for reader in 0..groups.len() {
        for packed in groups[reader].records.iter().filter_map(|record| record.packed.as_ref()) {
            let unit = if packed.paired { PAIR } else { PAIR / 2 };
            match makers(groups, reader, &(packed.from..packed.to), unit) {
                Ok((maker, frame)) => found.push(Found { reader, paired: packed.paired, maker, frame }),
                Err(group) => {
                    alone.push(reader);
                    apart.push(group);
                }
            }
        }
    }
    // Readers of the same levels must want them alike, and a reader that packs some of its input packs all of it.
    let mut known = usize::MAX;
    while alone.len() != known {
        known = alone.len();
        for each in &found {
            let differs = |other: &Found| other.paired != each.paired || alone.contains(&other.reader);
            let differ = found.iter().any(|other| other.maker == each.maker && differs(other));
            if !alone.contains(&each.reader) && (apart.contains(&each.maker.0) || differ) {
                alone.push(each.reader);
            }
        }
    }
    for Found { reader, paired, maker: (group, index), frame } in found {
        if alone.contains(&reader) {
            continue;
        }
        let mirror = Some(Mirror { shadow, paired });
        let record = &mut groups[group].records[index];
        match &mut record.residual {
            Some(after) => after.mirror = mirror,
            None => record.mirror = mirror,
        }
        if let Some((group, index)) = frame {
            groups[group].records[index].mirror = mirror;
        }
        groups[reader].mirrored = true;
    }
}
