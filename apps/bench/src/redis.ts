// The Redis server of a queue: its address, and whether it answers.
import { BitgradError, within } from '@bitgrad/core';
import type { RedisOptions } from 'bullmq';
import { Redis } from 'ioredis';

/** How long a server may take to answer at the start. */
const answerMs = 5000;

/**
 * The options of a connection.
 * @param signal once it is aborted, a lost connection is not made again
 * @throws BitgradError `invalid-option` when it is no redis URL
 */
export function connectionOf(url: string, signal?: AbortSignal): RedisOptions {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const database = parsed?.pathname.slice(1) ?? '';
  if (!parsed || !/^rediss?:$/.test(parsed.protocol) || !parsed.hostname || !/^\d*$/.test(database))
    throw new BitgradError({
      code: 'invalid-option',
      source: 'bench',
      what: '--queue',
      got: url,
      expected: 'redis://[user:password@]host[:port][/database]',
    });
  return {
    host: parsed.hostname,
    port: Number(parsed.port || 6379),
    ...(parsed.username ? { username: decodeURIComponent(parsed.username) } : {}),
    ...(parsed.password ? { password: decodeURIComponent(parsed.password) } : {}),
    ...(database ? { db: Number(database) } : {}),
    ...(parsed.protocol === 'rediss:' ? { tls: {} } : {}),
    maxRetriesPerRequest: null,
    retryStrategy: (times: number) => (signal?.aborted ? null : Math.min(2000, 100 * times)),
  };
}

/** A URL as it may be shown. */
const withoutPassword = (url: string): string => url.replace(/\/\/[^@/]*@/, '//');

/** The error for a server that does not answer, or not any more. */
export const unreachable = (url: string, cause: unknown): BitgradError =>
  new BitgradError({
    code: 'io',
    source: 'bench',
    what: `no Redis answers at ${withoutPassword(url)} (${(cause as Error).message})`,
    next: 'Start one (redis-server), or run without --queue.',
    cause,
  });

/**
 * Asks the server for a sign of life, on a connection of its own that is closed again.
 * @throws BitgradError `io` when there is none within five seconds
 */
export async function findServer(url: string): Promise<void> {
  const client = new Redis({
    ...(connectionOf(url) as object),
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let last: unknown = new Error('no answer within 5 s');
  client.on('error', (error) => (last = error));
  try {
    await within(
      answerMs,
      client.connect().then(() => client.ping()),
      () => last as Error,
    );
  } catch (cause) {
    // "Connection is closed" follows the error that tells why.
    throw unreachable(url, last instanceof Error ? last : cause);
  } finally {
    client.disconnect();
  }
}

/**
 * Closes what is connected to a server, which may be gone by now.
 * @param ended ends the making of new connections: with a server that is gone, closing would wait for it
 */
export async function closeAll(
  ended: AbortController,
  ...connected: readonly { close(): Promise<void> }[]
): Promise<void> {
  ended.abort();
  const closing = Promise.allSettled(connected.map((one) => one.close()));
  await within(answerMs, closing, () => new Error('not closed')).catch(() => undefined);
}
