//! Ops whose output row depends on the same row of their inputs. They run tile by tile right after the op that makes their
//! input, so that it is still in the first-level cache. Blocks of 16 lanes become vectors of whatever the processor has.
use crate::exp::exp;
use crate::isa::Isa;
use crate::memory::{refuse, Plain};
use crate::levels::Levels;
use crate::record::{Record, Tile};
use crate::values::{affine, clamp, gelu, prelu, sigmoid, tanh};
use crate::words::{opcode, record_words, residual, rowwise};
use std::cell::Cell;

/// Lanes of a block.
pub const BLOCK: usize = 16;

#[inline(always)]
pub fn block<T: Plain>(from: &[Cell<T>], at: usize) -> [T; BLOCK] {
    let cells: &[Cell<T>; BLOCK] = from[at..at + BLOCK].try_into().unwrap();
    let mut values = [T::default(); BLOCK];
    for k in 0..BLOCK {
        values[k] = cells[k].get();
    }
    values
}

#[inline(always)]
pub fn put_block<T: Plain>(to: &[Cell<T>], at: usize, values: [T; BLOCK]) {
    let cells: &[Cell<T>; BLOCK] = to[at..at + BLOCK].try_into().unwrap();
    for k in 0..BLOCK {
        cells[k].set(values[k]);
    }
}

/// `out[c] = value` of the named inputs' elements at c, in blocks: an input may be the output.
macro_rules! map {
    ($out:expr, $($name:ident : $from:expr),+ => $value:expr) => {{
        let out = $out;
        let mut c = 0;
        while c + BLOCK <= out.len() {
            $( let $name = block($from, c); )+
            let mut values = [out[0].get(); BLOCK];
            for k in 0..BLOCK {
                $( let $name = $name[k]; )+
                values[k] = $value;
            }
            put_block(out, c, values);
            c += BLOCK;
        }
        while c < out.len() {
            $( let $name = $from[c].get(); )+
            out[c].set($value);
            c += 1;
        }
    }};
}

/// level[number of thresholds <= x], by binary search; NaN is above none.
#[inline(always)]
fn quantize(x: f32, thresholds: &[Cell<f32>], levels: &[Cell<f32>]) -> f32 {
    levels[thresholds.partition_point(|t| t.get() <= x)].get()
}

/// One row; `c0` is its first channel, a multiple of 64.
#[inline(always)]
fn row<I: Isa>(tile: &Tile, op: &Record, code: i32, a: isize, b: isize, out: isize) {
    let arena = tile.arena;
    let (c0, count) = (tile.c0, tile.c1 - tile.c0);
    let parameter = |place: usize| arena.cells::<f32>(op.address(place) + 4 * c0 as isize, count);
    let floats = |at: isize| arena.cells::<f32>(at, count);
    match code {
        opcode::AFFINE_I32 => {
            map!(floats(out), x: arena.cells::<i32>(a, count), s: parameter(rowwise::P0), t: parameter(rowwise::P1) => affine(x as f32, s, t))
        }
        opcode::AFFINE_F32 => {
            map!(floats(out), x: floats(a), s: parameter(rowwise::P0), t: parameter(rowwise::P1) => affine(x, s, t))
        }
        opcode::CLAMP => {
            let (low, high) = (op.float(rowwise::S0), op.float(rowwise::S1));
            map!(floats(out), x: floats(a) => clamp(x, low, high))
        }
        opcode::PRELU => {
            map!(floats(out), x: floats(a), p: parameter(rowwise::P0), s: parameter(rowwise::P1), q: parameter(rowwise::P2) => prelu(x, p, s, q))
        }
        opcode::ADD_F32 => map!(floats(out), x: floats(a), y: floats(b) => x + y),
        opcode::MUL_F32 => map!(floats(out), x: floats(a), y: floats(b) => x * y),
        opcode::ADD_I32 => {
            map!(arena.cells::<i32>(out, count), x: arena.cells::<i32>(a, count), y: arena.cells::<i32>(b, count) => x.wrapping_add(y))
        }
        opcode::SIGMOID => map!(floats(out), x: floats(a) => sigmoid(x)),
        opcode::TANH => map!(floats(out), x: floats(a) => tanh(x)),
        opcode::GELU => map!(floats(out), x: floats(a) => gelu(x)),
        opcode::WIDEN_BYTES => map!(arena.cells::<i32>(out, count), x: arena.cells::<u8>(a, count) => x as i32),
        opcode::WIDEN_LEVELS => {
            let (from, to) = (arena.cells::<u8>(a, count.div_ceil(4)), arena.cells::<i32>(out, count));
            for c in 0..count {
                to[c].set(1 - 2 * ((from[c / 4].get() >> (4 + (c & 3))) & 1) as i32);
            }
        }
        opcode::QUANTIZE => {
            let thresholds = arena.cells::<f32>(op.address(rowwise::P0), op.count(rowwise::S0));
            let levels = arena.cells::<f32>(op.address(rowwise::P1), op.count(rowwise::S0) + 1);
            map!(floats(out), x: floats(a) => quantize(x, thresholds, levels))
        }
        opcode::THRESHOLD_I32 => threshold::<I>(tile, op, rowwise::P0, true, a, out),
        opcode::THRESHOLD_F32 => threshold::<I>(tile, op, rowwise::P0, false, a, out),
        opcode::RESIDUAL => {
            let (s, t) = (parameter(residual::SCALE), parameter(residual::BIAS));
            if op.word(residual::INTEGERS) != 0 {
                map!(floats(out), x: arena.cells::<i32>(a, count), s: s, t: t, y: floats(b) => affine(x as f32, s, t) + y)
            } else {
                map!(floats(out), x: floats(a), s: s, t: t, y: floats(b) => affine(x, s, t) + y)
            }
        }
        _ => refuse(format!("opcode {code} is not known")),
    }
}

/// Levels of a row, by thresholds and flips at `place`.
#[inline(always)]
fn threshold<I: Isa>(tile: &Tile, op: &Record, place: usize, integers: bool, from: isize, out: isize) {
    let arena = tile.arena;
    let words = (tile.c1 - tile.c0).div_ceil(32);
    let (x, t) = (arena.pointer(from, 128 * words), arena.pointer(op.address(place) + 4 * tile.c0 as isize, 128 * words));
    let flips = arena.cells::<u32>(op.address(place + 1) + (tile.c0 / 8) as isize, words);
    let levels = Levels::new(arena, op, out, words);
    for (i, flips) in flips.iter().enumerate() {
        // SAFETY: both are 32 numbers of 4 bytes, in what was checked.
        let bits = unsafe {
            let (x, t) = (x.add(128 * i), t.add(128 * i));
            if integers {
                I::below_i32(x as *const i32, t as *const i32)
            } else {
                I::below_f32(x as *const f32, t as *const f32)
            }
        };
        levels.put::<I>(i, bits ^ flips.get());
    }
}

#[inline(always)]
pub fn elementwise<I: Isa>(tile: &Tile, op: &Record, code: i32) {
    let at = 4 * tile.c0 as isize;
    let input = match code {
        opcode::WIDEN_BYTES => at / 4,
        opcode::WIDEN_LEVELS => at / 16,
        _ => at,
    };
    let output = if code == opcode::THRESHOLD_I32 || code == opcode::THRESHOLD_F32 { at / 16 } else { at };
    let decides = code == opcode::RESIDUAL && op.word(residual::T) != 0;
    let places = [record_words::A, record_words::B, record_words::OUT, residual::LEVELS];
    let views = if decides { &places[..] } else { &places[..3] };
    let mut r = tile.r0;
    while r < tile.r1 {
        let count = op.run(views, r).min(tile.r1 - r);
        let place = |place: usize| (tile.row(op, place, r), op.step(place));
        let ([(a, next_a), (b, next_b), (out, next_out)], (levels, next_levels)) =
            ([record_words::A, record_words::B, record_words::OUT].map(place), if decides { place(residual::LEVELS) } else { (0, 0) });
        for i in 0..count as isize {
            let out = out + output + i * next_out;
            row::<I>(tile, op, code, a + input + i * next_a, b + at + i * next_b, out);
            if decides {
                threshold::<I>(tile, op, residual::T, false, out, levels + at / 16 + i * next_levels);
            }
        }
        r += count;
    }
}

#[inline(always)]
fn softmax(x: &[Cell<f32>], y: &[Cell<f32>]) {
    let max = x.iter().skip(1).fold(x[0].get(), |m, v| if v.get() > m { v.get() } else { m });
    map!(y, v: x => exp(v - max));
    let sum = y.iter().fold(0.0, |s, v| s + v.get());
    map!(y, v: y => v / sum);
}

#[inline(always)]
fn layer_norm(x: &[Cell<f32>], y: &[Cell<f32>], gamma: &[Cell<f32>], beta: &[Cell<f32>], epsilon: f32) {
    let n = x.len() as f32;
    let mean = x.iter().fold(0.0, |s, v| s + v.get()) / n;
    let variance = x.iter().fold(0.0, |s, v| s + (v.get() - mean) * (v.get() - mean)) / n;
    let r = 1.0 / (variance + epsilon).sqrt();
    map!(y, v: x, g: gamma, b: beta => (((v - mean) * r) * g) + b);
}

/// Softmax and layer normalization: whole rows, with sums in the order that plan.ts states.
#[inline(always)]
pub fn whole_rows(tile: &Tile, op: &Record, code: i32) {
    let (arena, count) = (tile.arena, tile.c1);
    for r in tile.r0..tile.r1 {
        let x = arena.cells::<f32>(tile.row(op, record_words::A, r), count);
        let y = arena.cells::<f32>(tile.row(op, record_words::OUT, r), count);
        if code == opcode::SOFTMAX {
            softmax(x, y);
        } else {
            let [gamma, beta] = [rowwise::P0, rowwise::P1].map(|p| arena.cells::<f32>(op.address(p), count));
            layer_norm(x, y, gamma, beta, op.float(rowwise::S0));
        }
    }
}
