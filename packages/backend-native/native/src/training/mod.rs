//! Training: the functions of backend-wasm's kernel module by the same names and parameters, on the heap of tfjs's
//! WebAssembly backend, on threads.
mod batch_norm;
mod binary;
mod call;
mod calls;
mod copy;
mod elementwise;
mod grid;
mod heap;
mod lanes;
mod math;
mod pools;
mod products;
mod signed_outer;
mod signed_rows;
mod steps;

use crate::crew::{reason_of, Crew, Job};
use crate::isa;
use crate::isa::sets::compiled_for;
use call::{Call, Kernel};
use calls::*;
use heap::{Checked, Heap};
use napi::bindgen_prelude::{Float64ArraySlice, Uint8ArraySlice};
use napi::{Error, Result, Status};
use napi_derive::napi;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::Mutex;

/// A function of the module: its name, the number of its parameters, and what runs it.
#[derive(Clone, Copy)]
struct Function {
    name: &'static str,
    parameters: usize,
    run: fn(&Heap, &[f64]) -> Checked<f64>,
}

macro_rules! functions {
    ($set:ident, $isa:ty, $($kernel:ident)*) => {
        vec![$({
            compiled_for!($set,
                unsafe fn run(heap: &Heap, args: &[f64]) -> Checked<f64> {
                    $kernel::parse(args)?.run::<$isa>(heap)
                }
            );
            // SAFETY: `functions_of` gives this only where the processor has the instructions.
            Function { name: $kernel::NAME, parameters: $kernel::COUNT, run: |heap, args| unsafe { run(heap, args) } }
        }),*]
    };
}

/// Every kernel, compiled for a set of instructions.
macro_rules! kernels {
    ($set:ident, $isa:ty) => {
        functions!(
            $set, $isa,
            SignBytes SignedOuterScratch SignedOuter SubtractBorder
            SignedRowsGroups SignedRowsEntry SignedRowsBlocks PickOffsets SignedRowsScratch SignedRows
            PackedPixel PackedWords PackedPanelBytes BinaryConvScratch PackSigns PackFilterSigns BinaryConv
            PadImages PackPanels PackTransposedPanels PackFlipped ConvRows OuterScratch OuterSum SumParts SegmentRows
            Elementwise ElementwiseSpace MaxPool MaxPoolGrad AvgPool AvgPoolGrad Adam Momentum
            BatchNormSegment BatchNormMoments BatchNormStatistics BatchNormApply
            BatchNormGradSums BatchNormGradParameters BatchNormGradApply
        )
    };
}

/// The functions for a set of instructions, if that runs here.
fn functions_of(name: &str) -> Option<Vec<Function>> {
    if !isa::available().contains(&name) {
        return None;
    }
    Some(match name {
        #[cfg(target_arch = "x86_64")]
        "avx512" => kernels!(avx512, isa::avx512::Avx512),
        #[cfg(target_arch = "x86_64")]
        "avx2" => kernels!(avx2, isa::avx2::Avx2),
        #[cfg(target_arch = "aarch64")]
        "neon" => kernels!(baseline, isa::Neon),
        "portable-bytes" => kernels!(baseline, isa::PortableBytes),
        _ => kernels!(baseline, isa::Portable),
    })
}

/// Calls of one function that run at the same time.
#[derive(Clone, Copy)]
struct Work {
    heap: Heap<'static>,
    function: Function,
    args: *const f64,
    count: usize,
    /// Where results go, if they are wanted.
    results: Option<*mut f64>,
}
// SAFETY: the memory is there until `Crew::run` returns, and each call has a result of its own.
unsafe impl Send for Work {}

impl Work {
    fn run(&self, index: usize) -> Checked<()> {
        // SAFETY: `NativeTraining` has checked the lengths.
        let args = unsafe { std::slice::from_raw_parts(self.args.add(index * self.function.parameters), self.function.parameters) };
        let run = catch_unwind(AssertUnwindSafe(|| (self.function.run)(&self.heap, args)));
        let result = run.unwrap_or_else(|cause| Err(reason_of(&*cause))).map_err(|what| format!("{}: {what}", self.function.name))?;
        if let Some(results) = self.results {
            // SAFETY: as above; no other thread has this index.
            unsafe { *results.add(index) = result };
        }
        Ok(())
    }
}

/// What the threads share: the calls of each phase of a run, and what went wrong in it.
#[derive(Default)]
struct Board {
    phases: Mutex<Vec<Work>>,
    failed: Mutex<Option<String>>,
}

impl Job for Board {
    fn tiles(&self, phase: usize) -> Option<usize> {
        self.phases.lock().unwrap().get(phase).map(|work| work.count)
    }

    fn run(&self, phase: usize, tile: usize, _: usize) {
        let work = self.phases.lock().unwrap().get(phase).copied();
        // What follows a failure would use what it did not write.
        if self.failed.lock().unwrap().is_some() {
            return;
        }
        if let Some(Err(what)) = work.map(|work| work.run(tile)) {
            self.failed.lock().unwrap().get_or_insert(what);
        }
    }
}

/// Runs functions of the kernel module on a heap, several calls at the same time on threads of its own.
#[napi]
pub struct NativeTraining {
    functions: Vec<Function>,
    crew: Option<Crew<Board>>,
}

fn wrong(what: String) -> Error {
    Error::new(Status::InvalidArg, what)
}

#[napi]
impl NativeTraining {
    /// `threads` from 1 to 64; `isa` is one of `instructionSets()`.
    #[napi(constructor)]
    pub fn new(threads: f64, isa: String) -> Result<Self> {
        let functions = functions_of(&isa).ok_or_else(|| wrong(format!("{isa} is none of {}", isa::available().join(", "))))?;
        if !(1.0..=64.0).contains(&threads) || threads.fract() != 0.0 {
            return Err(wrong(format!("{threads} threads, not 1 to 64")));
        }
        let crew = Crew::new(threads as usize, Board::default())
            .map_err(|error| Error::new(Status::GenericFailure, format!("threads: {error}")))?;
        Ok(Self { functions, crew: Some(crew) })
    }

    /// The functions that there are, by name.
    #[napi]
    pub fn functions(&self) -> Vec<&'static str> {
        self.functions.iter().map(|function| function.name).collect()
    }

    /// Runs `results.length` calls of a function (its place in `functions()`): `args` has the parameters of one behind those of
    /// the other. Calls must not write what another one uses.
    #[napi]
    pub fn run(&mut self, heap: Uint8ArraySlice, index: u32, args: &[f64], mut results: Float64ArraySlice) -> Result<()> {
        // SAFETY: JavaScript does not run meanwhile, and no array lies in another.
        let results = unsafe { results.as_mut() };
        self.phases(heap, &[index, results.len() as u32], args, Some(results.as_mut_ptr()))
    }

    /// Runs phases one after another: `phases` has a function (its place in `functions()`) and the number of its calls for each, at
    /// least one; `args` has the parameters of all calls in that order. Calls of a phase must not write what another one of it uses.
    #[napi]
    pub fn run_phases(&mut self, heap: Uint8ArraySlice, phases: &[u32], args: &[f64]) -> Result<()> {
        self.phases(heap, phases, args, None)
    }

    /// Ends the threads; a second call does nothing.
    #[napi]
    pub fn dispose(&mut self) {
        self.crew = None;
    }
}

impl NativeTraining {
    /// `results`, if they are wanted, has room for those of all calls.
    fn phases(&mut self, mut heap: Uint8ArraySlice, phases: &[u32], args: &[f64], results: Option<*mut f64>) -> Result<()> {
        // SAFETY: JavaScript does not run meanwhile, and the heap stays until this returns.
        let heap = unsafe {
            let bytes = heap.as_mut();
            Heap::new(bytes.as_mut_ptr(), bytes.len())
        };
        let crew = self.crew.as_mut().ok_or_else(|| wrong("the threads have ended".into()))?;
        let mut works = crew.job().phases.lock().unwrap();
        works.clear();
        let (mut end, mut alone) = (0usize, true);
        for phase in phases.chunks(2) {
            let (index, count) = (phase[0] as usize, phase.get(1).map_or(0, |&count| count as usize));
            let function = *self.functions.get(index).ok_or_else(|| wrong(format!("there is no function {index}")))?;
            let next = end + count * function.parameters;
            if count == 0 || next > args.len() {
                return Err(wrong(format!("{count} calls of {} with {} numbers", function.name, args.len() - end)));
            }
            alone &= count == 1;
            works.push(Work { heap, function, args: args[end..].as_ptr(), count, results });
            end = next;
        }
        if end != args.len() {
            return Err(wrong(format!("{} numbers more than the calls take", args.len() - end)));
        }
        let failed = |what| Error::new(Status::GenericFailure, what);
        if alone {
            return works.iter().try_for_each(|work| work.run(0)).map_err(failed);
        }
        drop(works);
        crew.run().map_err(failed)?;
        crew.job().failed.lock().unwrap().take().map_or(Ok(()), |what| Err(failed(what)))
    }
}
