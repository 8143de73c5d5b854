// Which cases a subject fails.
import { expect } from 'vitest';
import type { ConformanceCase } from '../src/index.js';

export const failures = async <S>(cases: readonly ConformanceCase<S>[], subject: S): Promise<string[]> => {
  const failed: string[] = [];
  for (const { name, check } of cases)
    await check(subject).catch((error: { code?: string }) => {
      // A case reports what it found; it does not fall over.
      expect(error.code, String(error)).toBe('verification-failed');
      failed.push(name);
    });
  return failed;
};
