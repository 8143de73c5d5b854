// Errors of the engine.
import { failureOf, type BitgradError } from '@bitgrad/bits';

/** A BitgradError of this package. */
export const failure = failureOf('backend-wasm');

/** The error for a model that needs more than `limit` bytes. */
export const tooLarge = (bytes: number, limit: number): BitgradError =>
  failure('limit-exceeded', {
    what: 'memory of the model',
    got: bytes,
    expected: `at most ${limit} bytes`,
    next: 'Raise the limit memoryBytes if you trust the file.',
  });
