// Errors of the engine.
import { BitgradError, type ErrorCode } from '@bitgrad/bits';

/** A BitgradError of this package. */
export const failure = (
  code: ErrorCode,
  what: string,
  details: { got?: unknown; expected?: string; next?: string; cause?: unknown } = {},
): BitgradError => new BitgradError({ code, source: 'backend-wasm', what, ...details });

/** The error for a model that needs more than `limit` bytes. */
export const tooLarge = (bytes: number, limit: number): BitgradError =>
  failure('limit-exceeded', 'memory of the model', {
    got: bytes,
    expected: `at most ${limit} bytes`,
    next: 'Raise the limit memoryBytes if you trust the file.',
  });
