// Errors of the engine.
import { failureOf } from '@bitgrad/bits';

/** A BitgradError of this package. */
export const failure = failureOf('backend-native');
