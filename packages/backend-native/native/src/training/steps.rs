//! Steps of optimizers; formulas as in backend-wasm's assembly/training/optimizer.ts.
use super::call::Elementary;
use super::calls::{Adam, Momentum};
use super::heap::{expect, Checked, Heap};
use super::lanes::Floats;

impl Elementary for Adam {
    #[inline(always)]
    unsafe fn run<V: Floats>(self, heap: &Heap) -> Checked<f64> {
        let Self { i0, i1, .. } = self;
        expect(0 <= i0 && i0 <= i1, "adam: range")?;
        let (value, g) = (heap.at::<f32>("value", self.value, i1)?, heap.at::<f32>("g", self.g, i1)?);
        let (m, v) = (heap.at::<f32>("m", self.m, i1)?, heap.at::<f32>("v", self.v, i1)?);
        let value2 = heap.at::<f32>("value2", self.value2, i1)?;
        let (m2, v2) = (heap.at::<f32>("m2", self.m2, i1)?, heap.at::<f32>("v2", self.v2, i1)?);
        let (beta1, rest1) = (V::splat(self.beta1), V::splat(self.rest1));
        let (beta2, rest2) = (V::splat(self.beta2), V::splat(self.rest2));
        let (scale2, epsilon, rate) = (V::splat(self.scale2), V::splat(self.epsilon), V::splat(self.rate));
        for i in (i0..i1).step_by(V::N) {
            let left = (i1 - i) as usize;
            let gradient = V::load_part(g.offset(i), left);
            let first = V::add(V::mul(beta1, V::load_part(m.offset(i), left)), V::mul(rest1, gradient));
            let square = V::mul(gradient, gradient);
            let second = V::add(V::mul(beta2, V::load_part(v.offset(i), left)), V::mul(rest2, square));
            let step = V::div(first, V::add(V::sqrt(V::mul(second, scale2)), epsilon));
            V::store_part(m2.offset(i), first, left);
            V::store_part(v2.offset(i), second, left);
            V::store_part(value2.offset(i), V::sub(V::load_part(value.offset(i), left), V::mul(rate, step)), left);
        }
        Ok(0.0)
    }
}

impl Elementary for Momentum {
    #[inline(always)]
    unsafe fn run<V: Floats>(self, heap: &Heap) -> Checked<f64> {
        let Self { i0, i1, .. } = self;
        expect(0 <= i0 && i0 <= i1, "momentum: range")?;
        let (value, g) = (heap.at::<f32>("value", self.value, i1)?, heap.at::<f32>("g", self.g, i1)?);
        let velocity = heap.at::<f32>("velocity", self.velocity, i1)?;
        let value2 = heap.at::<f32>("value2", self.value2, i1)?;
        let velocity2 = heap.at::<f32>("velocity2", self.velocity2, i1)?;
        let (factor, rate) = (V::splat(self.factor), V::splat(self.rate));
        for i in (i0..i1).step_by(V::N) {
            let left = (i1 - i) as usize;
            let gradient = V::load_part(g.offset(i), left);
            let next = V::add(V::mul(factor, V::load_part(velocity.offset(i), left)), gradient);
            let d = if self.nesterov != 0 { V::add(gradient, V::mul(factor, next)) } else { next };
            V::store_part(velocity2.offset(i), next, left);
            V::store_part(value2.offset(i), V::sub(V::load_part(value.offset(i), left), V::mul(rate, d)), left);
        }
        Ok(0.0)
    }
}
