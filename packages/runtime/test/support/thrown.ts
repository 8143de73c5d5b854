import { BitgradError } from '@bitgrad/bits';
import { expect } from 'vitest';

/** The BitgradError that a call throws. */
export const thrown = (run: () => unknown): BitgradError => {
  try {
    run();
  } catch (error) {
    if (error instanceof BitgradError) return error;
    throw error;
  }
  return expect.fail('nothing was thrown');
};
