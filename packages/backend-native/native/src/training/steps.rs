//! Steps of optimizers; formulas as in backend-wasm's assembly/training/optimizer.ts.
use super::call::Kernel;
use super::calls::{Adam, Momentum};
use super::heap::{expect, Checked, Heap};
use super::lanes::Lanes;

impl Kernel for Adam {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, heap: &Heap) -> Checked<f64> {
        let Self { i0, i1, .. } = self;
        expect(0 <= i0 && i0 <= i1, "adam: range")?;
        let (value, g) = (heap.at::<f32>("value", self.value, i1)?, heap.at::<f32>("g", self.g, i1)?);
        let (m, v) = (heap.at::<f32>("m", self.m, i1)?, heap.at::<f32>("v", self.v, i1)?);
        let value2 = heap.at::<f32>("value2", self.value2, i1)?;
        let (m2, v2) = (heap.at::<f32>("m2", self.m2, i1)?, heap.at::<f32>("v2", self.v2, i1)?);
        let (beta1, rest1) = (I::splat(self.beta1), I::splat(self.rest1));
        let (beta2, rest2) = (I::splat(self.beta2), I::splat(self.rest2));
        let (scale2, epsilon, rate) = (I::splat(self.scale2), I::splat(self.epsilon), I::splat(self.rate));
        for i in (i0..i1).step_by(8) {
            let left = (i1 - i) as usize;
            let gradient = I::load_part(g.offset(i), left);
            let first = I::add(I::mul(beta1, I::load_part(m.offset(i), left)), I::mul(rest1, gradient));
            let square = I::mul(gradient, gradient);
            let second = I::add(I::mul(beta2, I::load_part(v.offset(i), left)), I::mul(rest2, square));
            let step = I::div(first, I::add(I::sqrt(I::mul(second, scale2)), epsilon));
            I::store_part(m2.offset(i), first, left);
            I::store_part(v2.offset(i), second, left);
            I::store_part(value2.offset(i), I::sub(I::load_part(value.offset(i), left), I::mul(rate, step)), left);
        }
        Ok(0.0)
    }
}

impl Kernel for Momentum {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, heap: &Heap) -> Checked<f64> {
        let Self { i0, i1, .. } = self;
        expect(0 <= i0 && i0 <= i1, "momentum: range")?;
        let (value, g) = (heap.at::<f32>("value", self.value, i1)?, heap.at::<f32>("g", self.g, i1)?);
        let velocity = heap.at::<f32>("velocity", self.velocity, i1)?;
        let value2 = heap.at::<f32>("value2", self.value2, i1)?;
        let velocity2 = heap.at::<f32>("velocity2", self.velocity2, i1)?;
        let (factor, rate) = (I::splat(self.factor), I::splat(self.rate));
        for i in (i0..i1).step_by(8) {
            let left = (i1 - i) as usize;
            let gradient = I::load_part(g.offset(i), left);
            let next = I::add(I::mul(factor, I::load_part(velocity.offset(i), left)), gradient);
            let d = if self.nesterov != 0 { I::add(gradient, I::mul(factor, next)) } else { next };
            I::store_part(velocity2.offset(i), next, left);
            I::store_part(value2.offset(i), I::sub(I::load_part(value.offset(i), left), I::mul(rate, d)), left);
        }
        Ok(0.0)
    }
}
