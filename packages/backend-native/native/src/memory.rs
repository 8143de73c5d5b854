//! The one block of memory that a program runs in: constants, arena and scratch, at the addresses that the lowering chose.
//! Every access is checked against the block, so a wrong record raises an error instead of reaching other memory.
use std::alloc::{alloc_zeroed, dealloc, Layout};
use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::NonNull;

/// Bytes behind the last one of the program that kernels may read (they load whole vectors), never write.
const SLACK: usize = 256;

/// Numbers that any bytes are a value of.
///
/// # Safety
/// Every bit pattern must be valid.
pub unsafe trait Plain: Copy + Default + 'static {}
unsafe impl Plain for u8 {}
unsafe impl Plain for i16 {}
unsafe impl Plain for i32 {}
unsafe impl Plain for u32 {}
unsafe impl Plain for u64 {}
unsafe impl Plain for f32 {}
unsafe impl<T: Plain> Plain for [T; 2] {}

/// Zeroed memory, 64-byte aligned.
pub struct Memory {
    base: NonNull<u8>,
    layout: Layout,
}

// SAFETY: the block is only reached through `Arena`, whose maker answers for what threads do to it.
unsafe impl Send for Memory {}
unsafe impl Sync for Memory {}

impl Memory {
    /// `None` where there is not that much memory.
    pub fn new(bytes: usize) -> Option<Self> {
        let layout = Layout::from_size_align(bytes.checked_add(SLACK)?, 64).ok()?;
        // SAFETY: the layout is not empty.
        let base = NonNull::new(unsafe { alloc_zeroed(layout) })?;
        Some(Self { base, layout })
    }

    pub fn bytes(&self) -> usize {
        self.layout.size()
    }

    /// # Safety
    /// Threads that hold an arena of the same memory at the same time must write to no byte that another one uses.
    pub unsafe fn arena(&self) -> Arena<'_> {
        Arena { base: self.base.as_ptr(), len: self.layout.size(), life: PhantomData }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: allocated in `new` with this layout.
        unsafe { dealloc(self.base.as_ptr(), self.layout) }
    }
}

/// The memory as one thread sees it. Addresses are bytes from its start, signed so that offsets may be subtracted.
#[derive(Clone, Copy)]
pub struct Arena<'a> {
    base: *mut u8,
    len: usize,
    life: PhantomData<&'a Cell<u8>>,
}

/// Ends a run because a record is wrong; Node gets the text as an error. Not `panic!`, which also writes to stderr.
#[cold]
#[inline(never)]
pub fn refuse(what: String) -> ! {
    std::panic::resume_unwind(Box::new(what))
}

#[cold]
#[inline(never)]
fn outside(at: isize, bytes: usize) -> ! {
    refuse(format!("a record reaches {bytes} bytes at {at}, which are not its program's"))
}

impl<'a> Arena<'a> {
    /// A pointer to `bytes` bytes.
    #[inline(always)]
    pub fn pointer(self, at: isize, bytes: usize) -> *mut u8 {
        if at < 0 || bytes > self.len || at as usize > self.len - bytes {
            outside(at, bytes)
        }
        // SAFETY: within the block, as checked.
        unsafe { self.base.offset(at) }
    }

    /// `count` numbers; `at` is a multiple of their size.
    #[inline(always)]
    pub fn cells<T: Plain>(self, at: isize, count: usize) -> &'a [Cell<T>] {
        let pointer = self.pointer(at, count * size_of::<T>()) as *const Cell<T>;
        if !pointer.is_aligned() {
            outside(at, count)
        }
        // SAFETY: in the block, aligned, any bytes are a T; cells may alias within a thread.
        unsafe { std::slice::from_raw_parts(pointer, count) }
    }

    /// One number, aligned or not.
    #[inline(always)]
    pub fn get<T: Plain>(self, at: isize) -> T {
        // SAFETY: checked by `pointer`.
        unsafe { (self.pointer(at, size_of::<T>()) as *const T).read_unaligned() }
    }

    /// Writes one number, aligned or not.
    #[inline(always)]
    pub fn put<T: Plain>(self, at: isize, value: T) {
        // SAFETY: checked by `pointer`.
        unsafe { (self.pointer(at, size_of::<T>()) as *mut T).write_unaligned(value) }
    }

    /// `N` numbers, aligned or not: one check for all, and vectors where they are used as such.
    #[inline(always)]
    pub fn load<T: Plain, const N: usize>(self, at: isize) -> [T; N] {
        // SAFETY: checked by `pointer`; any bytes are such numbers.
        unsafe { (self.pointer(at, N * size_of::<T>()) as *const [T; N]).read_unaligned() }
    }

    /// Writes `N` numbers, aligned or not.
    #[inline(always)]
    pub fn store<T: Plain, const N: usize>(self, at: isize, values: [T; N]) {
        // SAFETY: checked by `pointer`.
        unsafe { (self.pointer(at, N * size_of::<T>()) as *mut [T; N]).write_unaligned(values) }
    }

    /// Copies bytes that may overlap.
    pub fn copy(self, from: isize, to: isize, bytes: usize) {
        // SAFETY: both ends are checked by `pointer`.
        unsafe { std::ptr::copy(self.pointer(from, bytes), self.pointer(to, bytes), bytes) }
    }

    /// Copies bytes from outside.
    pub fn write(self, to: isize, bytes: &[u8]) {
        // SAFETY: checked by `pointer`; nothing outside overlaps the block.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.pointer(to, bytes.len()), bytes.len()) }
    }

    /// Copies bytes to the outside.
    pub fn read(self, from: isize, bytes: &mut [u8]) {
        // SAFETY: checked by `pointer`; nothing outside overlaps the block.
        unsafe { std::ptr::copy_nonoverlapping(self.pointer(from, bytes.len()), bytes.as_mut_ptr(), bytes.len()) }
    }

    pub fn zero(self, at: isize, bytes: usize) {
        // SAFETY: checked by `pointer`.
        unsafe { std::ptr::write_bytes(self.pointer(at, bytes), 0, bytes) }
    }
}
