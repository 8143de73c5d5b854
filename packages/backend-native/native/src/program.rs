//! A compiled model: runs its groups of ops tile by tile, each group on all threads, in one call; of a batch, examples on threads
//! that have each its own memory (examples.rs).
use crate::bands::bands;
use crate::bytes::ByteWeights;
use crate::crew::{Crew, Job};
use crate::examples::Examples;
#[cfg(target_arch = "x86_64")]
use crate::isa::sets::compiled_for;
use crate::isa::{self, Isa};
use crate::memory::{refuse, Arena, Memory};
use crate::mirror::plan_mirrors;
use crate::moves::{border, copy, panels};
use crate::packed::{pack_inputs, pair_units, Packed, Shadow, Unit};
use crate::products::product;
use crate::record::{read_program, Group, Record, Tile};
use crate::residual::fold_residual;
use crate::rowwise::{elementwise, whole_rows};
use crate::windows::window_op;
use crate::words::{opcode, record_words};
use std::ops::Range;
use std::sync::Arc;

/// Where a program's parts are, in bytes from the start of its memory.
pub struct Layout {
    pub total_bytes: usize,
    pub arena_at: isize,
    pub program_at: isize,
    pub groups: usize,
    pub scratch_at: isize,
    pub scratch_bytes: usize,
    /// What the program and all its threads may take.
    pub limit_bytes: usize,
}

/// An image in memory: `lines` lines of `pixels` pixels of `bytes` bytes.
pub struct Image {
    pub at: isize,
    pub lines: usize,
    pub pixels: usize,
    pub bytes: usize,
    pub pixel: isize,
    pub pitch: isize,
}

impl Image {
    /// Bytes of all pixels.
    pub fn size(&self) -> usize {
        self.lines * self.pixels * self.bytes
    }

    /// Writes a dense image here.
    pub fn fill(&self, arena: Arena, from: &[u8]) {
        let mut done = 0;
        self.runs(|at, bytes| {
            arena.write(at, &from[done..done + bytes]);
            done += bytes;
        });
    }

    /// Reads it into a dense image.
    pub fn take(&self, arena: Arena, to: &mut [u8]) {
        let mut done = 0;
        self.runs(|at, bytes| {
            arena.read(at, &mut to[done..done + bytes]);
            done += bytes;
        });
    }

    /// Calls `f` with the address of each run of bytes, and how many there are.
    fn runs(&self, mut f: impl FnMut(isize, usize)) {
        let dense = self.pixel as usize == self.bytes;
        for y in 0..self.lines as isize {
            let line = self.at + y * self.pitch;
            if dense {
                f(line, self.pixels * self.bytes);
            } else {
                (0..self.pixels as isize).for_each(|x| f(line + x * self.pixel, self.bytes));
            }
        }
    }
}

type Dispatch = fn(&Tile, &Record, Shadow);
type Pack = fn(Arena, &Group, Shadow, usize, usize);

/// The code of an instruction set.
#[derive(Clone, Copy)]
struct Code {
    unit: Unit,
    paired: bool,
    /// By the kind of record.
    dispatch: [Dispatch; KINDS],
    pack: Pack,
}

/// Kinds of records. Each has a function of its own, as loops of one that has all of them would not keep their registers.
const KINDS: usize = 6;

fn kind_of(op: &Record) -> usize {
    match op.word(record_words::OPCODE) {
        opcode::PRODUCT_SINGLE | opcode::PRODUCT_PAIRED => 0,
        opcode::PRODUCT_INTEGER => 1,
        opcode::PRODUCT_FLOAT => 2,
        code => (code as usize >> 4).min(3) + 2,
    }
}

/// Runs one record on a tile. Inlined into functions for each instruction set, so that all of it is compiled for that.
#[inline(always)]
fn dispatch<I: Isa, const KIND: usize>(tile: &Tile, op: &Record, shadow: Shadow) {
    let code = op.word(record_words::OPCODE);
    match KIND {
        0 => product::<I>(tile, op, shadow, opcode::PRODUCT_PAIRED),
        1 => product::<I>(tile, op, shadow, opcode::PRODUCT_INTEGER),
        2 => product::<I>(tile, op, shadow, opcode::PRODUCT_FLOAT),
        3 => elementwise::<I>(tile, op, code),
        4 => window_op::<I>(tile, op, code),
        _ => match code {
            opcode::SOFTMAX | opcode::LAYER_NORM => whole_rows(tile, op, code),
            opcode::COPY => copy(tile, op),
            opcode::PANELS => panels(tile, op),
            opcode::BORDER if tile.r0 == 0 && tile.c0 == 0 => border(tile, op),
            opcode::BORDER => (),
            _ => refuse(format!("opcode {code} is not known")),
        },
    }
}

/// The code of a set that is more than the baseline.
#[cfg(target_arch = "x86_64")]
macro_rules! code_for {
    ($set:ident, $isa:ty) => {{
        compiled_for!($set,
            fn run<const KIND: usize>(tile: &Tile, op: &Record, shadow: Shadow) {
                dispatch::<$isa, KIND>(tile, op, shadow)
            }
        );
        compiled_for!($set,
            fn pack(arena: Arena, group: &Group, shadow: Shadow, thread: usize, threads: usize) {
                pack_inputs(arena, group, shadow, thread, threads)
            }
        );
        macro_rules! of_kind {
            ($kind:literal) => {
                // SAFETY: `code` gives this only where the processor has the features.
                |tile, op, shadow| unsafe { run::<$kind>(tile, op, shadow) }
            };
        }
        Some(Code {
            unit: <$isa>::UNIT,
            paired: <$isa>::PAIRED,
            dispatch: [of_kind!(0), of_kind!(1), of_kind!(2), of_kind!(3), of_kind!(4), of_kind!(5)],
            // SAFETY: as above.
            pack: |arena, group, shadow, thread, threads| unsafe { pack(arena, group, shadow, thread, threads) },
        })
    }};
}

/// The code of a set that is in the baseline of the target.
fn plain<I: Isa>() -> Code {
    let dispatch: [Dispatch; KINDS] =
        [dispatch::<I, 0>, dispatch::<I, 1>, dispatch::<I, 2>, dispatch::<I, 3>, dispatch::<I, 4>, dispatch::<I, 5>];
    Code { unit: I::UNIT, paired: I::PAIRED, dispatch, pack: pack_inputs }
}

/// The code for a name, if that runs here.
fn code(name: &str) -> Option<Code> {
    if !isa::available().contains(&name) {
        return None;
    }
    match name {
        #[cfg(target_arch = "x86_64")]
        "avx512" => code_for!(avx512, isa::avx512::Avx512),
        #[cfg(target_arch = "x86_64")]
        "avx2" => code_for!(avx2, isa::avx2::Avx2),
        #[cfg(target_arch = "aarch64")]
        "neon" => Some(plain::<isa::Neon>()),
        "portable-bytes" => Some(plain::<isa::PortableBytes>()),
        _ => Some(plain::<isa::Portable>()),
    }
}

/// What does not change from run to run.
struct Fixed {
    memory: Memory,
    layout: Layout,
    shadow: Shadow,
    groups: Vec<Group>,
    code: Code,
    threads: usize,
    phases: Vec<Phase>,
    input: Image,
    output: Image,
    examples: Examples,
}

/// Threads pack the inputs of a group's products, each a part, or share tiles of a group.
struct Phase {
    group: usize,
    packs: bool,
    tiles: Range<usize>,
}

/// The phases of groups, in order.
fn phases_of(groups: &[Group], threads: usize) -> Vec<Phase> {
    let mut phases = Vec::new();
    let mut group = 0;
    while group < groups.len() {
        if groups[group].packs() {
            phases.push(Phase { group, packs: true, tiles: 0..threads });
        }
        let Some(bands) = bands(&groups[group], groups.get(group + 1)) else {
            phases.push(Phase { group, packs: false, tiles: 0..groups[group].tiles() });
            group += 1;
            continue;
        };
        for (tiles, next) in bands {
            phases.push(Phase { group, packs: false, tiles });
            phases.push(Phase { group: group + 1, packs: false, tiles: next });
        }
        group += 2;
    }
    phases
}

/// A program that can run.
pub struct Program {
    fixed: Arc<Fixed>,
    crew: Crew<Arc<Fixed>>,
}

/// Why there is no program.
pub enum Refusal {
    Memory(usize),
    Isa,
    Thread(std::io::Error),
}

impl Fixed {
    /// Runs the records of a group on one of its tiles.
    fn tile(&self, arena: Arena, group: &Group, tile: usize, thread: usize) {
        let scratch = self.layout.scratch_at + (thread * self.layout.scratch_bytes) as isize;
        let across = group.channels.div_ceil(group.tile_channels);
        let (r0, c0) = (tile / across * group.tile_rows, tile % across * group.tile_channels);
        let r1 = group.rows.min(r0 + group.tile_rows);
        let tile = Tile { arena, scratch, r0, r1, c0, c1: group.channels.min(c0 + group.tile_channels) };
        group.records.iter().for_each(|op| self.code.dispatch[kind_of(op)](&tile, op, self.shadow));
    }

    /// Runs all groups, one after another, in a memory that no other thread uses.
    fn example(&self, arena: Arena, input: &[u8], output: &mut [u8]) {
        self.input.fill(arena, input);
        for Phase { group, packs, tiles } in &self.phases {
            let group = &self.groups[*group];
            if *packs {
                (self.code.pack)(arena, group, self.shadow, 0, 1);
            } else {
                tiles.clone().for_each(|tile| self.tile(arena, group, tile, 0));
            }
        }
        self.output.take(arena, output);
    }
}

impl Job for Arc<Fixed> {
    fn tiles(&self, phase: usize) -> Option<usize> {
        match self.examples.count() {
            0 => self.phases.get(phase).map(|phase| phase.tiles.len()),
            examples => (phase == 0).then_some(examples),
        }
    }

    fn run(&self, phase: usize, tile: usize, thread: usize) {
        if self.examples.count() > 0 {
            // SAFETY: a thread has a memory of its own.
            let arena = unsafe { self.examples.memory(thread, &self.memory).arena() };
            return self.examples.run(tile, |input, output| self.example(arena, input, output));
        }
        // SAFETY: tiles of a phase write to different places, and no phase begins before the one before has ended.
        let arena = unsafe { self.memory.arena() };
        let Phase { group, packs, tiles } = &self.phases[phase];
        let group = &self.groups[*group];
        if *packs {
            (self.code.pack)(arena, group, self.shadow, tile, self.threads);
        } else {
            self.tile(arena, group, tiles.start + tile, thread);
        }
    }
}

impl Program {
    /// A program from its constants and records, which stand before the arena in `image`.
    pub fn new(image: &[u8], layout: Layout, isa: &str, threads: usize, input: Image, output: Image) -> Result<Self, Refusal> {
        let code = code(isa).ok_or(Refusal::Isa)?;
        let arena_bytes = layout.total_bytes.saturating_sub(layout.arena_at.max(0) as usize);
        let packed_at = layout.total_bytes.next_multiple_of(64);
        // Memory that nothing touches costs nothing.
        let bytes = packed_at + if code.unit == Unit::Nibble { 0 } else { arena_bytes / 2 + 64 };
        let memory = Memory::new(bytes).ok_or(Refusal::Memory(bytes))?;
        let shadow = Shadow { arena_at: layout.arena_at, arena_end: layout.total_bytes as isize, packed_at: packed_at as isize };
        // SAFETY: no thread has started.
        let arena = unsafe { memory.arena() };
        arena.write(0, image);
        let mut groups = read_program(arena, layout.program_at, layout.groups);
        for group in &mut groups {
            let rows = group.rows;
            for record in group.records.iter_mut().filter(|record| record.is_product()) {
                record.packed = Packed::new(record, rows, code.unit, arena, shadow, layout.program_at);
                record.bytes = ByteWeights::new(record, rows, arena, layout.program_at);
            }
            if code.paired {
                pair_units(group);
            }
            fold_residual(group);
        }
        plan_mirrors(&mut groups, shadow);
        let phases = phases_of(&groups, threads);
        let examples = Examples::new(input.size(), output.size());
        let fixed = Arc::new(Fixed { memory, layout, shadow, groups, code, threads, phases, input, output, examples });
        let crew = Crew::new(threads, fixed.clone()).map_err(Refusal::Thread)?;
        Ok(Self { fixed, crew })
    }

    /// Bytes of the memory and of packed weights; memories of other threads, which only batches take, are apart.
    pub fn bytes(&self) -> usize {
        let Fixed { groups, memory, .. } = &*self.fixed;
        let packed = |record: &Record| record.packed.as_ref().map_or(0, |packed| packed.bytes());
        let narrow = |record: &Record| record.bytes.as_ref().map_or(0, |weights| weights.bytes());
        let records = groups.iter().flat_map(|group| &group.records);
        memory.bytes() + records.map(|record| packed(record) + narrow(record)).sum::<usize>()
    }

    pub fn input_bytes(&self) -> usize {
        self.fixed.input.size()
    }

    pub fn output_bytes(&self) -> usize {
        self.fixed.output.size()
    }

    /// How many of some examples threads have to themselves: a multiple of the threads, as the rest would leave some idle.
    fn alone(&self, count: usize) -> usize {
        let Fixed { memory, layout, threads, examples, .. } = &*self.fixed;
        if *threads < 2 || count < *threads {
            return 0;
        }
        // SAFETY: between runs no other thread uses the memory.
        let arena = unsafe { memory.arena() };
        let spare = || layout.limit_bytes.saturating_sub(self.bytes());
        match examples.prepare(threads - 1, memory.bytes(), spare, arena, layout.arena_at as usize) {
            true => count - count % threads,
            false => 0,
        }
    }

    /// Runs examples that follow each other in `input`; their results follow each other in `output`. The
    /// reason where a record is wrong.
    pub fn run(&mut self, input: &[u8], output: &mut [u8]) -> Result<(), String> {
        let (one, result) = (self.input_bytes(), self.output_bytes());
        let alone = self.alone(input.len() / one);
        let (input, input_rest) = input.split_at(alone * one);
        let (output, output_rest) = output.split_at_mut(alone * result);
        if alone > 0 {
            self.fixed.examples.begin(input, output);
            let run = self.crew.run();
            self.fixed.examples.end();
            run?;
        }
        // SAFETY: between runs no other thread uses the memory.
        let arena = unsafe { self.fixed.memory.arena() };
        for (example, result) in input_rest.chunks_exact(one).zip(output_rest.chunks_exact_mut(result)) {
            self.fixed.input.fill(arena, example);
            self.crew.run()?;
            self.fixed.output.take(arena, result);
        }
        Ok(())
    }

    /// Fills all that a run may find as an earlier one left it, for tests.
    pub fn soil(&mut self, noise: &[u8]) {
        // SAFETY: between runs no other thread uses the memory.
        let arena = unsafe { self.fixed.memory.arena() };
        arena.write(self.fixed.layout.arena_at, noise);
        self.fixed.examples.soil(self.fixed.layout.arena_at, noise);
    }
}
