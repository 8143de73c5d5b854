//! Examples of a batch on threads: each thread runs whole examples, in a memory of its own, and waits for no other. Layers of
//! small models are too short to share.
use crate::memory::{Arena, Memory};
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::SeqCst};
use std::sync::OnceLock;

/// The batch of the run in work, and the memories of its threads.
pub struct Examples {
    input_bytes: usize,
    output_bytes: usize,
    /// 0 between batches.
    count: AtomicUsize,
    input: AtomicPtr<u8>,
    output: AtomicPtr<u8>,
    /// Of threads 1 and up; none where there is not that much memory.
    memories: OnceLock<Vec<Memory>>,
}

impl Examples {
    pub fn new(input_bytes: usize, output_bytes: usize) -> Self {
        let (count, input, output, memories) = Default::default();
        Self { input_bytes, output_bytes, count, input, output, memories }
    }

    /// Makes the memories at the first call: `count` of `bytes` bytes, copies of `arena` up to `arena_at`, if `spare` bytes are
    /// enough for them. Whether there are such memories.
    pub fn prepare(&self, count: usize, bytes: usize, spare: impl FnOnce() -> usize, arena: Arena, arena_at: usize) -> bool {
        let make = || -> Option<Vec<Memory>> {
            if count * bytes > spare() {
                return None;
            }
            let mut constants = vec![0; arena_at];
            arena.read(0, &mut constants);
            (0..count)
                .map(|_| {
                    let memory = Memory::new(bytes)?;
                    // SAFETY: nobody else knows it.
                    unsafe { memory.arena() }.write(0, &constants);
                    Some(memory)
                })
                .collect()
        };
        self.memories.get_or_init(|| make().unwrap_or_default()).len() == count
    }

    /// The memory of a thread; `first` is that of thread 0.
    pub fn memory<'a>(&'a self, thread: usize, first: &'a Memory) -> &'a Memory {
        match thread {
            0 => first,
            _ => &self.memories.get().expect("memories are made before")[thread - 1],
        }
    }

    /// Begins a batch; `end` must come before `input` and `output` are used again.
    pub fn begin(&self, input: &[u8], output: &mut [u8]) {
        let count = input.len() / self.input_bytes;
        assert!(output.len() == count * self.output_bytes);
        self.input.store(input.as_ptr().cast_mut(), SeqCst);
        self.output.store(output.as_mut_ptr(), SeqCst);
        self.count.store(count, SeqCst);
    }

    pub fn end(&self) {
        self.count.store(0, SeqCst);
    }

    /// Examples of the batch in work, or 0.
    pub fn count(&self) -> usize {
        self.count.load(SeqCst)
    }

    /// Calls `f` with the input and the output of an example, which no other thread has.
    pub fn run(&self, example: usize, f: impl FnOnce(&[u8], &mut [u8])) {
        assert!(example < self.count());
        let (input, output) = (self.input.load(SeqCst), self.output.load(SeqCst));
        // SAFETY: both are as long as `begin` found them, and live until `end`; a crew gives each example to one thread.
        let (input, output) = unsafe {
            (
                std::slice::from_raw_parts(input.add(example * self.input_bytes), self.input_bytes),
                std::slice::from_raw_parts_mut(output.add(example * self.output_bytes), self.output_bytes),
            )
        };
        f(input, output)
    }

    /// Fills what runs may find as an earlier one left it, for tests. Between runs alone.
    pub fn soil(&self, at: isize, noise: &[u8]) {
        for memory in self.memories.get().into_iter().flatten() {
            // SAFETY: between runs no thread uses it.
            unsafe { memory.arena() }.write(at, noise);
        }
    }
}
