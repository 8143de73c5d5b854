import { mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { removeWhole, writeWhole, writeWholeFolder } from '../src/whole-file.js';

const empty = (): string => mkdtempSync(join(tmpdir(), 'whole-'));

describe('files that are whole', () => {
  it('what a process that ended in the middle has left goes with its file, and nothing else does', () => {
    const folder = empty();
    writeWhole(join(folder, 'a.checkpoint'), 'whole');
    expect(readdirSync(folder)).toEqual(['a.checkpoint']);
    writeFileSync(join(folder, 'a.checkpoint.of-a-lost-worker.partial'), 'hal');
    writeFileSync(join(folder, 'a.commits'), '1');
    writeFileSync(join(folder, 'b.checkpoint.of-another-trial.partial'), 'hal');
    removeWhole(join(folder, 'a.checkpoint'));
    expect(readdirSync(folder)).toEqual(['a.commits', 'b.checkpoint.of-another-trial.partial']);
  });

  it('a file that cannot be put in place leaves nothing behind', () => {
    const folder = empty();
    mkdirSync(join(folder, 'taken', 'by-a-folder'), { recursive: true });
    expect(() => writeWhole(join(folder, 'taken'), 'x')).toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
    expect(readdirSync(folder)).toEqual(['taken']);
  });

  it('of two that write a folder, the first one stays', () => {
    const path = join(empty(), 'teachers', 'id');
    writeWholeFolder(path, new Map([['row', 'first']]), 'row');
    mkdirSync(`${path}.lost.partial`);
    writeWholeFolder(path, new Map([['row', 'second']]), 'row');
    expect(readFileSync(join(path, 'row'), 'utf8')).toBe('first');
    expect(readdirSync(join(path, '..'))).toEqual(['id']);
  });
});
