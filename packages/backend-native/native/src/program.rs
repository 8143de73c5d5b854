//! A compiled model: runs its groups of ops tile by tile, each group on all threads, in one call.
use crate::crew::{Crew, Job};
use crate::isa::{self, Isa};
use crate::memory::{refuse, Arena, Memory};
use crate::moves::{border, copy, panels};
use crate::packed::{pack_inputs, Packed, Shadow, Unit};
use crate::products::product;
use crate::record::{read_program, Group, Record, Tile};
use crate::rowwise::{elementwise, whole_rows};
use crate::windows::window_op;
use crate::words::{opcode, record_words};
use std::sync::Arc;

/// Where a program's parts are, in bytes from the start of its memory.
pub struct Layout {
    pub total_bytes: usize,
    pub arena_at: isize,
    pub program_at: isize,
    pub groups: usize,
    pub scratch_at: isize,
    pub scratch_bytes: usize,
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
    dispatch: Dispatch,
    pack: Pack,
}

/// Runs one record on a tile. Inlined into a function for each instruction set, so that all of it is compiled for that.
#[inline(always)]
fn dispatch<I: Isa>(tile: &Tile, op: &Record, shadow: Shadow) {
    let code = op.word(record_words::OPCODE);
    match code >> 4 {
        0 => product::<I>(tile, op, shadow),
        1 => elementwise::<I>(tile, op, code),
        2 => window_op(tile, op, code),
        3 => whole_rows(tile, op, code),
        _ => match code {
            opcode::COPY => copy(tile, op),
            opcode::PANELS => panels(tile, op),
            opcode::BORDER if tile.r0 == 0 && tile.c0 == 0 => border(tile, op),
            opcode::BORDER => (),
            _ => refuse(format!("opcode {code} is not known")),
        },
    }
}

macro_rules! compiled_for {
    ($name:ident, $isa:ty, $features:literal) => {{
        #[target_feature(enable = $features)]
        fn run(tile: &Tile, op: &Record, shadow: Shadow) {
            dispatch::<$isa>(tile, op, shadow)
        }
        #[target_feature(enable = $features)]
        fn pack(arena: Arena, group: &Group, shadow: Shadow, thread: usize, threads: usize) {
            pack_inputs(arena, group, shadow, thread, threads)
        }
        // SAFETY: `code` gives this only where the processor has the features.
        Some(Code {
            unit: <$isa>::UNIT,
            dispatch: |tile, op, shadow| unsafe { run(tile, op, shadow) },
            pack: |arena, group, shadow, thread, threads| unsafe { pack(arena, group, shadow, thread, threads) },
        })
    }};
}

/// The code for a name, if that runs here.
fn code(name: &str) -> Option<Code> {
    if !isa::available().contains(&name) {
        return None;
    }
    match name {
        #[cfg(target_arch = "x86_64")]
        "avx512" => compiled_for!(avx512, isa::x86::Avx512, "avx2,popcnt,bmi1,bmi2,avx512f,avx512bw,avx512vl,avx512dq,avx512vpopcntdq"),
        #[cfg(target_arch = "x86_64")]
        "avx2" => compiled_for!(avx2, isa::x86::Avx2, "avx2,popcnt,bmi1,bmi2"),
        #[cfg(target_arch = "aarch64")]
        "neon" => Some(Code { unit: isa::Neon::UNIT, dispatch: dispatch::<isa::Neon>, pack: pack_inputs }),
        "portable-bytes" => Some(Code { unit: isa::PortableBytes::UNIT, dispatch: dispatch::<isa::PortableBytes>, pack: pack_inputs }),
        _ => Some(Code { unit: isa::Portable::UNIT, dispatch: dispatch::<isa::Portable>, pack: pack_inputs }),
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
}

/// Threads pack the inputs of a group's products, each a part, and then share the group's tiles.
struct Phase {
    group: usize,
    packs: bool,
    tiles: usize,
}

/// The phases of groups, in order.
fn phases_of(groups: &[Group], threads: usize) -> Vec<Phase> {
    let mut phases = Vec::new();
    for (group, each) in groups.iter().enumerate() {
        if each.records.iter().any(|record| record.packed.is_some()) {
            phases.push(Phase { group, packs: true, tiles: threads });
        }
        phases.push(Phase { group, packs: false, tiles: each.tiles() });
    }
    phases
}

/// A program that can run.
pub struct Program {
    fixed: Arc<Fixed>,
    crew: Crew<Arc<Fixed>>,
    input: Image,
    output: Image,
}

/// Why there is no program.
pub enum Refusal {
    Memory(usize),
    Isa,
    Thread(std::io::Error),
}

impl Job for Arc<Fixed> {
    fn tiles(&self, phase: usize) -> Option<usize> {
        self.phases.get(phase).map(|phase| phase.tiles)
    }

    fn run(&self, phase: usize, tile: usize, thread: usize) {
        // SAFETY: tiles of a phase write to different places, and no phase begins before the one before has ended.
        let arena = unsafe { self.memory.arena() };
        let Phase { group, packs, .. } = self.phases[phase];
        let group = &self.groups[group];
        if packs {
            return (self.code.pack)(arena, group, self.shadow, tile, self.threads);
        }
        let scratch = self.layout.scratch_at + (thread * self.layout.scratch_bytes) as isize;
        let across = group.channels.div_ceil(group.tile_channels);
        let (r0, c0) = (tile / across * group.tile_rows, tile % across * group.tile_channels);
        let r1 = group.rows.min(r0 + group.tile_rows);
        let tile = Tile { arena, scratch, r0, r1, c0, c1: group.channels.min(c0 + group.tile_channels) };
        group.records.iter().for_each(|op| (self.code.dispatch)(&tile, op, self.shadow));
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
            }
        }
        let phases = phases_of(&groups, threads);
        let fixed = Arc::new(Fixed { memory, layout, shadow, groups, code, threads, phases });
        let crew = Crew::new(threads, fixed.clone()).map_err(Refusal::Thread)?;
        Ok(Self { fixed, crew, input, output })
    }

    /// Bytes of the memory and of packed weights.
    pub fn bytes(&self) -> usize {
        let packed = self.fixed.groups.iter().flat_map(|group| &group.records).filter_map(|record| record.packed.as_ref());
        self.fixed.memory.bytes() + packed.map(|packed| packed.bytes()).sum::<usize>()
    }

    pub fn input_bytes(&self) -> usize {
        self.input.size()
    }

    pub fn output_bytes(&self) -> usize {
        self.output.size()
    }

    /// Runs examples that follow each other in `input`; their results follow each other in `output`. The
    /// reason where a record is wrong.
    pub fn run(&mut self, input: &[u8], output: &mut [u8]) -> Result<(), String> {
        // SAFETY: between runs no other thread uses the memory.
        let arena = unsafe { self.fixed.memory.arena() };
        let examples = input.chunks_exact(self.input.size()).zip(output.chunks_exact_mut(self.output.size()));
        for (example, result) in examples {
            let mut from = 0;
            self.input.runs(|at, bytes| {
                arena.write(at, &example[from..from + bytes]);
                from += bytes;
            });
            self.crew.run()?;
            let mut to = 0;
            self.output.runs(|at, bytes| {
                arena.read(at, &mut result[to..to + bytes]);
                to += bytes;
            });
        }
        Ok(())
    }

    /// Fills all that a run may find as an earlier one left it, for tests.
    pub fn soil(&mut self, noise: &[u8]) {
        // SAFETY: between runs no other thread uses the memory.
        let arena = unsafe { self.fixed.memory.arena() };
        arena.write(self.fixed.layout.arena_at, noise);
    }
}
