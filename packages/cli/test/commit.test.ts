// A run's folder holds one run or the other, wherever its writer dies: every call of the file system is made to fail, and
// all after it, as in a process that was killed.
import * as fs from 'node:fs';
import type * as promises from 'node:fs/promises';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import type { BitgradError as Failure } from '@bitgrad/core';
import { temporaryFolder } from './run.js';

/** Calls that are still allowed, and what they were. */
const life = vi.hoisted(() => ({ left: Infinity, calls: [] as string[] }));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof promises>();
  const dying =
    <A extends unknown[], R>(
      name: string,
      call: (...args: A) => Promise<R>,
      half?: (...args: A) => unknown,
    ) =>
    async (...args: A): Promise<R> => {
      life.calls.push(name);
      if (life.left === 0) half?.(...args);
      if (life.left-- <= 0) throw Object.assign(new Error('killed'), { code: 'KILLED' });
      return call(...args);
    };
  const open = async (...args: Parameters<typeof real.open>) => {
    const file = await real.open(...args);
    return {
      // What a write had done when the process died.
      writeFile: dying(
        'write',
        (contents: Buffer) => file.writeFile(contents),
        (contents) => fs.writeSync(file.fd, contents.subarray(0, contents.length >> 1)),
      ),
      sync: dying('sync', () => file.sync()),
      close: () => file.close(),
    };
  };
  return {
    ...real,
    open: dying('open', open as never),
    rename: dying('rename', real.rename),
    rm: dying('rm', real.rm),
    mkdir: dying('mkdir', real.mkdir as never),
  };
});

// A file before this one may have loaded them with the real file system, and those after it are to have that.
vi.resetModules();
const { BitgradError } = await import('@bitgrad/core');
const { cleanUp, commitFiles, manifestName, readCommitted } = await import('../src/model-dir/commit.js');
afterAll(() => vi.resetModules());
afterEach(() => {
  life.left = Infinity;
});

const run = (letter: string): Record<string, string> => ({
  'weights.bin': letter.repeat(1000),
  'model.json': `{"model":"${letter}"}`,
  'bitgrad.json': `{"of":"${letter}"}`,
});
const names = Object.keys(run('a'));

/** Which run a folder holds, by all of its files. */
async function holds(folder: string): Promise<string> {
  const { files, checked } = await readCommitted(folder, names);
  expect(checked).toBe(true);
  const text = Object.fromEntries([...files].map(([name, bytes]) => [name, Buffer.from(bytes).toString()]));
  const letter = text['weights.bin']![0]!;
  expect(text).toEqual(run(letter));
  return letter;
}

const refusal = async (folder: string): Promise<Failure> => {
  try {
    await readCommitted(folder, names);
  } catch (error) {
    if (error instanceof BitgradError) return error;
    throw error;
  }
  return expect.fail('nothing was thrown');
};

describe('files of a run', () => {
  it('are the old ones or the new ones after a kill at every point', async () => {
    const seen: string[] = [];
    for (let allowed = 0; ; allowed++) {
      const folder = temporaryFolder();
      await commitFiles(folder, run('a'));
      life.calls = [];
      life.left = allowed;
      const whole = await commitFiles(folder, run('b')).then(
        () => true,
        () => false,
      );
      life.left = Infinity;
      const found = await holds(folder);
      seen.push(found);
      // The next writer tidies up, and nothing of the run changes.
      await cleanUp(folder, names);
      expect(await holds(folder)).toBe(found);
      expect(readdirSync(folder).sort()).toEqual([...names, manifestName].sort());
      for (const name of names) expect(readFileSync(join(folder, name), 'utf8')).toBe(run(found)[name]);
      await commitFiles(folder, run('c'));
      expect(await holds(folder)).toBe('c');
      if (whole) break;
    }
    // Old until the commit, new from then on: no kill brings a mixture, and both have happened.
    expect(seen.join('')).toMatch(/^a{10,}b{4,}$/);
  });

  it('a first run is there or not', async () => {
    for (const allowed of [0, 3, 7, 10, 12]) {
      const folder = temporaryFolder();
      life.left = allowed;
      await commitFiles(folder, run('b')).catch(() => undefined);
      life.left = Infinity;
      const { code, message } = await readCommitted(folder, names).then(
        () => ({ code: 'whole', message: '' }),
        (error: Failure) => error,
      );
      expect(['whole', 'io']).toContain(code);
      if (code === 'io') expect(message).toMatch(/weights\.bin is missing/);
    }
  });

  it('of another run, damaged or gone are refused by name', async () => {
    for (const name of names) {
      const [one, two] = [temporaryFolder(), temporaryFolder()];
      await commitFiles(one, run('a'));
      await commitFiles(two, run('b'));
      fs.copyFileSync(join(two, name), join(one, name));
      const error = await refusal(one);
      expect(error.code).toBe('checksum-mismatch');
      expect(error.message).toContain(join(one, name));
      expect(error.message).toMatch(/mixes files of two runs.*--resume/);
      fs.rmSync(join(one, name));
      expect(await refusal(one)).toMatchObject({
        code: 'io',
        message: expect.stringContaining(`${name} is missing`),
      });
    }
    const folder = temporaryFolder();
    await commitFiles(folder, { 'weights.bin': 'x' });
    writeFileSync(join(folder, 'model.json'), '{}');
    expect((await refusal(folder)).code).toBe('checksum-mismatch');
  });

  it('open unchecked without a manifest, and a bad manifest is named', async () => {
    const folder = temporaryFolder();
    for (const [name, text] of Object.entries(run('a'))) writeFileSync(join(folder, name), text);
    expect((await readCommitted(folder, names)).checked).toBe(false);
    const entry = { bytes: 1000, sha256: '0'.repeat(64) };
    for (const text of [
      '',
      '{}',
      '{"version":2,"files":{}}',
      JSON.stringify({ version: 1, files: { 'weights.bin': { ...entry, written: '../../secret' } } }),
      JSON.stringify({ version: 1, files: { '../x': { ...entry, written: '../x.1.partial' } } }),
    ]) {
      writeFileSync(join(folder, manifestName), text);
      expect(await refusal(folder), text).toMatchObject({ code: 'invalid-file' });
      await cleanUp(folder, names);
    }
  });

  it('of others that end in .partial stay', async () => {
    const folder = temporaryFolder();
    const others = [
      'download.partial',
      'weights.bin.partial',
      'weights.bin.mine.partial',
      'photos.12-0a1b2c3d.partial',
    ];
    for (const name of others) writeFileSync(join(folder, name), 'mine');
    mkdirSync(join(folder, 'deep'));
    const ours = ['weights.bin.12-0a1b2c3d.partial', 'checkpoint.99.partial'];
    for (const name of ours) writeFileSync(join(folder, name), 'left');
    await cleanUp(folder, [...names, 'checkpoint']);
    await commitFiles(folder, run('a'));
    for (const name of others) expect(readFileSync(join(folder, name), 'utf8')).toBe('mine');
    for (const name of ours) expect(existsSync(join(folder, name)), name).toBe(false);
  });
});
