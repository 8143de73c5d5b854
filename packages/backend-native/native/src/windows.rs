//! Ops over sliding windows with a separate result for each channel: pooling and depthwise convolution. Padded taps are
//! skipped by clipping the window, so inputs need no border here.
use crate::isa::Isa;
use crate::levels::Levels;
use crate::memory::{refuse, Arena, Plain};
use crate::record::{Record, Tile, Walk};
use crate::rowwise::BLOCK;
use crate::words::{depthwise, opcode, record_words, windows};

/// The window of an output row, clipped: kernel rows y0..y1, columns x0..x1; `first` is its top left tap, which may be padding.
struct Window {
    y0: usize,
    y1: usize,
    x0: usize,
    x1: usize,
    first: isize,
    pitch: isize,
    pixel: isize,
}

/// Taps at `at + i * dilation` for i < count that lie in 0..size.
fn clip(at: i64, dilation: i64, count: i64, size: i64) -> (usize, usize) {
    // A division takes as long as many taps.
    let steps = |distance: i64| if dilation == 1 { distance } else { (distance + dilation - 1) / dilation };
    let low = if at < 0 { steps(-at) } else { 0 };
    let high = if at >= size { 0 } else { count.min(steps(size - at)) };
    (low as usize, high.max(0) as usize)
}

impl Window {
    /// That of the output row of a line and column.
    fn new(op: &Record, line: usize, column: usize) -> Self {
        let word = |place: usize| op.word(place) as i64;
        let (dy, dx) = (word(windows::DILATION_Y).max(1), word(windows::DILATION_X).max(1));
        let top = line as i64 * word(windows::STRIDE_Y) - word(windows::PAD_TOP);
        let left = column as i64 * word(windows::STRIDE_X) - word(windows::PAD_LEFT);
        let (y0, y1) = clip(top, dy, word(windows::KERNEL_HEIGHT), word(windows::HEIGHT));
        let (x0, x1) = clip(left, dx, word(windows::KERNEL_WIDTH), word(windows::WIDTH));
        let (pitch, pixel) = (word(windows::PITCH), word(windows::PIXEL_BYTES));
        let first = op.address(windows::INPUT) + (top * pitch + left * pixel) as isize;
        Self { y0, y1, x0, x1, first, pitch: (pitch * dy) as isize, pixel: (pixel * dx) as isize }
    }

    #[inline(always)]
    fn tap(&self, y: usize, x: usize) -> isize {
        self.first + y as isize * self.pitch + x as isize * self.pixel
    }

    fn taps(&self) -> usize {
        self.y1.saturating_sub(self.y0) * self.x1.saturating_sub(self.x0)
    }
}

/// Elements of a few blocks: vectors enough that walking through a window costs little.
const BLOCKS: usize = 4 * BLOCK;

/// Calls `f` for as many elements of a row at a time as stand first, from most to one: 64, 16 or single ones.
macro_rules! blocks {
    ($count:expr, $f:ident ( $($argument:expr),* )) => { blocks!($count, [BLOCKS, BLOCK, 1], $f($($argument),*)) };
    ($count:expr, [$($size:expr),+], $f:ident $arguments:tt) => {{
        let count = $count;
        let mut c = 0;
        $( blocks!(@ count, c, $size, $f $arguments); )+
        debug_assert_eq!(c, count);
    }};
    (@ $count:ident, $c:ident, $size:expr, $f:ident ( $($argument:expr),* )) => {
        while $c + $size <= $count {
            $f::<{ $size }>($($argument),*, $c);
            $c += $size;
        }
    };
}

/// How two taps become one. No closures: they would not be compiled for the instruction set.
trait Combine<T> {
    fn of(all: T, tap: T) -> T;
}
struct Sum;
struct Max;
/// Maxima of levels: -1 is the bit 1, so the maximum is 1 where not all are -1.
struct All;
impl Combine<u64> for All {
    #[inline(always)]
    fn of(all: u64, tap: u64) -> u64 {
        all & tap
    }
}
impl<T: PartialOrd> Combine<T> for Max {
    #[inline(always)]
    fn of(all: T, tap: T) -> T {
        if tap > all {
            tap
        } else {
            all
        }
    }
}
impl Combine<i32> for Sum {
    #[inline(always)]
    fn of(all: i32, tap: i32) -> i32 {
        all.wrapping_add(tap)
    }
}
impl Combine<f32> for Sum {
    #[inline(always)]
    fn of(all: f32, tap: f32) -> f32 {
        all + tap
    }
}

/// Combines the elements from byte `bytes` on of every tap.
#[inline(always)]
fn fold<T: Plain, C: Combine<T>, const N: usize>(arena: Arena, w: &Window, bytes: usize, start: [T; N]) -> [T; N] {
    let mut all = start;
    for y in w.y0..w.y1 {
        for x in w.x0..w.x1 {
            let tap: [T; N] = arena.load(w.tap(y, x) + bytes as isize);
            for k in 0..N {
                all[k] = C::of(all[k], tap[k]);
            }
        }
    }
    all
}

macro_rules! maximum {
    ($name:ident, $type:ty, $combine:ty) => {
        #[inline(always)]
        fn $name<const N: usize>(arena: Arena, w: &Window, out: isize, c: usize) {
            let bytes = c * size_of::<$type>();
            // Every window has a real tap.
            let start: [$type; N] = arena.load(w.tap(w.y0, w.x0) + bytes as isize);
            arena.store(out + bytes as isize, fold::<$type, $combine, N>(arena, w, bytes, start));
        }
    };
}
// Eight bytes of the layout are 32 levels.
maximum!(max_bits, u64, All);
maximum!(max_u8, u8, Max);
maximum!(max_i32, i32, Max);
maximum!(max_f32, f32, Max);

#[inline(always)]
fn mean_i32<const N: usize>(arena: Arena, w: &Window, out: isize, c: usize) {
    let sums = fold::<i32, Sum, N>(arena, w, 4 * c, [0; N]);
    let n = w.taps() as f32;
    let mut means = [0f32; N];
    for k in 0..N {
        means[k] = sums[k] as f32 / n;
    }
    arena.store(out + 4 * c as isize, means);
}

#[inline(always)]
fn mean_f32<const N: usize>(arena: Arena, w: &Window, out: isize, c: usize) {
    let mut sums = fold::<f32, Sum, N>(arena, w, 4 * c, [0.0; N]);
    let n = w.taps() as f32;
    for k in 0..N {
        sums[k] /= n;
    }
    arena.store(out + 4 * c as isize, sums);
}

#[inline(always)]
fn depthwise_i32<const N: usize>(arena: Arena, w: &Window, op: &Record, out: isize, c: usize) {
    let (rows, columns) = (op.count(windows::KERNEL_HEIGHT), op.count(windows::KERNEL_WIDTH));
    let (mut real, mut padded) = ([0i32; N], [0i32; N]);
    for y in 0..rows {
        for x in 0..columns {
            let tap = (y * columns + x) as isize * op.word(depthwise::TAP_BYTES) as isize;
            let k: [i32; N] = arena.load(op.address(depthwise::WEIGHTS) + tap + 4 * c as isize);
            if y >= w.y0 && y < w.y1 && x >= w.x0 && x < w.x1 {
                let v: [i16; N] = arena.load(w.tap(y, x) + 2 * c as isize);
                for i in 0..N {
                    real[i] = real[i].wrapping_add(k[i].wrapping_mul(v[i] as i32));
                }
            } else {
                for i in 0..N {
                    padded[i] = padded[i].wrapping_add(k[i]);
                }
            }
        }
    }
    let (shift, value) = (op.word(depthwise::SHIFT) as u32, op.word(depthwise::PAD_VALUE));
    for i in 0..N {
        real[i] = real[i].wrapping_shl(shift).wrapping_add(padded[i].wrapping_mul(value));
    }
    arena.store(out + 4 * c as isize, real);
}

#[inline(always)]
fn depthwise_f32<const N: usize>(arena: Arena, w: &Window, op: &Record, out: isize, c: usize) {
    let columns = op.count(windows::KERNEL_WIDTH);
    let mut sums = [0f32; N];
    for y in w.y0..w.y1 {
        for x in w.x0..w.x1 {
            let tap = (y * columns + x) as isize * op.word(depthwise::TAP_BYTES) as isize;
            let k: [f32; N] = arena.load(op.address(depthwise::WEIGHTS) + tap + 4 * c as isize);
            let v: [f32; N] = arena.load(w.tap(y, x) + 4 * c as isize);
            for i in 0..N {
                sums[i] += v[i] * k[i];
            }
        }
    }
    arena.store(out + 4 * c as isize, sums);
}

/// Rows of a window op, all channels.
#[inline(always)]
pub fn window_op<I: Isa>(tile: &Tile, op: &Record, code: i32) {
    let arena = tile.arena;
    let channels = tile.c1;
    let width = op.count(windows::OUT_WIDTH).max(1);
    let (mut line, mut column) = (tile.r0 / width, tile.r0 % width);
    let mut rows = Walk::new(tile, op, record_words::OUT, tile.r0);
    for _ in tile.r0..tile.r1 {
        let out = rows.next();
        let w = Window::new(op, line, column);
        column += 1;
        if column == width {
            (line, column) = (line + 1, 0);
        }
        match code {
            opcode::MAX_BITS => {
                let words = channels.div_ceil(32);
                blocks!(words, [16, 8, 4, 1], max_bits(arena, &w, out));
                Levels::new(arena, op, out, words).pack_all::<I>();
            }
            opcode::MAX_U8 => blocks!(channels, max_u8(arena, &w, out)),
            opcode::MAX_I32 => blocks!(channels, max_i32(arena, &w, out)),
            opcode::MAX_F32 => blocks!(channels, max_f32(arena, &w, out)),
            opcode::MEAN_I32 => blocks!(channels, mean_i32(arena, &w, out)),
            opcode::MEAN_F32 => blocks!(channels, mean_f32(arena, &w, out)),
            opcode::DEPTHWISE_I32 => blocks!(channels, depthwise_i32(arena, &w, op, out)),
            opcode::DEPTHWISE_F32 => blocks!(channels, depthwise_f32(arena, &w, op, out)),
            _ => refuse(format!("opcode {code} is not known")),
        }
    }
}
