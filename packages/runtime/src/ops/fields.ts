// What is written is stricter than what is read: a reader leaves out fields that it does not know, so that a misspelled
// attribute would silently be its default.
import { unknownOption } from '@bitgrad/bits';
import type { OpDefinition } from './define.js';
import { ops, type Op } from './index.js';

/** @throws BitgradError `invalid-option` for a field that ops of this name do not have */
export function refuseUnknownFields(op: { readonly op: Op['op'] }, at: string): void {
  const { attributes = {} }: OpDefinition = ops[op.op];
  const known = ['op', 'name', 'inputs', 'weights', 'output', ...Object.keys(attributes)];
  for (const field of Object.keys(op))
    if (!known.includes(field)) throw unknownOption('runtime', at, field, known);
}
