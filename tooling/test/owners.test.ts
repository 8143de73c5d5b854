// What has one owner stands in one place: each row is a rule that was written several times once, and its mark.
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { root } from '../workspace.mjs';

const filesWith = (pattern: string): string[] => {
  try {
    const found = execFileSync(
      'git',
      [
        'grep',
        '-lEi',
        '--untracked',
        '-e',
        pattern,
        '--',
        'packages/*/src/*',
        'apps/*/src/*',
        ':!*/generated/*',
      ],
      { cwd: root, encoding: 'utf8' },
    );
    return found.trim().split('\n');
  } catch (error) {
    // Nothing found.
    if ((error as { status?: number }).status === 1) return [];
    throw error;
  }
};

describe('one owner', () => {
  it.each([
    { rule: 'CRC-32', mark: '0xedb88320', owner: 'packages/bits/src/crc32.ts' },
    { rule: 'random numbers', mark: '0x9e3779b9|0x6d2b79f5', owner: 'packages/bits/src/rng.ts' },
    {
      rule: 'normalization of bytes',
      mark: String.raw`fround\(.{1,8} - (centre|m)[[]`,
      owner: 'packages/bits/src/pixels/normalize.ts',
    },
    { rule: 'samples in 16 bits', mark: '-32768, Math', owner: 'packages/bits/src/sound/int16.ts' },
    {
      rule: 'window geometry',
      mark: String.raw`^[^*]*- 1\) \* [a-z.]*dilation|total / 2`,
      owner: 'packages/bits/src/window.ts',
    },
    {
      rule: 'what float32 counts exactly',
      mark: String.raw`2 \*\* 24\b`,
      owner: 'packages/bits/src/bounds.ts',
    },
    {
      rule: 'the forward of binary networks',
      mark: 'at: 0, from: -1, to: 1 }',
      owner: 'packages/core/src/sign-forward.ts',
    },
  ])('$rule', ({ mark, owner }) => expect(filesWith(mark)).toEqual([owner]));
});
