//! Calls: a kernel's parameters by name, as backend-wasm's signatures have them (calls.rs is rendered from these).
use super::heap::{Checked, Heap};
use super::lanes::{Floats, Lanes};

/// A number that JavaScript gives.
pub trait Number: Sized {
    fn from_js(value: f64) -> Option<Self>;
}

/// Addresses, strides, sizes: integers up to 2^32.
impl Number for isize {
    fn from_js(value: f64) -> Option<Self> {
        (value.abs() <= 4_294_967_296.0 && value.fract() == 0.0).then_some(value as isize)
    }
}

impl Number for bool {
    fn from_js(value: f64) -> Option<Self> {
        (value == 0.0 || value == 1.0).then_some(value == 1.0)
    }
}

impl Number for f32 {
    fn from_js(value: f64) -> Option<Self> {
        Some(value as f32)
    }
}

impl Number for f64 {
    fn from_js(value: f64) -> Option<Self> {
        Some(value)
    }
}

/// The parameters of a function.
pub trait Call: Sized {
    const NAME: &'static str;
    const COUNT: usize;
    fn parse(args: &[f64]) -> Checked<Self>;
}

/// What runs a call.
pub trait Kernel: Call {
    /// Checks what it will touch, and runs.
    ///
    /// # Safety
    /// Only in a function that is compiled for the instructions of `I`.
    unsafe fn run<I: Lanes>(self, heap: &Heap) -> Checked<f64>;
}

/// What runs a call that treats many numbers alike: on the longest vectors that there are.
pub trait Elementary: Call {
    /// # Safety
    /// As for `Kernel::run`.
    unsafe fn run<V: Floats>(self, heap: &Heap) -> Checked<f64>;
}

impl<E: Elementary> Kernel for E {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, heap: &Heap) -> Checked<f64> {
        Elementary::run::<I::Wide>(self, heap)
    }
}

macro_rules! calls {
    ($($name:ident $text:literal { $($field:ident: $type:ty),* })*) => {$(
        pub struct $name {
            $(pub $field: $type,)*
        }

        impl $crate::training::call::Call for $name {
            const NAME: &'static str = $text;
            const COUNT: usize = [$(stringify!($field)),*].len();
            fn parse(args: &[f64]) -> $crate::training::heap::Checked<Self> {
                let mut args = args.iter();
                $(
                    let value = *args.next().ok_or(concat!($text, " has too few parameters"))?;
                    let $field = <$type as $crate::training::call::Number>::from_js(value)
                        .ok_or_else(|| format!("{} of {} is {value}", stringify!($field), $text))?;
                )*
                Ok(Self { $($field),* })
            }
        }
    )*};
}
pub(super) use calls;
