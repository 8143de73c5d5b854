// One process at a time in a run's folder: the owner is named, a dead one is replaced, a lost lock is noticed.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BitgradError } from '@bitgrad/core';
import { isLocked, lockFolder, lockName } from '../src/model-dir/lock.js';
import { ended, temporaryFolder } from './run.js';

const refusal = async (folder: string): Promise<BitgradError> => {
  const error = await lockFolder(folder).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(BitgradError);
  return error as BitgradError;
};

const someone = { token: 'x', pid: 1, host: hostname(), started: new Date().toISOString() };

describe('the lock of a folder', () => {
  it('is held by one, and free again afterwards', async () => {
    const folder = temporaryFolder();
    const lock = await lockFolder(folder);
    expect(await isLocked(folder)).toBe(true);
    const error = await refusal(folder);
    expect(error.code).toBe('invalid-state');
    expect(error.message).toContain(
      `is in use by process ${process.pid} on ${hostname()}, which started at 2`,
    );
    expect(error.message).toMatch(/Wait until it ends, or choose another folder/);
    await lock.check();
    await lock.release();
    expect(existsSync(join(folder, lockName))).toBe(false);
    await (await lockFolder(folder)).release();
  });

  it('of a living process or of another machine is respected', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, lockName), JSON.stringify({ ...someone, pid: process.ppid }));
    expect((await refusal(folder)).message).toContain(`process ${process.ppid}`);
    writeFileSync(join(folder, lockName), JSON.stringify({ ...someone, host: 'elsewhere' }));
    expect((await refusal(folder)).message).toContain('on elsewhere');
    // Its owner is just writing it.
    writeFileSync(join(folder, lockName), '');
    expect((await refusal(folder)).message).toContain('an unknown process');
  });

  it('of a dead process is taken over, and so is one that nobody renews', async () => {
    const dead = spawn(process.execPath, ['-e', '']);
    await ended(dead);
    for (const owner of [
      { ...someone, pid: dead.pid },
      // A number that this process was given again.
      { ...someone, pid: process.pid },
    ]) {
      const folder = temporaryFolder();
      writeFileSync(join(folder, lockName), JSON.stringify(owner));
      const lock = await lockFolder(folder);
      expect(lock.tookOver).toContain(`process ${owner.pid}`);
      await lock.check();
      await lock.release();
    }
    const folder = temporaryFolder();
    for (const text of [JSON.stringify({ ...someone, host: 'elsewhere' }), 'not JSON', '', 'null']) {
      writeFileSync(join(folder, lockName), text);
      const old = new Date(Date.now() - 3_600_000);
      utimesSync(join(folder, lockName), old, old);
      expect(await isLocked(folder)).toBe(false);
      await (await lockFolder(folder)).release();
    }
  });

  it('goes to one of many that find a dead owner', async () => {
    const folder = temporaryFolder();
    for (let round = 0; round < 200; round++) {
      writeFileSync(join(folder, lockName), JSON.stringify({ ...someone, pid: process.pid }));
      const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(folder)));
      const won = results.filter((result) => result.status === 'fulfilled');
      expect(won).toHaveLength(1);
      await won[0]!.value.check();
      await won[0]!.value.release();
    }
  });

  it('that went to another process is noticed, and not removed', async () => {
    const folder = temporaryFolder();
    const lock = await lockFolder(folder);
    writeFileSync(join(folder, lockName), JSON.stringify({ ...someone, pid: process.ppid }));
    await expect(lock.check()).rejects.toThrow(new RegExp(`has gone to process ${process.ppid}`));
    await lock.release();
    expect(readFileSync(join(folder, lockName), 'utf8')).toContain('"token":"x"');
  });
});
