// What the author of a pair wrote may throw anything.
import { BitgradError } from '@bitgrad/core';

/** Reads something of a pair; whatever its author's code throws becomes a typed error. */
export function fromPair<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof BitgradError) throw cause;
    throw new BitgradError({
      code: 'invalid-plugin',
      source: 'certificate',
      what: `${what} of the pair to certify threw`,
      got: cause instanceof Error ? cause.message : cause,
      next: 'Report it to the author of the pair, or give scalars that its formulas can use.',
      cause,
    });
  }
}
