// Rendered by scripts/render-rust.ts; do not edit.
#![allow(dead_code)]
use super::call::calls;

calls! {
    Look16 "look16" { x: isize, stride: isize, tables: isize, bytes: isize, words: isize, count: isize, begin: bool }
    Look32 "look32" { x: isize, stride: isize, tables: isize, bytes: isize, words: isize, count: isize, begin: bool }
    Look64 "look64" { x: isize, stride: isize, tables: isize, bytes: isize, words: isize, count: isize, begin: bool }
    PackedPanelBytes "packedPanelBytes" { words: isize, o: isize }
    PackFilterSigns "packFilterSigns" { w: isize, out: isize, tap_sums: isize, taps: isize, c: isize, o: isize, o0: isize, o1: isize }
    TakeCounts "takeCounts" { bytes: isize, counts: isize, out: isize, row: isize, vectors: isize, count: isize, begin: bool, total: isize, set: bool }
    Widen "widen" { bytes: isize, counts: isize, vectors: isize, count: isize, begin: bool }
    AddEntries "addEntries" { picks: isize, tables: isize, sums: isize, rows: isize }
    AddNarrow "addNarrow" { picks: isize, tables: isize, sums: isize, rows: isize }
    PickEntries "pickEntries" { table: isize, offset: isize, picks: isize, m: isize }
    SignBytes "signBytes" { x: isize, out: isize, n0: isize, n1: isize, h: isize, w: isize, c: isize, top: isize, bottom: isize, left: isize, right: isize, latent: bool }
    SignedOuter "signedOuter" { x: isize, dy: isize, out: isize, scratch: isize, n: isize, oh: isize, ow: isize, x_n: isize, x_h: isize, x_w: isize, runs: isize, run_stride: isize, m: isize, o: isize, o0: isize, o1: isize, m0: isize, m1: isize }
    SignedOuterScratch "signedOuterScratch" { rows: isize }
    SubtractBorder "subtractBorder" { dy: isize, out: isize, sums: isize, n: isize, h: isize, w: isize, c: isize, oh: isize, ow: isize, o: isize, o0: isize, o1: isize, kh: isize, kw: isize, sh: isize, sw: isize, top: isize, left: isize }
    Tabulate "tabulate" { p: isize, stride: isize, table: isize }
    TabulateNarrow "tabulateNarrow" { p: isize, stride: isize, table: isize }
    AddPairs "addPairs" { picks: isize, tables: isize, sums: isize, rows: isize }
    PairSums "pairSums" { small: isize, table: isize }
    PickPairs "pickPairs" { table: isize, offset: isize, picks: isize, m: isize }
    SmallSums "smallSums" { p: isize, stride: isize, table: isize }
    PadImages "padImages" { x: isize, out: isize, n0: isize, n1: isize, h: isize, w: isize, c: isize, top: isize, bottom: isize, left: isize, right: isize }
    PackPanels "packPanels" { b: isize, out: isize, k: isize, n: isize, stride: isize }
    PackTransposedPanels "packTransposedPanels" { b: isize, out: isize, k: isize, n: isize }
    PackFlipped "packFlipped" { w: isize, out: isize, kw: isize, c: isize, o: isize, ph: isize, pw: isize, sh: isize, sw: isize, rows: isize, cols: isize }
    ConvRows "convRows" { x: isize, w: isize, bias: isize, out: isize, scratch: isize, p0: isize, p1: isize, oh: isize, ow: isize, o: isize, x_n: isize, x_h: isize, x_w: isize, out_n: isize, out_h: isize, out_w: isize, runs_h: isize, runs_w: isize, run_h: isize, run_w: isize, length: isize, gather: bool }
    Rows5 "rows5" { t: isize, w: isize, sums: isize, from: isize, bytes: isize }
    Rows4 "rows4" { t: isize, w: isize, sums: isize, from: isize, bytes: isize }
    Rows3 "rows3" { t: isize, w: isize, sums: isize, from: isize, bytes: isize }
    Rows2 "rows2" { t: isize, w: isize, sums: isize, from: isize, bytes: isize }
    Rows1 "rows1" { t: isize, w: isize, sums: isize, from: isize, bytes: isize }
    OuterSum "outerSum" { x: isize, dy: isize, out: isize, scratch: isize, n0: isize, n1: isize, oh: isize, ow: isize, x_n: isize, x_h: isize, x_w: isize, runs: isize, run_stride: isize, m: isize, o: isize, m0: isize, m1: isize }
    OuterScratch "outerScratch" { ow: isize, o: isize }
    MaxPoolGrad "maxPoolGrad" { x: isize, dy: isize, dx: isize, n0: isize, n1: isize, h: isize, w: isize, c: isize, oh: isize, ow: isize, kh: isize, kw: isize, sh: isize, sw: isize, dh: isize, dw: isize, top: isize, left: isize }
    MaxPool "maxPool" { x: isize, out: isize, n0: isize, n1: isize, h: isize, w: isize, c: isize, oh: isize, ow: isize, kh: isize, kw: isize, sh: isize, sw: isize, top: isize, left: isize }
    AvgPool "avgPool" { x: isize, out: isize, n0: isize, n1: isize, h: isize, w: isize, c: isize, oh: isize, ow: isize, kh: isize, kw: isize, sh: isize, sw: isize, top: isize, left: isize }
    AvgPoolGrad "avgPoolGrad" { dy: isize, dx: isize, n0: isize, n1: isize, h: isize, w: isize, c: isize, oh: isize, ow: isize, kh: isize, kw: isize, sh: isize, sw: isize, top: isize, left: isize }
    DepthwiseInputGrad "depthwiseInputGrad" { dy: isize, filter: isize, dx: isize, n0: isize, n1: isize, h: isize, w: isize, c: isize, q: isize, oh: isize, ow: isize, kh: isize, kw: isize, sh: isize, sw: isize, top: isize, left: isize }
    DepthwiseFilterGrad "depthwiseFilterGrad" { x: isize, dy: isize, out: isize, partial: isize, n0: isize, n1: isize, h: isize, w: isize, c: isize, q: isize, oh: isize, ow: isize, kh: isize, kw: isize, sh: isize, sw: isize, top: isize, left: isize }
    DepthwiseForward "depthwiseForward" { x: isize, filter: isize, out: isize, n0: isize, n1: isize, h: isize, w: isize, c: isize, q: isize, oh: isize, ow: isize, kh: isize, kw: isize, sh: isize, sw: isize, top: isize, left: isize, dh: isize, dw: isize }
    SegmentSum "segmentSum" { x: isize, ids: isize, out: isize, rows: isize, width: isize, segments: isize }
    SegmentRows "segmentRows" { rows: isize, unit: isize }
    AddSegments "addSegments" { sums: isize, out: isize, parts: isize, stride: isize, count: isize }
    SumParts "sumParts" { x: isize, out: isize, parts: isize, size: isize, i0: isize, i1: isize }
    Elementwise "elementwise" { code: isize, steps: isize, inputs: isize, input_count: isize, constants: isize, constant_count: isize, registers: isize, result: isize, space: isize, out: isize, i0: isize, i1: isize, c: isize }
    ElementwiseSpace "elementwiseSpace" { registers: isize }
    BatchNormSegment "batchNormSegment" { rows: isize, c: isize }
    BatchNormMoments "batchNormMoments" { x: isize, sums: isize, chunk: isize, s0: isize, s1: isize, rows: isize, c: isize }
    BatchNormStatistics "batchNormStatistics" { sums: isize, mean: isize, lost: isize, variance: isize, inverse: isize, rows: isize, c: isize, epsilon: f64 }
    BatchNormApply "batchNormApply" { x: isize, y: isize, gamma: isize, beta: isize, mean: isize, lost: isize, inverse: isize, r0: isize, r1: isize, c: isize }
    BatchNormGradSums "batchNormGradSums" { x: isize, dy: isize, mean: isize, sums: isize, s0: isize, s1: isize, rows: isize, c: isize }
    BatchNormGradParameters "batchNormGradParameters" { sums: isize, inverse: isize, dgamma: isize, dbeta: isize, lost: isize, rows: isize, c: isize }
    BatchNormGradApply "batchNormGradApply" { x: isize, dy: isize, dx: isize, gamma: isize, mean: isize, lost: isize, inverse: isize, dgamma: isize, dbeta: isize, rows: isize, r0: isize, r1: isize, c: isize }
    Adam "adam" { value: isize, g: isize, m: isize, v: isize, value2: isize, m2: isize, v2: isize, i0: isize, i1: isize, rate: f32, beta1: f32, rest1: f32, beta2: f32, rest2: f32, scale2: f32, epsilon: f32 }
    Momentum "momentum" { value: isize, g: isize, velocity: isize, value2: isize, velocity2: isize, i0: isize, i1: isize, rate: f32, factor: f32, nesterov: isize }
    SoftmaxCrossEntropy "softmaxCrossEntropy" { logits: isize, labels: isize, loss: isize, dlogits: isize, r0: isize, r1: isize, k: isize }
    PreluSegment "preluSegment" { rows: isize }
    PreluGrad "preluGrad" { x: isize, alpha: isize, dy: isize, dx: isize, sums: isize, s0: isize, s1: isize, rows: isize, c: isize }
    PackedPixel "packedPixel" { c: isize }
    PackSigns "packSigns" { x: isize, out: isize, n0: isize, n1: isize, h: isize, w: isize, c: isize, top: isize, bottom: isize, left: isize, right: isize }
    PackedWords "packedWords" { taps: isize, c: isize }
    BinaryConvScratch "binaryConvScratch" { words: isize }
    BinaryConv "binaryConv" { x: isize, panels: isize, tap_sums: isize, out: isize, scratch: isize, p0: isize, p1: isize, oh: isize, ow: isize, o: isize, c: isize, x_n: isize, x_h: isize, x_w: isize, runs_h: isize, runs_w: isize, run_h: isize, run_w: isize, run_bytes: isize, h: isize, w: isize, top: isize, left: isize, kh: isize, kw: isize, sh: isize, sw: isize, dh: isize, dw: isize }
    SignedRowsGroups "signedRowsGroups" { entry: isize }
    SignedRowsEntry "signedRowsEntry" { halo: isize }
    SignedRowsBlocks "signedRowsBlocks" { n: isize, gh: isize, gw: isize, h: isize }
    PickOffsets "pickOffsets" { w: isize, out: isize, shifts: isize, taps: isize, c: isize, o: isize, o0: isize, o1: isize, entry: isize, latent: bool }
    SignedRowsScratch "signedRowsScratch" { c: isize, o: isize, entry: isize }
    SignedRows "signedRows" { dy: isize, offsets: isize, dx: isize, scratch: isize, b0: isize, b1: isize, n: isize, gh: isize, gw: isize, h: isize, w: isize, c: isize, oh: isize, ow: isize, o: isize, taps: isize, first: isize, entry: isize }
    TabulatePlanes "tabulatePlanes" { from: isize, at: isize, width: isize, tables: isize, entry: isize }
    AddTaps "addTaps" { tables: isize, offsets: isize, sums: isize, taps: isize, bytes: isize }
    Scatter "scatter" { sums: isize, to: isize, c: isize }
    AttentionScratch "attentionScratch" { t: isize, d: isize }
    Attention "attention" { x: isize, y: isize, a: isize, scratch: isize, i0: isize, i1: isize, t: isize, heads: isize, d: isize }
    AttentionGrad "attentionGrad" { x: isize, a: isize, dy: isize, dx: isize, scratch: isize, i0: isize, i1: isize, t: isize, heads: isize, d: isize }
    LayerNorm "layerNorm" { x: isize, gamma: isize, beta: isize, y: isize, mean: isize, inverse: isize, r0: isize, r1: isize, c: isize, epsilon: f32 }
    LayerNormSegment "layerNormSegment" { rows: isize }
    LayerNormGrad "layerNormGrad" { x: isize, dy: isize, gamma: isize, mean: isize, inverse: isize, dx: isize, sums: isize, part: isize, s0: isize, s1: isize, rows: isize, c: isize }
}
