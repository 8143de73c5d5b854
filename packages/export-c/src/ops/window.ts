// Walking a window: the lines that it covers, found once a line, and its taps, at each row.
import type { AvgPoolOp, ConvOp, DepthwiseOp, MaxPoolOp } from '@bitgrad/runtime';
import type { Context, Place } from '../context.js';
import { plus, times } from '../text.js';
import { rowLength, rowsOf, typeOf } from '../values.js';

/** Ops with a window. */
export type WindowOp = ConvOp | DepthwiseOp | MaxPoolOp | AvgPoolOp;

/** Windows of at most so many lines have a pointer to each of them. */
const mostPointers = 16;

/** Position of the first tap on an axis, and of tap `i`. */
const position = (op: WindowOp, axis: 0 | 1, at: string, tap: string): string => {
  const pad = op.pads[axis];
  const taps = op.kernel[axis] === 1 ? '0' : times(tap, op.dilations[axis]);
  const sum = plus(times(at, op.strides[axis]), taps);
  return pad === 0 ? sum : sum === '0' ? `-${pad}` : `${sum} - ${pad}`;
};

const pads = (op: WindowOp, axis: 0 | 1): boolean => op.pads[axis] > 0 || op.pads[axis + 2]! > 0;

/** Pointer to line `yy` of the input. */
function linePointer(place: Place): string {
  const length = rowsOf(place.shape) * rowLength(place);
  const line = typeof place.span === 'object' ? `yy % ${place.span.ring}` : 'yy';
  const scaled = typeof place.span === 'object' ? `(${line})` : line;
  return typeof place.span === 'object' && place.span.ring === 1
    ? place.pointer
    : `${place.pointer} + ${times(scaled, length)}`;
}

/** The pointer to a line, or 0 outside of the image. */
const guarded = (op: WindowOp, place: Place): string =>
  pads(op, 0) ? `yy < 0 || yy >= ${place.shape[0]} ? 0 : ${linePointer(place)}` : linePointer(place);

/** Statement that defines `yy`, the line of tap line `i`, where a pointer depends on it. */
const lineOf = (op: WindowOp, y: string, pointer: string): string[] =>
  pointer.includes('yy') ? [`const int yy = ${position(op, 0, y, 'i')};`] : [];

/** Statements before the loop over rows: a pointer to each line of the window. */
export function lineStatements({ op, x, y }: Context<WindowOp>): string[] {
  const [place] = x as [Place];
  if (op.kernel[0] > mostPointers) return [];
  return [
    `const ${typeOf(place)} *in[${op.kernel[0]}];`,
    'int i;',
    `for (i = 0; i < ${op.kernel[0]}; i++) {`,
    ...lineOf(op, y, guarded(op, place)),
    `in[i] = ${guarded(op, place)};`,
    '}',
  ];
}

/**
 * A loop over the taps of the present window, row-major.
 * @param real statements for a tap inside the image, of the pointer to its row
 * @param padded statements for one outside
 * @param each statements after both
 */
export function tapLoop(
  { op, x, y, row }: Context<WindowOp>,
  real: (tap: string) => string[],
  padded: readonly string[] = [],
  each: readonly string[] = [],
): string[] {
  const [place] = x as [Place];
  const few = op.kernel[0] <= mostPointers;
  const length = rowLength(place);
  const inside = [
    ...(pads(op, 0) ? ['line != 0'] : []),
    ...(pads(op, 1) ? [`xx >= 0 && xx < ${place.shape[1]}`] : []),
  ].join(' && ');
  const body = [`const ${typeOf(place)} *const tap = line + ${times('xx', length)};`, ...real('tap')];
  const choice =
    inside === ''
      ? ['{', ...body, '}']
      : [`if (${inside}) {`, ...body, ...(padded.length > 0 ? ['} else {', ...padded, '}'] : ['}'])];
  return [
    'int i, j;',
    `for (i = 0; i < ${op.kernel[0]}; i++) {`,
    ...(few
      ? [`const ${typeOf(place)} *const line = in[i];`]
      : [
          ...lineOf(op, y, guarded(op, place)),
          `const ${typeOf(place)} *const line = ${guarded(op, place)};`,
        ]),
    `for (j = 0; j < ${op.kernel[1]}; j++) {`,
    `const int xx = ${position(op, 1, row, 'j')};`,
    ...choice,
    ...each,
    '}',
    '}',
  ];
}
