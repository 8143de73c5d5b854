//! The native engine of bitgrad: what Node calls. TypeScript lowers a model to a program (@bitgrad/backend-wasm/lowering); this
//! runs it. Every argument is checked here, and every access to memory where it happens (memory.rs), so that no call from
//! JavaScript can reach memory that is not its program's.
mod bands;
mod bytes;
mod crew;
mod ending;
mod examples;
mod exp;
mod isa;
mod levels;
mod memory;
mod mirror;
mod moves;
mod packed;
mod products;
mod program;
mod record;
#[cfg(test)]
mod replay;
mod residual;
mod rowwise;
mod training;
mod values;
mod windows;
mod words;

use napi::bindgen_prelude::{AsyncTask, Uint8Array, Uint8ArraySlice};
use napi::{Env, Error, Result, Status, Task};
use napi_derive::napi;
use program::{Image, Layout, Program, Refusal};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::{Arc, Mutex};

/// The instruction sets that run here, best first.
#[napi]
pub fn instruction_sets() -> Vec<&'static str> {
    isa::available()
}

/// An image of rows in the memory of a program, in bytes.
#[napi(object)]
pub struct NativeImage {
    pub at: f64,
    pub lines: f64,
    pub pixels: f64,
    pub bytes: f64,
    pub pixel: f64,
    pub pitch: f64,
}

/// Where the parts of a program are, in bytes; see `Layout` of the lowering.
#[napi(object)]
pub struct NativeLayout {
    pub total_bytes: f64,
    pub arena_at: f64,
    pub program_at: f64,
    pub groups: f64,
    pub scratch_at: f64,
    pub scratch_bytes: f64,
    pub threads: f64,
    pub limit_bytes: f64,
    pub input: NativeImage,
    pub output: NativeImage,
}

fn wrong(what: String) -> Error {
    Error::new(Status::InvalidArg, what)
}

/// An integer from 0 to 2^33.
fn whole(name: &str, value: f64) -> Result<usize> {
    if value >= 0.0 && value <= 8_589_934_592.0 && value.fract() == 0.0 {
        Ok(value as usize)
    } else {
        Err(wrong(format!("{name} is {value}, not an integer from 0 to 2^33")))
    }
}

fn image(name: &str, given: &NativeImage) -> Result<Image> {
    let part = |value| whole(name, value);
    let image = Image {
        at: part(given.at)? as isize,
        lines: part(given.lines)?,
        pixels: part(given.pixels)?,
        bytes: part(given.bytes)?,
        pixel: part(given.pixel)? as isize,
        pitch: part(given.pitch)? as isize,
    };
    match image.lines.checked_mul(image.pixels).and_then(|n| n.checked_mul(image.bytes)) {
        Some(1..=0x2_0000_0000) => Ok(image),
        _ => Err(wrong(format!("{name} has no bytes, or more than 2^33"))),
    }
}

/// A program until it is disposed of. A run holds the lock.
#[derive(Clone)]
struct Held(Arc<Mutex<Option<Program>>>);

impl Held {
    fn with<T>(&self, f: impl FnOnce(&mut Program) -> Result<T>) -> Result<T> {
        // What panics under the lock is caught there; a program is good for another run whatever became of the last.
        let mut held = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        f(held.as_mut().ok_or_else(|| wrong("the program is disposed".into()))?)
    }
}

/// A model in native memory, with its threads. One run at a time; others wait.
#[napi]
pub struct NativeProgram {
    held: Held,
}

/// Runs, and turns what went wrong into an error.
fn run_program(program: &mut Program, input: &[u8], output: &mut [u8]) -> Result<()> {
    let (one, result) = (program.input_bytes(), program.output_bytes());
    if input.is_empty() || input.len() % one != 0 || output.len() % result != 0 || input.len() / one != output.len() / result {
        return Err(wrong(format!("input of {} and output of {} bytes, not multiples of {one} and {result}", input.len(), output.len())));
    }
    let run = catch_unwind(AssertUnwindSafe(|| program.run(input, output)));
    run.unwrap_or_else(|cause| Err(crew::reason_of(&*cause))).map_err(|what| Error::new(Status::GenericFailure, what))
}

#[napi]
impl NativeProgram {
    /// `image` is the memory up to the arena: constants and records. `isa` is one of `instructionSets()`.
    #[napi(constructor)]
    pub fn new(image_bytes: &[u8], layout: NativeLayout, isa: String) -> Result<Self> {
        let part = |value| whole("layout", value);
        let threads = part(layout.threads)?;
        let (input, output) = (image("input", &layout.input)?, image("output", &layout.output)?);
        let layout = Layout {
            total_bytes: part(layout.total_bytes)?,
            arena_at: part(layout.arena_at)? as isize,
            program_at: part(layout.program_at)? as isize,
            groups: part(layout.groups)?,
            scratch_at: part(layout.scratch_at)? as isize,
            scratch_bytes: part(layout.scratch_bytes)?,
            limit_bytes: part(layout.limit_bytes)?,
        };
        let arena_at = layout.arena_at as usize;
        if arena_at > layout.total_bytes || image_bytes.len() != arena_at || arena_at % 64 != 0 || !(1..=64).contains(&threads) {
            return Err(wrong(format!("{} bytes before an arena at {arena_at}, {threads} threads", image_bytes.len())));
        }
        let made = catch_unwind(|| Program::new(image_bytes, layout, &isa, threads, input, output));
        match made {
            Ok(Ok(program)) => Ok(Self { held: Held(Arc::new(Mutex::new(Some(program)))) }),
            Ok(Err(Refusal::Memory(bytes))) => Err(Error::new(Status::GenericFailure, format!("memory: there are no {bytes} bytes"))),
            Ok(Err(Refusal::Thread(error))) => Err(Error::new(Status::GenericFailure, format!("threads: {error}"))),
            Ok(Err(Refusal::Isa)) => Err(wrong(format!("{isa} is none of {}", isa::available().join(", ")))),
            Err(cause) => Err(Error::new(Status::GenericFailure, crew::reason_of(&*cause))),
        }
    }

    /// Runs examples that follow each other.
    #[napi]
    pub fn run(&self, input: &[u8], mut output: Uint8ArraySlice) -> Result<()> {
        let (from, to) = (input.as_ptr_range(), output.as_ptr_range());
        if from.start < to.end && to.start < from.end {
            return Err(wrong("input and output overlap".into()));
        }
        // SAFETY: JavaScript does not run meanwhile, and the input lies elsewhere.
        let output = unsafe { output.as_mut() };
        self.held.with(|program| run_program(program, input, output))
    }

    /// As `run`, on a thread of Node's pool; gives the output.
    #[napi(ts_return_type = "Promise<Uint8Array>")]
    pub fn run_async(&self, input: &[u8]) -> AsyncTask<Run> {
        // A copy: the caller may write to its array, or give it away, before the run reads it.
        AsyncTask::new(Run { held: self.held.clone(), input: input.to_vec() })
    }

    /// Writes to the arena and what follows it, for tests.
    #[napi]
    pub fn soil(&self, noise: &[u8]) -> Result<()> {
        self.held.with(|program| {
            let soiled = catch_unwind(AssertUnwindSafe(|| program.soil(noise)));
            soiled.map_err(|_| wrong(format!("{} bytes are too many", noise.len())))
        })
    }

    /// Bytes of the memory and of what was packed.
    #[napi]
    pub fn bytes(&self) -> Result<f64> {
        self.held.with(|program| Ok(program.bytes() as f64))
    }

    /// Frees memory and ends threads, after the run in work; a second call does nothing.
    #[napi]
    pub fn dispose(&self) {
        drop(self.held.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take());
    }
}

/// A run on another thread.
pub struct Run {
    held: Held,
    input: Vec<u8>,
}

impl Task for Run {
    type Output = Vec<u8>;
    type JsValue = Uint8Array;

    fn compute(&mut self) -> Result<Self::Output> {
        self.held.with(|program| {
            let mut output = vec![0; self.input.len() / program.input_bytes() * program.output_bytes()];
            run_program(program, &self.input, &mut output)?;
            Ok(output)
        })
    }

    fn resolve(&mut self, _env: Env, output: Self::Output) -> Result<Self::JsValue> {
        Ok(output.into())
    }
}
