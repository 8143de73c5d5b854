// Errors of the package.
import { failureOf } from '@bitgrad/bits';

/** A BitgradError of this package. */
export const failure = failureOf('backend-native');
