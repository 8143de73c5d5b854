//! Weights of float products that are integers of 8 bits, as the compiler rounds a last layer to: where a product has few rows, its
//! time is that of reading its weights, and a quarter of them takes a quarter of it. Every such integer is a float, so the
//! results are the same.
use crate::isa::LANES;
use crate::memory::Arena;
use crate::record::Record;
use crate::words::{opcode, product, record_words};

/// Rows up to which weights are read more often than they are used.
const FEW_ROWS: usize = 4;

/// The weights of a product as `[panel][step][16]`.
pub struct ByteWeights {
    weights: Vec<i8>,
    panel: usize,
}

impl ByteWeights {
    /// The weights of a record; `None` where it is no float product of few rows with constant weights of 8 bits.
    pub fn new(op: &Record, rows: usize, arena: Arena, constants_end: isize) -> Option<Self> {
        let (at, step) = (op.address(product::WEIGHTS), op.count(product::STEP_BYTES));
        let whole = op.word(product::PART_ROWS) == 0 && op.count(product::PARTS) <= 1 && step == 4 * LANES;
        if op.word(record_words::OPCODE) != opcode::PRODUCT_FLOAT || rows > FEW_ROWS || at >= constants_end || !whole {
            return None;
        }
        let steps = op.segments.len() * op.count(product::SEGMENT_LENGTH);
        let panels = op.count(product::CHANNELS).div_ceil(LANES);
        let panel = steps * LANES;
        let mut weights = Vec::with_capacity(panels * panel);
        for index in 0..panels {
            for w in arena.cells::<f32>(at + (index * op.count(product::PANEL_BYTES)) as isize, panel) {
                let byte = w.get() as i8;
                // -0 as well: a product with it adds nothing to a sum, which begins at +0.
                if f32::from(byte) != w.get() {
                    return None;
                }
                weights.push(byte);
            }
        }
        Some(Self { weights, panel })
    }

    pub fn bytes(&self) -> usize {
        self.weights.len()
    }

    /// A panel of weights.
    #[inline(always)]
    pub fn panel(&self, index: usize) -> *const u8 {
        self.weights[index * self.panel..(index + 1) * self.panel].as_ptr() as *const u8
    }
}
