// One process at a time writes to a run's folder: a file names the owner, and its age tells whether the owner still lives.
import { createHash, randomBytes } from 'node:crypto';
import { readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname, uptime } from 'node:os';
import { dirname, join } from 'node:path';
import { BitgradError } from '@bitgrad/core';
import { ioError, temporaryName } from './atomic.js';

/** Name of the lock in a run's folder. */
export const lockName = 'run.lock';

/** The owner renews the file this often. */
const beatMs = 15_000;
/** A lock that nobody has renewed for so long belongs to nobody. */
const staleMs = 600_000;

interface Owner {
  readonly token: string;
  readonly pid: number;
  readonly host: string;
  /** When it took the lock, ISO 8601. */
  readonly started: string;
}

/** The lock of a folder, held. */
export interface FolderLock {
  /** Whose dead process had the lock before, in words. */
  readonly tookOver?: string;
  /** @throws BitgradError `invalid-state` when another process has taken the folder */
  check(): Promise<void>;
  release(): Promise<void>;
}

/** Locks that this process holds: another process of the same number may have died with an older one. */
const held = new Set<string>();

/** What a lock file says: of whom, as which text, and how long ago its owner renewed it. */
interface Lock {
  readonly owner: Partial<Owner>;
  readonly text: string;
  readonly ageMs: number;
}

async function readLock(path: string): Promise<Lock | undefined> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(path, 'utf8'), stat(path)]);
    const owner = (() => {
      try {
        return (JSON.parse(text) ?? {}) as Partial<Owner>;
      } catch {
        return {};
      }
    })();
    return { owner, text, ageMs: Date.now() - mtimeMs };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw ioError(`${path} cannot be read`, cause);
  }
}

const lives = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM';
  }
};

const isStale = ({ owner, ageMs }: Lock): boolean => {
  if (ageMs > staleMs) return true;
  if (owner.host !== hostname() || !Number.isSafeInteger(owner.pid)) return false;
  // Numbers are given again after a start of the machine, and in a container at each start.
  if (ageMs > uptime() * 1000) return true;
  return owner.pid === process.pid ? !held.has(owner.token ?? '') : !lives(owner.pid!);
};

const describe = ({ pid, host, started }: Partial<Owner>): string =>
  pid === undefined ? 'an unknown process' : `process ${pid} on ${host}, which started at ${started}`;

const taken = (folder: string, owner: Partial<Owner>, ageMs: number): BitgradError =>
  new BitgradError({
    code: 'invalid-state',
    source: 'cli',
    what: `${folder} is in use by ${describe(owner)} (last sign of life ${Math.round(ageMs / 1000)} s ago)`,
    next: `Wait until it ends, or choose another folder with --out. If that process is gone, remove ${lockName} there.`,
  });

/** Name of the right to replace one lock: whoever makes that file may, and nobody else. */
const claimOn = (path: string, text: string): string =>
  `${path}.${createHash('sha256').update(text).digest('hex').slice(0, 12)}`;

/**
 * Replaces a dead owner's lock by `me`. Only the holder of the claim on that very lock touches it, and it is replaced
 * in one step: no other process finds the path empty, or takes a new lock for the dead one.
 * @returns false when another process was faster
 */
async function replace(path: string, dead: Lock, me: Owner): Promise<boolean> {
  const claim = claimOn(path, dead.text);
  await acquire(claim, me);
  const fresh = temporaryName(path);
  try {
    // The claim may have been free because its holder was done.
    if ((await readLock(path))?.text !== dead.text) return false;
    await writeFile(fresh, JSON.stringify(me), { flag: 'wx' });
    await rename(fresh, path);
    return true;
  } catch (cause) {
    throw cause instanceof BitgradError ? cause : ioError(`${path} cannot be replaced`, cause);
  } finally {
    await rm(fresh, { force: true });
    await rm(claim, { force: true });
  }
}

/** Makes the lock file `path`, and gives the dead owner it was taken from. */
async function acquire(path: string, me: Owner): Promise<string | undefined> {
  for (let tries = 0; ; tries++) {
    try {
      await writeFile(path, JSON.stringify(me), { flag: 'wx' });
      return undefined;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST')
        throw ioError(`${dirname(path)} cannot be locked`, cause);
    }
    const other = await readLock(path);
    if (!other) continue;
    if (!isStale(other) || tries > 20) throw taken(dirname(path), other.owner, other.ageMs);
    if (await replace(path, other, me)) return describe(other.owner);
  }
}

/** Whether a folder has a lock whose owner lives. */
export async function isLocked(folder: string): Promise<boolean> {
  const other = await readLock(join(folder, lockName));
  return other !== undefined && !isStale(other);
}

/**
 * Takes the lock of a folder that exists; a lock whose owner is dead is taken over.
 * @throws BitgradError `invalid-state` that names the owner, `io`
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = join(folder, lockName);
  const me: Owner = {
    token: randomBytes(8).toString('hex'),
    pid: process.pid,
    host: hostname(),
    started: new Date().toISOString(),
  };
  held.add(me.token);
  const tookOver = await acquire(path, me).catch((error) => {
    held.delete(me.token);
    throw error;
  });
  const mine = async (): Promise<boolean> => (await readLock(path))?.owner.token === me.token;
  const renew = async (): Promise<void> => {
    const now = new Date();
    if (await mine()) await utimes(path, now, now);
  };
  const beat = setInterval(() => void renew().catch(() => undefined), beatMs);
  beat.unref();
  return {
    tookOver,
    async check() {
      if (await mine()) return;
      const other = await readLock(path);
      throw new BitgradError({
        code: 'invalid-state',
        source: 'cli',
        what: `${folder} has gone to ${other ? describe(other.owner) : 'nobody: its lock was removed'}`,
        next: 'Nothing more was written there. Resume from its checkpoint, or train to another folder.',
      });
    },
    async release() {
      clearInterval(beat);
      held.delete(me.token);
      if (await mine().catch(() => false)) await rm(path, { force: true }).catch(() => undefined);
    },
  };
}
