// Rendered by scripts/render-rust.ts; do not edit.
#![allow(dead_code)]

pub mod band {
    pub const BYTES: usize = 1048576;
}

pub mod border {
    pub const BASE: usize = 2;
    pub const PITCH: usize = 3;
    pub const ROWS: usize = 4;
    pub const ABOVE: usize = 5;
    pub const LEFT: usize = 6;
    pub const INSIDE: usize = 7;
    pub const RIGHT: usize = 8;
    pub const BELOW: usize = 9;
}

pub mod copy {
    pub const SOURCE: usize = 2;
    pub const TARGET: usize = 3;
    pub const FROM: usize = 4;
    pub const TO: usize = 5;
    pub const COUNT: usize = 6;
    pub const SOURCE_STEP: usize = 7;
    pub const TARGET_STEP: usize = 8;
    pub const AXES: usize = 9;
    pub const SOURCE_START: usize = 21;
    pub const TARGET_START: usize = 22;
    pub const VALUE: usize = 23;
}

pub mod depthwise {
    pub const WEIGHTS: usize = 28;
    pub const TAP_BYTES: usize = 29;
    pub const SHIFT: usize = 30;
    pub const PAD_VALUE: usize = 31;
}

pub mod group_words {
    pub const RECORDS: usize = 0;
    pub const ROWS: usize = 1;
    pub const TILE_ROWS: usize = 2;
    pub const CHANNELS: usize = 3;
    pub const TILE_CHANNELS: usize = 4;
    pub const SIZE: usize = 8;
}

pub mod mode {
    pub const START: i32 = 0;
    pub const ADD: i32 = 1;
    pub const DECIDE: i32 = 2;
}

pub mod panels {
    pub const SOURCE: usize = 2;
    pub const TARGET: usize = 3;
    pub const STEP: usize = 4;
    pub const STEPS: usize = 5;
    pub const PANEL: usize = 6;
    pub const ROWS: usize = 7;
    pub const BYTES: usize = 8;
}

pub mod product {
    pub const WEIGHTS: usize = 14;
    pub const SEGMENTS: usize = 15;
    pub const SEGMENTS_END: usize = 16;
    pub const SEGMENT_LENGTH: usize = 17;
    pub const CHANNELS: usize = 18;
    pub const PANEL_BYTES: usize = 19;
    pub const INITIAL: usize = 20;
    pub const ROW_CLASS: usize = 21;
    pub const COLUMN_CLASS: usize = 22;
    pub const MODE: usize = 23;
    pub const STEP_BYTES: usize = 24;
    pub const PARTS: usize = 25;
    pub const PART_ROWS: usize = 26;
    pub const PART_INPUT: usize = 27;
    pub const PART_WEIGHTS: usize = 28;
    pub const PART_OUTPUT: usize = 29;
    pub const PANEL: usize = 30;
}

pub mod record_words {
    pub const OPCODE: usize = 0;
    pub const A: usize = 2;
    pub const B: usize = 6;
    pub const OUT: usize = 10;
    pub const SIZE: usize = 40;
}

pub mod residual {
    pub const SCALE: usize = 14;
    pub const BIAS: usize = 15;
    pub const INTEGERS: usize = 16;
    pub const T: usize = 18;
    pub const FLIPS: usize = 19;
    pub const LEVELS: usize = 20;
}

pub mod rowwise {
    pub const P0: usize = 14;
    pub const P1: usize = 15;
    pub const P2: usize = 16;
    pub const S0: usize = 17;
    pub const S1: usize = 18;
}

pub mod shared {
    pub const EPOCH: usize = 0;
    pub const ARRIVED: usize = 1;
    pub const PHASE: usize = 2;
    pub const TILE: usize = 3;
    pub const STOP: usize = 4;
    pub const THREADS: usize = 5;
    pub const PROGRAM: usize = 6;
    pub const GROUPS: usize = 7;
    pub const SCRATCH: usize = 8;
    pub const SCRATCH_BYTES: usize = 9;
    pub const PATIENCE: usize = 10;
}

pub mod view {
    pub const BASE: usize = 0;
    pub const STEP: usize = 1;
    pub const WIDTH: usize = 2;
    pub const PITCH: usize = 3;
}

pub mod windows {
    pub const INPUT: usize = 14;
    pub const PIXEL_BYTES: usize = 15;
    pub const PITCH: usize = 16;
    pub const HEIGHT: usize = 17;
    pub const WIDTH: usize = 18;
    pub const KERNEL_HEIGHT: usize = 19;
    pub const KERNEL_WIDTH: usize = 20;
    pub const STRIDE_Y: usize = 21;
    pub const STRIDE_X: usize = 22;
    pub const PAD_TOP: usize = 23;
    pub const PAD_LEFT: usize = 24;
    pub const OUT_WIDTH: usize = 25;
    pub const DILATION_Y: usize = 26;
    pub const DILATION_X: usize = 27;
}

pub mod element {
    pub const BITS: i32 = 0;
    pub const U8: i32 = 1;
    pub const I16: i32 = 2;
    pub const WORD: i32 = 3;
    pub const FILL: i32 = 4;
}

pub mod opcode {
    pub const PRODUCT_SINGLE: i32 = 0;
    pub const PRODUCT_PAIRED: i32 = 1;
    pub const PRODUCT_INTEGER: i32 = 2;
    pub const PRODUCT_FLOAT: i32 = 3;
    pub const AFFINE_I32: i32 = 16;
    pub const AFFINE_F32: i32 = 17;
    pub const CLAMP: i32 = 18;
    pub const PRELU: i32 = 19;
    pub const ADD_F32: i32 = 20;
    pub const ADD_I32: i32 = 21;
    pub const MUL_F32: i32 = 22;
    pub const SIGMOID: i32 = 23;
    pub const TANH: i32 = 24;
    pub const GELU: i32 = 25;
    pub const WIDEN_BYTES: i32 = 26;
    pub const QUANTIZE: i32 = 27;
    pub const WIDEN_LEVELS: i32 = 28;
    pub const THRESHOLD_I32: i32 = 29;
    pub const THRESHOLD_F32: i32 = 30;
    pub const RESIDUAL: i32 = 31;
    pub const MAX_BITS: i32 = 32;
    pub const MAX_U8: i32 = 33;
    pub const MAX_I32: i32 = 34;
    pub const MAX_F32: i32 = 35;
    pub const MEAN_I32: i32 = 36;
    pub const MEAN_F32: i32 = 37;
    pub const DEPTHWISE_I32: i32 = 38;
    pub const DEPTHWISE_F32: i32 = 39;
    pub const SOFTMAX: i32 = 48;
    pub const LAYER_NORM: i32 = 49;
    pub const COPY: i32 = 64;
    pub const PANELS: i32 = 80;
    pub const BORDER: i32 = 96;
}
