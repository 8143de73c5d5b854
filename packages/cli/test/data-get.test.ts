// `bitgrad data get` as a command: a plugin's data set from a server of this machine.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { definePlugin, use } from '@bitgrad/core';
import { defineDataset } from '@bitgrad/datasets';
import { cli, temporaryFolder } from './run.js';

const contents = Buffer.from('the contents');
const server = createServer((request, response) => {
  if (request.url === '/stripes/stripes.bin') response.end(contents);
  else if (request.url === '/slow/stripes.bin') response.writeHead(200).write('t');
  else response.writeHead(404).end();
});
beforeAll(() => new Promise<void>((done) => server.listen(0, '127.0.0.1', () => done())));
afterAll(() => (server.closeAllConnections(), server.close()));
const base = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** A data set whose published address is not there. */
function register(name: string): void {
  const hex = createHash('sha256').update(contents).digest('hex');
  const files = [
    { name: 'stripes.bin', urls: [`${base()}/gone`], sum: { algorithm: 'sha256', hex } as const },
  ];
  const stripes = defineDataset({
    description: 'stripes',
    folder: true,
    source: { page: 'https://example.org', licence: 'MIT', files },
    load: () => Promise.reject(new Error('not asked for')),
  });
  use(definePlugin({ name, version: '1.0.0', datasets: { [name]: stripes } }));
}

it('gets it from a mirror, of the option or of the environment', async () => {
  const to = temporaryFolder();
  register('stripes-a');
  const missing = await cli(['data', 'get', 'stripes-a', to, '--tries', '1']);
  expect(missing).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('/gone: the server answers 404'),
  });
  const { code, stdout, stderr } = await cli(['data', 'get', 'stripes-a', to, '--mirror', `${base()}/stripes`]); // prettier-ignore
  expect({ code, stderr }).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('stripes.bin: 0.0 kB of'),
  });
  expect(stdout).toContain(`--data stripes-a:${to}`);
  expect(readFileSync(join(to, 'stripes.bin')).equals(contents)).toBe(true);

  vi.stubEnv('BITGRAD_DATA_MIRROR', `${base()}/nothing ${base()}/stripes`);
  const other = temporaryFolder();
  const json = await cli(['data', 'get', 'stripes-a', other, '--json']);
  vi.unstubAllEnvs();
  expect(JSON.parse(json.stdout)).toMatchObject({
    name: 'stripes-a',
    folder: other,
    spec: `stripes-a:${other}`,
    files: [{ status: 'downloaded', from: `${base()}/stripes/stripes.bin`, judgedBy: 'sha256' }],
  });
});

it('stops at a signal, and says how to go on', async () => {
  const stop = new AbortController();
  register('stripes-b');
  const { code, stderr } = await cli(
    ['data', 'get', 'stripes-b', temporaryFolder(), '--mirror', `${base()}/slow`],
    stop.signal,
    (text) => text.includes('stripes.bin') && stop.abort('SIGINT'),
  );
  expect({ code, stderr }).toMatchObject({ code: 130, stderr: expect.stringContaining('goes on from here') });
});

it('names what can be had', async () => {
  const { code, stderr } = await cli(['data', 'get', 'minst', 'x']);
  expect({ code, stderr }).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('mnist, speech-commands'),
  });
  expect((await cli(['data', 'get', '--help'])).stdout).toContain('<folder>');
});
