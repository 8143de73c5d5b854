//! The heap of tfjs's WebAssembly backend, where tensors are. What a kernel touches is checked before it begins.
use std::marker::PhantomData;

/// A value, or what is wrong with a call.
pub type Checked<T> = Result<T, String>;

/// Memory that JavaScript lends for a call.
#[derive(Clone, Copy)]
pub struct Heap<'a> {
    base: *mut u8,
    len: usize,
    life: PhantomData<&'a mut [u8]>,
}

// SAFETY: the parts of a call write to different bytes; see `split` in backend-wasm's job.ts.
unsafe impl Send for Heap<'_> {}
unsafe impl Sync for Heap<'_> {}

/// How often something is repeated, and how many bytes apart.
pub type Repeat = (isize, isize);

impl Heap<'_> {
    /// # Safety
    /// The memory must be there, and nothing else may use it, for as long as the heap is used.
    pub unsafe fn new(base: *mut u8, len: usize) -> Self {
        Self { base, len, life: PhantomData }
    }

    /// The address of a number, such that `count` numbers can be used from each repetition of it on.
    pub fn span<T>(&self, name: &str, at: isize, repeats: &[Repeat], count: isize) -> Checked<*mut T> {
        let size = size_of::<T>() as isize;
        let mut end = at as i128 + count as i128 * size as i128;
        let mut wrong = at < 0 || count < 0 || (self.base as usize + at.unsigned_abs()) % align_of::<T>() != 0;
        let mut empty = count == 0;
        for &(times, stride) in repeats {
            wrong |= times < 0 || stride < 0 || stride as usize % align_of::<T>() != 0;
            empty |= times == 0;
            end += (times as i128 - 1) * stride as i128;
        }
        if wrong || (!empty && end > self.len as i128) {
            return Err(format!("{name} at {at}, {count} numbers, repeated {repeats:?}, in a heap of {} bytes", self.len));
        }
        // An empty one is never used.
        Ok(self.base.wrapping_offset(at) as *mut T)
    }

    /// `count` numbers.
    pub fn at<T>(&self, name: &str, at: isize, count: isize) -> Checked<*mut T> {
        self.span(name, at, &[], count)
    }
}

/// A product of sizes, each at least 0, that is the size of something.
pub fn product(sizes: &[isize]) -> Checked<isize> {
    let all = sizes.iter().try_fold(1isize, |all, &size| if size < 0 { None } else { all.checked_mul(size) });
    all.filter(|&all| all <= 1 << 40).ok_or_else(|| format!("sizes {sizes:?}"))
}

/// Fails a call for what does not hold.
pub fn expect(holds: bool, what: &str) -> Checked<()> {
    if holds { Ok(()) } else { Err(what.into()) }
}
