import { defineOp, needType, type OpOf } from './define.js';

/** Copies weights[0] (any type but `i8`) into the output: position embeddings, class tokens. No inputs. */
export const constant = defineOp({
  inputs: [0, 0],
  weights: ['value'],
  rule({ w, need }) {
    needType(need, 'weights[0]', w[0]!, ['bits', 'u8', 'i32', 'f32']);
    return w[0]!;
  },
});

/** See {@link constant}. */
export type ConstantOp = OpOf<'constant', typeof constant>;
