// Gradients of 2-D pooling in the kernel language, for the training adapters: tfjs 4.22 gives the gradient of a
// maximum to another tap of a tie on its GPU backends than on the cpu, and divides the gradient of a mean at padded
// borders by the whole window.

/** A pooling window over [batch, height, width, channels]: a part of tfjs's Conv2DInfo. */
export interface PoolGeometry {
  readonly inHeight: number;
  readonly inWidth: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly filterHeight: number;
  readonly filterWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly padInfo: { readonly top: number; readonly left: number };
}

/**
 * Source of `fn gradient(b: i32, y: i32, x: i32, c: i32) -> f32`, the gradient of one input element. It calls
 * `readDy(b, y, x, c)` and, for `max`, `readX(b, y, x, c)`, which the caller defines. The gradient of a maximum goes
 * to the first of equal taps in row-major order; that of a mean is divided by the taps inside the image.
 */
export function poolGradient(kind: 'max' | 'average', g: PoolGeometry): string {
  const max = kind === 'max';
  const { top, left } = g.padInfo;
  const tap = max
    ? `let o: f32 = readX(b, y0 + p, x0 + q, c);
            if (o > v || (o == v && p * ${g.filterWidth} + q < i * ${g.filterWidth} + j)) { weight = 0.0; }`
    : 'count += 1.0;';
  return `
fn gradient(b: i32, y: i32, x: i32, c: i32) -> f32 {
  var sum: f32 = 0.0;
  ${max ? 'let v: f32 = readX(b, y, x, c);' : ''}
  for (var i: i32 = 0; i < ${g.filterHeight}; i++) {
    for (var j: i32 = 0; j < ${g.filterWidth}; j++) {
      let y0: i32 = y - i;
      let x0: i32 = x - j;
      let oy: i32 = (y0 + ${top}) / ${g.strideHeight};
      let ox: i32 = (x0 + ${left}) / ${g.strideWidth};
      if (y0 + ${top} == oy * ${g.strideHeight} && x0 + ${left} == ox * ${g.strideWidth} && y0 + ${top} >= 0 && x0 + ${left} >= 0 && oy < ${g.outHeight} && ox < ${g.outWidth}) {
        var weight: f32 = 1.0;
        var count: f32 = 0.0;
        for (var p: i32 = 0; p < ${g.filterHeight}; p++) {
          for (var q: i32 = 0; q < ${g.filterWidth}; q++) {
            if (y0 + p >= 0 && y0 + p < ${g.inHeight} && x0 + q >= 0 && x0 + q < ${g.inWidth}) {
            ${tap}
            }
          }
        }
        sum += readDy(b, oy, ox, c) * weight${max ? '' : ' / count'};
      }
    }
  }
  return sum;
}`;
}
