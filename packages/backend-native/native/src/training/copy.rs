//! Zero-bordered images, and operands of products as panels of 8 columns; layouts as in backend-wasm's assembly/training/copy.ts.
use super::call::Kernel;
use super::calls::{PackFlipped, PackPanels, PackTransposedPanels, PadImages};
use super::heap::{expect, product, Checked, Heap};
use super::lanes::Lanes;

impl Kernel for PadImages {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, heap: &Heap) -> Checked<f64> {
        let Self { n0, n1, h, w, c, top, bottom, left, right, .. } = self;
        expect(0 <= n0 && n0 <= n1 && top.min(bottom).min(left).min(right) >= 0, "padImages: range or border")?;
        let row = product(&[w, c])?;
        let (out_row, rows) = (product(&[left + w + right, c])?, top + h + bottom);
        let mut x = heap.at::<f32>("x", self.x, product(&[n1, h, row])?)?.offset(n0 * h * row);
        let mut out = heap.at::<f32>("out", self.out, product(&[n1, rows, out_row])?)?.offset(n0 * rows * out_row);
        let (before, after) = ((left * c) as usize, (right * c) as usize);
        for _ in n0..n1 {
            out.write_bytes(0, (top * out_row) as usize);
            out = out.offset(top * out_row);
            for _ in 0..h {
                out.write_bytes(0, before);
                std::ptr::copy_nonoverlapping(x, out.add(before), row as usize);
                out.offset(out_row).sub(after).write_bytes(0, after);
                x = x.offset(row);
                out = out.offset(out_row);
            }
            out.write_bytes(0, (bottom * out_row) as usize);
            out = out.offset(bottom * out_row);
        }
        Ok(0.0)
    }
}

/// One panel of `width` columns of `k` rows: element (i, j) is `i * down + j * right` numbers behind `from`.
#[inline(always)]
unsafe fn pack(from: *const f32, to: *mut f32, k: isize, width: isize, down: isize, right: isize) {
    for i in 0..k {
        for j in 0..8 {
            *to.offset(8 * i + j) = if j < width { *from.offset(i * down + j * right) } else { 0.0 };
        }
    }
}

impl Kernel for PackPanels {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, heap: &Heap) -> Checked<f64> {
        let Self { k, n, stride, .. } = self;
        let b = heap.span::<f32>("b", self.b, &[(k, stride)], n)?;
        let mut out = heap.at::<f32>("out", self.out, product(&[(n + 7) / 8, k, 8])?)?;
        for j in (0..n).step_by(8) {
            if n - j >= 8 {
                for i in 0..k {
                    let p = (b as *const u8).offset(i * stride) as *const f32;
                    I::store(out.offset(8 * i), I::load(p.offset(j)));
                }
            } else {
                pack(b.offset(j), out, k, n - j, stride / 4, 1);
            }
            out = out.offset(8 * k);
        }
        Ok(0.0)
    }
}

impl Kernel for PackTransposedPanels {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, heap: &Heap) -> Checked<f64> {
        let Self { k, n, .. } = self;
        let b = heap.at::<f32>("b", self.b, product(&[n, k])?)?;
        let mut out = heap.at::<f32>("out", self.out, product(&[(n + 7) / 8, k, 8])?)?;
        for j in (0..n).step_by(8) {
            pack(b.offset(j * k), out, k, (n - j).min(8), 1, k);
            out = out.offset(8 * k);
        }
        Ok(0.0)
    }
}

impl Kernel for PackFlipped {
    #[inline(always)]
    unsafe fn run<I: Lanes>(self, heap: &Heap) -> Checked<f64> {
        let Self { kw, c, o, ph, pw, sh, sw, rows, cols, .. } = self;
        let last = (ph + sh * (rows - 1)) * kw + pw + sw * (cols - 1);
        let all = [kw, ph, pw, sh, sw].iter().all(|&size| (0..1 << 20).contains(&size));
        expect(all && rows < 1 << 20 && cols < 1 << 20, "packFlipped: sizes")?;
        let taps = if rows > 0 && cols > 0 { last + 1 } else { 0 };
        let w = heap.at::<f32>("w", self.w, product(&[taps, c, o])?)?;
        let mut out = heap.at::<f32>("out", self.out, product(&[(c + 7) / 8, rows, cols, o, 8])?)?;
        for j in (0..c).step_by(8) {
            for y in 0..rows {
                for x in 0..cols {
                    let tap = (ph + sh * (rows - 1 - y)) * kw + pw + sw * (cols - 1 - x);
                    pack(w.offset((tap * c + j) * o), out, o, (c - j).min(8), 1, o);
                    out = out.offset(8 * o);
                }
            }
        }
        Ok(0.0)
    }
}
