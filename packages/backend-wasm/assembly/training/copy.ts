// Data movement around the matrix kernels: zero-padded images and operand panels of 8 columns.
// A panel holds 8 neighbouring columns of a matrix row by row ([k][8]), so that a tile reads it in one stream;
// missing columns are zero, which makes every channel count a whole number of panels.

/** Copies images [n][h][w][c] into zero-bordered ones [n][top+h+bottom][left+w+right][c]. */
export function padImages(
  x: usize, out: usize, n0: i32, n1: i32, h: i32, w: i32, c: i32, top: i32, bottom: i32, left: i32, right: i32,
): void {
  const row: usize = <usize>(w * c) << 2;
  const before: usize = <usize>(left * c) << 2;
  const after: usize = <usize>(right * c) << 2;
  const outRow: usize = before + row + after;
  const topBytes: usize = <usize>top * outRow;
  const bottomBytes: usize = <usize>bottom * outRow;
  x += <usize>n0 * <usize>h * row;
  out += <usize>n0 * <usize>(top + h + bottom) * outRow;
  for (let n = n0; n < n1; n++) {
    memory.fill(out, 0, topBytes);
    out += topBytes;
    for (let y = 0; y < h; y++) {
      for (let i: usize = 0; i < before; i += 4) store<f32>(out + i, 0);
      memory.copy(out + before, x, row);
      const end = out + before + row;
      for (let i: usize = 0; i < after; i += 4) store<f32>(end + i, 0);
      x += row;
      out += outRow;
    }
    memory.fill(out, 0, bottomBytes);
    out += bottomBytes;
  }
}

/** Panels of b [k][n] (rows `stride` bytes apart): out [ceil(n/8)][k][8]. */
export function packPanels(b: usize, out: usize, k: i32, n: i32, stride: usize): void {
  let j = 0;
  for (; j + 8 <= n; j += 8) {
    let p = b + (<usize>j << 2);
    for (let i = 0; i < k; i++) {
      v128.store(out, v128.load(p));
      v128.store(out, v128.load(p, 16), 16);
      out += 32;
      p += stride;
    }
  }
  if (j < n) packTail(b + (<usize>j << 2), out, k, n - j, stride, 4);
}

/** Panels of the transpose of b [n][k]: out [ceil(n/8)][k][8]. */
export function packTransposedPanels(b: usize, out: usize, k: i32, n: i32): void {
  const row: usize = <usize>k << 2;
  for (let j = 0; j < n; j += 8) {
    const p = b + <usize>j * row;
    const width = min(8, n - j);
    if (width == 8) {
      let i = 0;
      for (; i + 4 <= k; i += 4) {
        const q = p + (<usize>i << 2);
        transpose4(q, row, out + (<usize>i << 5));
        transpose4(q + (row << 2), row, out + (<usize>i << 5) + 16);
      }
      packTail(p + (<usize>i << 2), out + (<usize>i << 5), k - i, 8, 4, row);
    } else packTail(p, out, k, width, 4, row);
    out += row << 3;
  }
}

/** Reads four rows of four numbers, writes them as columns, 32 bytes from row to row. */
// @ts-ignore: decorator
@inline
function transpose4(p: usize, row: usize, out: usize): void {
  const a = v128.load(p), b = v128.load(p + row), c = v128.load(p + 2 * row), d = v128.load(p + 3 * row);
  const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5), ab1 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cd0 = v128.shuffle<f32>(c, d, 0, 4, 1, 5), cd1 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<f32>(ab0, cd0, 0, 1, 4, 5));
  v128.store(out, v128.shuffle<f32>(ab0, cd0, 2, 3, 6, 7), 32);
  v128.store(out, v128.shuffle<f32>(ab1, cd1, 0, 1, 4, 5), 64);
  v128.store(out, v128.shuffle<f32>(ab1, cd1, 2, 3, 6, 7), 96);
}

/** One panel of `width` (1..8) columns, number by number: element (i, j) is at `p + i * down + j * right` bytes. */
function packTail(p: usize, out: usize, k: i32, width: i32, down: usize, right: usize): void {
  for (let i = 0; i < k; i++) {
    let q = p;
    let j = 0;
    for (; j < width; j++) {
      store<f32>(out + (<usize>j << 2), load<f32>(q));
      q += right;
    }
    for (; j < 8; j++) store<f32>(out + (<usize>j << 2), 0);
    p += down;
    out += 32;
  }
}

/**
 * Panels of a convolution filter [kh][kw][c][o] for one phase of the input gradient: rows are (jh, jw, o), columns c.
 * Tap (jh, jw) is the filter's (ph + s (rows-1-jh), pw + s (cols-1-jw)): flipped, every s-th tap.
 */
export function packFlipped(
  w: usize, out: usize, kw: i32, c: i32, o: i32,
  ph: i32, pw: i32, sh: i32, sw: i32, rows: i32, cols: i32,
): void {
  const o4: usize = <usize>o << 2;
  for (let j = 0; j < c; j += 8) {
    const width = min(8, c - j);
    for (let y = 0; y < rows; y++)
      for (let x = 0; x < cols; x++) {
        const tap = (ph + sh * (rows - 1 - y)) * kw + pw + sw * (cols - 1 - x);
        const p = w + <usize>(tap * c + j) * o4;
        if (width == 8) {
          let i = 0;
          for (; i + 4 <= o; i += 4) {
            const q = p + (<usize>i << 2);
            transpose4(q, o4, out + (<usize>i << 5));
            transpose4(q + (o4 << 2), o4, out + (<usize>i << 5) + 16);
          }
          packTail(p + (<usize>i << 2), out + (<usize>i << 5), o - i, 8, 4, o4);
        } else packTail(p, out, o, width, 4, o4);
        out += <usize>o << 5;
      }
  }
}
