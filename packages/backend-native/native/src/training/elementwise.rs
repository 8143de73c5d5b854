//! Interpreter of linear elementwise programs (`linearize` of @bitgrad/bits): a block of numbers goes through all instructions
//! before the next block, so that registers stay in the first-level cache.
use super::call::{Elementary, Kernel};
use super::calls::{Elementwise, ElementwiseSpace};
use super::heap::{expect, product, Checked, Heap};
use super::lanes::{stream_block, streams, Floats, Lanes};
use super::math::{dirichlet, exp, log, sigmoid, sin, tanh};

/// Numbers in a block at most.
const BLOCK: usize = 512;
/// Integers of an instruction: opcode, destination, three sources.
const STEP: usize = 5;

/// How an input is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Full,
    Scalar,
    /// Along the last axis.
    Vector,
}

impl Kernel for ElementwiseSpace {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, _: &Heap) -> Checked<f64> {
        Ok(product(&[self.registers, BLOCK as isize, 4])? as f64)
    }
}

/// An instruction on whole vectors: `$f` of the sources' lanes.
macro_rules! each {
    ($count:expr, $to:expr, |$($name:ident = $from:ident),+| $f:expr) => {{
        let mut i = 0;
        while i < $count {
            $(let $name = V::load($from.add(i));)+
            V::store($to.add(i), $f);
            i += V::N;
        }
    }};
}

/// Opcodes are the order of `opcodes` in @bitgrad/bits.
#[inline(always)]
unsafe fn step<V: Floats>(code: &[i32], registers: &[*mut f32], count: usize) {
    let [d, a, b, e] = [1, 2, 3, 4].map(|place| registers[code[place] as usize]);
    let one = V::splat(1.0);
    match code[0] {
        0 => each!(count, d, |x = a| V::neg(x)),
        1 => each!(count, d, |x = a| V::abs(x)),
        2 => each!(count, d, |x = a| V::sqrt(x)),
        3 => each!(count, d, |x = a| exp::<V>(x)),
        4 => each!(count, d, |x = a| log::<V>(x)),
        5 => each!(count, d, |x = a| sin::<V>(x, 0)),
        6 => each!(count, d, |x = a| sin::<V>(x, 1)),
        7 => each!(count, d, |x = a| tanh::<V>(x)),
        8 => each!(count, d, |x = a| sigmoid::<V>(x)),
        9 => each!(count, d, |x = a| V::nearest(x)),
        10 => each!(count, d, |x = a| V::floor(x)),
        11 => each!(count, d, |x = a| V::div(one, x)),
        12 => each!(count, d, |x = a, y = b| V::add(x, y)),
        13 => each!(count, d, |x = a, y = b| V::sub(x, y)),
        14 => each!(count, d, |x = a, y = b| V::mul(x, y)),
        15 => each!(count, d, |x = a, y = b| V::div(x, y)),
        16 => each!(count, d, |x = a, y = b| V::min(x, y)),
        17 => each!(count, d, |x = a, y = b| V::max(x, y)),
        18 => each!(count, d, |x = a, y = b| V::and(one, V::le(y, x))),
        19 => each!(count, d, |x = a, y = b| V::and(one, V::lt(y, x))),
        20 => each!(count, d, |x = a, y = b| V::and(one, V::le(x, y))),
        21 => each!(count, d, |x = a, y = b| V::and(one, V::lt(x, y))),
        22 => each!(count, d, |x = a, y = b| V::and(one, V::eq(x, y))),
        23 => each!(count, d, |x = a, y = b| V::and(one, V::ne(x, y))),
        24 => each!(count, d, |x = a, y = b| dirichlet::<V>(x, y)),
        _ => each!(count, d, |x = a, y = b, z = e| V::select(V::ne(x, V::splat(0.0)), y, z)),
    }
}

unsafe fn fill(to: *mut f32, value: f32) {
    for i in 0..BLOCK {
        *to.add(i) = value;
    }
}

impl Elementary for Elementwise {
    #[inline(always)]
    unsafe fn run<V: Floats>(self, heap: &Heap) -> Checked<f64> {
        let Self { steps, input_count, constant_count, registers, result, i0, i1, c, .. } = self;
        expect(0 <= i0 && i0 <= i1 && c > 0, "elementwise: range")?;
        expect(input_count >= 0 && constant_count >= 0 && input_count + constant_count <= registers, "elementwise: registers")?;
        expect((0..registers).contains(&result), "elementwise: result")?;
        let size = product(&[steps, STEP as isize])?;
        let code = std::slice::from_raw_parts(heap.at::<i32>("code", self.code, size)?, size as usize);
        let valid = |step: &[i32]| (0..26).contains(&step[0]) && step[1..].iter().all(|&r| (0..registers).contains(&(r as isize)));
        expect(code.chunks_exact(STEP).all(valid), "elementwise: code")?;
        let constants = heap.at::<f32>("constants", self.constants, constant_count)?;
        let out = heap.at::<f32>("out", self.out, i1)?;
        let own = heap.at::<f32>("space", self.space, product(&[registers, BLOCK as isize])?)?;
        let table = heap.at::<[i32; 2]>("inputs", self.inputs, input_count)?;
        let mut inputs = Vec::with_capacity(input_count as usize);
        for i in 0..input_count {
            let [address, kind] = *table.offset(i);
            let (kind, count) = match kind {
                0 => (Kind::Full, i1),
                1 => (Kind::Scalar, 1),
                _ => (Kind::Vector, c),
            };
            inputs.push((heap.at::<f32>("input", address as u32 as isize, count)? as *const f32, kind));
        }
        let mut places: Vec<*mut f32> = (0..registers).map(|r| own.offset(r * BLOCK as isize)).collect();
        for j in 0..constant_count {
            fill(places[(input_count + j) as usize], *constants.offset(j));
        }
        let vectors = inputs.iter().any(|&(_, kind)| kind == Kind::Vector);
        let (c, width) = (c as usize, BLOCK / c as usize * c as usize);
        // With vector inputs a block holds whole rows, or a part of one row.
        let whole = vectors && c <= BLOCK;
        for (i, &(from, kind)) in inputs.iter().enumerate() {
            match kind {
                Kind::Scalar => fill(places[i], *from),
                Kind::Vector if whole => {
                    for j in 0..width {
                        *places[i].add(j) = *from.add(j % c);
                    }
                }
                _ => {}
            }
        }
        let direct = result >= input_count + constant_count;
        let streamed = direct && streams(self.i1 - self.i0, BLOCK as isize);
        let (mut at, end) = (i0 as usize, i1 as usize);
        while at < end {
            let mut count = (end - at).min(if whole { width } else { BLOCK });
            let column = if vectors && !whole { at % c } else { 0 };
            if vectors && !whole {
                count = count.min(c - column);
            }
            // Registers are whole vectors; tensors are used in place where they are.
            let exact = count % V::N == 0;
            for (i, &(from, kind)) in inputs.iter().enumerate() {
                if kind == Kind::Scalar || (kind == Kind::Vector && whole) {
                    continue;
                }
                let from = from.add(if kind == Kind::Full { at } else { column });
                places[i] = own.add(i * BLOCK);
                if exact {
                    places[i] = from as *mut f32;
                } else {
                    std::ptr::copy_nonoverlapping(from, places[i], count);
                }
            }
            let to = out.add(at);
            places[result as usize] = match direct {
                true if exact && !streamed => to,
                true => own.offset(result * BLOCK as isize),
                false => places[result as usize],
            };
            for instruction in code.chunks_exact(STEP) {
                step::<V>(instruction, &places, count);
            }
            if streamed {
                stream_block::<V>(places[result as usize], to, count);
            } else if places[result as usize] != to {
                std::ptr::copy_nonoverlapping(places[result as usize], to, count);
            }
            at += count;
        }
        V::streamed();
        Ok(0.0)
    }
}
