// One process at a time writes to a run's folder: a file names the owner, and its age tells whether the owner still lives.
import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname, uptime } from 'node:os';
import { join } from 'node:path';
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

async function readOwner(path: string): Promise<{ owner: Partial<Owner>; ageMs: number } | undefined> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(path, 'utf8'), stat(path)]);
    const owner = (() => {
      try {
        return (JSON.parse(text) ?? {}) as Partial<Owner>;
      } catch {
        return {};
      }
    })();
    return { owner, ageMs: Date.now() - mtimeMs };
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

const isStale = ({ owner, ageMs }: { owner: Partial<Owner>; ageMs: number }): boolean => {
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

/** Moves a dead owner's lock away; false when another process was faster. */
async function discard(path: string, dead: Partial<Owner>): Promise<boolean> {
  const aside = temporaryName(path);
  if (
    !(await rename(path, aside).then(
      () => true,
      () => false,
    ))
  )
    return false;
  const moved = await readOwner(aside);
  const right = moved?.owner.token === dead.token;
  // It was a new lock that another process made between: it goes back.
  if (!right) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
  return right;
}

async function acquire(folder: string, me: Owner): Promise<string | undefined> {
  const path = join(folder, lockName);
  for (let tries = 0, tookOver: string | undefined; ; tries++) {
    try {
      await writeFile(path, JSON.stringify(me), { flag: 'wx' });
      return tookOver;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST')
        throw ioError(`${folder} cannot be locked`, cause);
    }
    const other = await readOwner(path);
    if (!other) continue;
    if (!isStale(other) || tries > 20) throw taken(folder, other.owner, other.ageMs);
    if (await discard(path, other.owner)) tookOver = describe(other.owner);
  }
}

/** Whether a folder has a lock whose owner lives. */
export async function isLocked(folder: string): Promise<boolean> {
  const other = await readOwner(join(folder, lockName));
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
  const tookOver = await acquire(folder, me).catch((error) => {
    held.delete(me.token);
    throw error;
  });
  const mine = async (): Promise<boolean> => (await readOwner(path))?.owner.token === me.token;
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
      const other = await readOwner(path);
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
