//! Moving elements: one copy between two strided index spaces of up to five axes serves concat, slice, pad, transpose,
//! reshape and conversions to i16. Positions count elements from the tensor's base; levels are 4 to a byte, in its high half.
use crate::memory::Arena;
use crate::levels::Mirror;
use crate::record::{Record, Tile};
use crate::words::{border as edge, copy as place, element, panels as panel};

#[inline(always)]
fn read(arena: Arena, kind: i32, base: isize, at: isize, to_bits: bool) -> i32 {
    match kind {
        element::BITS => {
            let bit = (arena.get::<u8>(base + at / 4) >> (4 + (at & 3))) as i32 & 1;
            if to_bits {
                bit
            } else {
                1 - 2 * bit
            }
        }
        element::U8 => arena.get::<u8>(base + at) as i32,
        element::I16 => arena.get::<i16>(base + 2 * at) as i32,
        _ => arena.get::<i32>(base + 4 * at),
    }
}

#[inline(always)]
fn write(arena: Arena, kind: i32, base: isize, at: isize, value: i32) {
    match kind {
        element::BITS => {
            let (p, shift) = (base + at / 4, 4 + (at & 3));
            arena.put::<u8>(p, (arena.get::<u8>(p) & !(1 << shift)) | ((value as u8) << shift));
        }
        element::U8 => arena.put(base + at, value as u8),
        element::I16 => arena.put(base + 2 * at, value as i16),
        _ => arena.put(base + 4 * at, value),
    }
}

/// One run of the innermost axis, from element s to element t.
#[inline(always)]
fn run(arena: Arena, op: &Record, s: isize, t: isize) {
    let (source, target) = (op.address(place::SOURCE), op.address(place::TARGET));
    let (from, to, count) = (op.word(place::FROM), op.word(place::TO), op.count(place::COUNT));
    let (ds, dt) = (op.word(place::SOURCE_STEP) as isize, op.word(place::TARGET_STEP) as isize);
    let mut k = 0;
    if ds == 1 && dt == 1 {
        if from == to && from != element::BITS {
            let scale = if from == element::U8 { 0 } else if from == element::I16 { 1 } else { 2 };
            return arena.copy(source + (s << scale), target + (t << scale), count << scale);
        }
        if from == element::BITS && to == element::BITS && (s | t) & 3 == 0 {
            k = count & !3;
            arena.copy(source + s / 4, target + t / 4, k / 4);
        }
        if from == element::U8 && to == element::I16 {
            let (bytes, words) = (arena.cells::<u8>(source + s, count), arena.cells::<i16>(target + 2 * t, count));
            for (byte, word) in bytes.iter().zip(words) {
                word.set(byte.get() as i16);
            }
            return;
        }
    }
    if from == to && (from == element::WORD) {
        for i in 0..count as isize {
            arena.put::<i32>(target + 4 * (t + i * dt), arena.get(source + 4 * (s + i * ds)));
        }
        return;
    }
    let value = op.word(place::VALUE);
    for i in k as isize..count as isize {
        let moved = if from == element::FILL { value } else { read(arena, from, source, s + i * ds, to == element::BITS) };
        write(arena, to, target, t + i * dt, moved);
    }
}

/// Runs of the innermost axis.
#[inline(always)]
pub fn copy(tile: &Tile, op: &Record) {
    for r in tile.r0..tile.r1 {
        let (mut s, mut t) = (op.word(place::SOURCE_START) as isize, op.word(place::TARGET_START) as isize);
        let mut rest = r;
        for axis in 0..4 {
            let words = place::AXES + 3 * axis;
            let count = op.count(words).max(1);
            s += (rest % count) as isize * op.word(words + 1) as isize;
            t += (rest % count) as isize * op.word(words + 2) as isize;
            rest /= count;
        }
        run(tile.arena, op, s, t);
    }
}

/// Zeroes the border around an image, and in its packed form.
#[inline(always)]
pub fn border(tile: &Tile, op: &Record) {
    let [above, left, inside, right, below] =
        [edge::ABOVE, edge::LEFT, edge::INSIDE, edge::RIGHT, edge::BELOW].map(|word| op.count(word));
    let zero = |at: isize, bytes: usize| {
        tile.arena.zero(at, bytes);
        if let Some(Mirror { shadow, .. }) = op.mirror {
            tile.arena.zero(shadow.of(at), bytes / 2);
        }
    };
    let mut p = op.address(edge::BASE);
    zero(p, above);
    p += above as isize;
    for _ in 0..op.count(edge::ROWS) {
        zero(p, left);
        zero(p + (left + inside) as isize, right);
        p += op.word(edge::PITCH) as isize;
    }
    zero(p, below);
}

/// Packs rows of nibbles as panels of output channels: the right operand of a binary matrix product.
#[inline(always)]
pub fn panels(tile: &Tile, op: &Record) {
    let [steps, width, rows] = [panel::STEPS, panel::PANEL, panel::ROWS].map(|word| op.count(word));
    let (rows, width) = (rows.max(1), width.max(1));
    for r in tile.r0..tile.r1 {
        let (member, n) = (r / rows, r % rows);
        let from = op.address(panel::SOURCE) + r as isize * op.word(panel::STEP) as isize;
        let at = member * op.count(panel::BYTES) + n / width * width * steps + n % width;
        let to = tile.arena.cells::<u8>(op.address(panel::TARGET) + at as isize, (steps.max(1) - 1) * width + 1);
        for (k, nibble) in tile.arena.cells::<u8>(from, steps).iter().enumerate() {
            to[k * width].set(nibble.get() >> 4);
        }
    }
}
