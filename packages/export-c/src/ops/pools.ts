// Pooling: over the real taps of a window.
import { channelCount, type AvgPoolOp, type MaxPoolOp } from '@bitgrad/runtime';
import { outputRow, type Context, type OpText } from '../context.js';
import { elementOf, rowLength, typeOf } from '../values.js';
import { lineStatements, tapLoop } from './window.js';

export const maxPool: OpText<MaxPoolOp> = {
  line: lineStatements,
  lines(context) {
    const { x, out } = context;
    const target = `${typeOf(out)} *const best = ${outputRow(context)};`;
    const length = rowLength(out);
    if (x[0]!.type === 'bits')
      // +1 if any tap is: the and of the stored bits.
      return [
        target,
        'int k;',
        `for (k = 0; k < ${length}; k++) best[k] = (${typeOf(out)})~0u;`,
        ...tapLoop(context, (tap) => [
          `for (k = 0; k < ${length}; k++) best[k] = (${typeOf(out)})(best[k] & ${tap}[k]);`,
        ]),
      ];
    return [
      target,
      'int c, first = 1;',
      ...tapLoop(context, (tap) => [
        `for (c = 0; c < ${length}; c++) if (first || ${tap}[c] > best[c]) best[c] = ${tap}[c];`,
        'first = 0;',
      ]),
    ];
  },
};

export const avgPool: OpText<AvgPoolOp> = {
  line: lineStatements,
  lines(context: Context<AvgPoolOp>) {
    const [source] = context.x;
    const float = source!.type === 'f32';
    // Integers are summed modulo 2^32.
    const type = float ? 'float' : 'uint32_t';
    const term = (tap: string): string => (float ? `${tap}[c]` : `(uint32_t)${elementOf(source!, tap, 'c')}`);
    return [
      `f32 *const mean = ${outputRow(context)};`,
      'int c;',
      `for (c = 0; c < ${channelCount(source!.shape)}; c++) {`,
      `${type} sum = 0;`,
      'int n = 0;',
      ...tapLoop(context, (tap) => [`sum += ${term(tap)};`, 'n++;']),
      `mean[c] = ${float ? 'sum' : '(float)(int32_t)sum'} / (float)n;`,
      '}',
    ];
  },
};
