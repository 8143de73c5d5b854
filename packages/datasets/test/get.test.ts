// Data sets are downloaded from a server that cuts, lies, is slow, redirects, and knows no ranges.
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from 'tar';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { definePlugin, use } from '@bitgrad/core';
import { createSplit, defineDataset, type DataSource, type RemoteFile } from '../src/index.js';
import { getData, listSources, loadDataset } from '../src/node.js';
import { wav } from './helpers.js';

const contents = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * i + (i >> 7)) % 251));
const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');
const requests: { url: string; range?: string }[] = [];
let base = '';

/** How the server answers below a path; `n` counts the requests of that path. */
type Answer = (request: IncomingMessage, response: ServerResponse, n: number) => void;
const startOf = ({ headers }: IncomingMessage): number =>
  Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);

/** Ends a connection, and what its reader must have first: `fetch` drops what it has not read when a connection ends. */
let cutAt: { done: number; end: () => void } | undefined;
/** Sends these as what follows `start`, and ends the connection once they are read. */
const cut = (response: ServerResponse, bytes: Buffer, start = 0): void => {
  cutAt = { done: start + bytes.length, end: () => response.destroy() };
  response.write(bytes, () => bytes.length === 0 && response.destroy());
};
const reading = ({ done }: { done: number }): void => {
  if (cutAt && done >= cutAt.done) cutAt.end();
};

/** Sends `bytes` from where the request asks on, with an honest head, and of them at most `most`, then cuts. */
const send = (request: IncomingMessage, response: ServerResponse, bytes: Buffer, most = Infinity): void => {
  const start = startOf(request);
  if (start >= bytes.length && start > 0) {
    response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
    return;
  }
  response.writeHead(start > 0 ? 206 : 200, {
    'content-length': bytes.length - start,
    ...(start > 0 && { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` }),
  });
  if (bytes.length - start <= most) response.end(bytes.subarray(start));
  else cut(response, bytes.subarray(start, start + most), start);
};

const answers: Record<string, Answer> = {
  ok: (request, response) => send(request, response, contents),
  cut: (request, response) => send(request, response, contents, 60_000),
  broken: (request, response) => send(request, response, contents, startOf(request) > 0 ? 0 : 50_000),
  wrong: (request, response) => send(request, response, Buffer.from(contents).fill(7, 100, 101)),
  missing: (_, response) => void response.writeHead(404).end('no such file'),
  busy: (request, response, n) =>
    n < 3 ? void response.writeHead(503).end() : send(request, response, contents),
  longer: (request, response) => send(request, response, Buffer.concat([contents, contents])),
  // Of unknown length, longer than it may be.
  endless: (_, response) => {
    response.writeHead(200);
    const more = (): void => void (response.destroyed || response.write(contents, more));
    more();
  },
  redirect: (_, response) => void response.writeHead(302, { location: '/ok/file' }).end(),
  gzip: (_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(contents),
  // Knows no ranges: the first answer is cut, the second is the whole file again.
  whole: (_, response, n) => {
    response.writeHead(200, { 'content-length': contents.length });
    if (n > 1) response.end(contents);
    else cut(response, contents.subarray(0, 30_000));
  },
  silent: (_, response) => void response.writeHead(200, { 'content-length': contents.length }).write('x'),
  mute: () => undefined,
};

const counts: Record<string, number> = {};
const server = createServer((request, response) => {
  const [, kind = ''] = (request.url ?? '').split('/');
  requests.push({ url: request.url ?? '', range: request.headers.range });
  counts[kind] = (counts[kind] ?? 0) + 1;
  (answers[kind] ?? answers.missing!)(request, response, counts[kind]!);
});

const file = (kind: string, more: Partial<RemoteFile> = {}): RemoteFile => ({
  name: 'file',
  urls: [`${base}/${kind}/file`],
  sum: { algorithm: 'md5', hex: md5(contents) },
  ...more,
});
let sets = 0;
/** Registers a data set of these files; its reader takes files that begin with the right byte. */
function set(...files: readonly RemoteFile[]): string {
  const name = `set-${++sets}`;
  const source: DataSource = { page: 'http://example.org', licence: 'MIT', files };
  const definition = defineDataset({
    description: 'of a server',
    folder: true,
    source,
    load: ({ directory }) => {
      const bytes = readFileSync(join(directory, files[0]!.name));
      if (!bytes.subarray(0, 99).equals(contents.subarray(0, 99)))
        throw new Error('these are not the contents');
      const split = createSplit(Uint8Array.from(bytes.subarray(0, 4)), Uint8Array.of(0), [2, 2, 1]);
      return { name, classes: ['a'], shape: [2, 2, 1], train: split, test: split };
    },
  });
  use(definePlugin({ name: `plugin-${name}`, version: '1.0.0', datasets: { [name]: definition } }));
  return name;
}
function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'bitgrad-get-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}
const quick = { waitMs: 1, tries: 3, onProgress: reading };
const staged = (to: string, name: string): string[] => readdirSync(join(to, `.${name}.partial`));

beforeAll(() => new Promise<void>((done) => server.listen(0, '127.0.0.1', () => done())));
beforeAll(() => {
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => (server.closeAllConnections(), server.close()));

describe('a download', () => {
  it('is the file, once; a second call asks for nothing', async () => {
    const [to, name] = [folder(), set(file('ok'))];
    const seen: number[] = [];
    const result = await getData(name, to, { onProgress: ({ done, total }) => seen.push(done / total!) });
    expect(result).toMatchObject({
      spec: `${name}:${to}`,
      files: [{ status: 'downloaded', judgedBy: 'md5' }],
    });
    expect(seen[0]).toBe(0);
    expect(seen.at(-1)).toBe(1);
    expect(readFileSync(join(to, 'file')).equals(contents)).toBe(true);
    expect(readdirSync(to)).toEqual(['file']);
    expect((await loadDataset(result.spec)).train.size).toBe(1);
    const before = requests.length;
    expect((await getData(name, to)).files[0]!.status).toBe('kept');
    expect(requests.length).toBe(before);
  });

  it('goes on where the server cut it, as often as that brings something', async () => {
    const [to, name] = [folder(), set(file('cut'))];
    const before = requests.length;
    await getData(name, to, { ...quick, tries: 1 });
    expect(readFileSync(join(to, 'file')).equals(contents)).toBe(true);
    const ranges = requests.slice(before).map(({ range }) => range);
    expect(ranges.length).toBe(4);
    expect(ranges[0]).toBeUndefined();
    expect(ranges.slice(1).every((range) => /^bytes=\d+-$/.test(range!))).toBe(true);
  });

  it('begins anew where the server knows no ranges', async () => {
    const [to, name] = [folder(), set(file('whole'))];
    await getData(name, to, quick);
    expect(readFileSync(join(to, 'file')).equals(contents)).toBe(true);
  });

  it('follows a redirect, and comes again to a busy server', async () => {
    for (const kind of ['redirect', 'busy']) {
      const to = folder();
      await getData(set(file(kind)), to, quick);
      expect(readFileSync(join(to, 'file')).equals(contents)).toBe(true);
    }
  });

  it('takes mirrors first, then the published addresses', async () => {
    const [to, name] = [folder(), set(file('ok'))];
    const before = requests.length;
    const result = await getData(name, to, {
      ...quick,
      mirrors: [`${base}/missing/{name}/`, `${base}/wrong`],
    });
    expect(requests.slice(before).map(({ url }) => url)).toEqual([`/missing/${name}/file`, '/wrong/file', '/ok/file']); // prettier-ignore
    expect(result.files[0]!.from).toBe(`${base}/ok/file`);
  });
});

describe('what was stopped', () => {
  it('goes on in the next call', async () => {
    const [to, name] = [folder(), set(file('broken'))];
    const error = await getData(name, to, quick).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'io' });
    expect(readdirSync(to)).toEqual([`.${name}.partial`]);
    expect(staged(to, name)).toEqual(['file.part']);
    const before = requests.length;
    const result = await getData(name, to, { ...quick, mirrors: [`${base}/ok`] });
    expect(result.files[0]!.status).toBe('resumed');
    expect(requests.slice(before)).toEqual([{ url: '/ok/file', range: 'bytes=50000-' }]);
    expect(readFileSync(join(to, 'file')).equals(contents)).toBe(true);
  });

  it('is aborted by a signal, with what it had', async () => {
    const [to, name] = [folder(), set(file('silent'))];
    const stop = new AbortController();
    const call = getData(name, to, {
      signal: stop.signal,
      onProgress: ({ done }) => done > 0 && stop.abort(new Error('enough')),
    });
    await expect(call).rejects.toThrow('enough');
    expect(existsSync(join(to, 'file'))).toBe(false);
    expect(staged(to, name)).toEqual(['file.part']);
  });

  it('is not believed: a beginning of another file is thrown away', async () => {
    const [to, name] = [folder(), set(file('ok'))];
    mkdirSync(join(to, `.${name}.partial`));
    writeFileSync(join(to, `.${name}.partial`, 'file.part'), 'what another server gave');
    expect((await getData(name, to, quick)).files[0]!.status).toBe('downloaded');
    expect(readFileSync(join(to, 'file')).equals(contents)).toBe(true);
  });

  it('is all there already: nothing is asked for twice', async () => {
    const [to, name] = [folder(), set(file('ok'))];
    mkdirSync(join(to, `.${name}.partial`));
    writeFileSync(join(to, `.${name}.partial`, 'file.part'), contents);
    expect((await getData(name, to, quick)).files[0]!.status).toBe('resumed');
  });
});

describe('what is wrong', () => {
  it.each([
    ['wrong', {}, 'checksum-mismatch', /its md5 is [0-9a-f]{32}, not [0-9a-f]{32}/],
    ['missing', {}, 'io', /the server answers 404/],
    ['longer', { bytes: 200_000 }, 'io', /it has 400000 bytes, not 200000/],
    ['endless', { bytes: 200_000 }, 'io', /more than 200000 bytes/],
    ['gzip', {}, 'io', /it is sent as gzip/],
    ['silent', {}, 'io', /silent for 300 ms/],
    ['mute', {}, 'io', /silent for 300 ms/],
  ] as const)('%s: an error, and no file', async (kind, more, code, message) => {
    const [to, name] = [folder(), set(file(kind, more))];
    // Little only for those who say nothing: an honest server may be slow on a busy machine.
    const silence = kind === 'silent' || kind === 'mute' ? { silenceMs: 300 } : {};
    const error = await getData(name, to, { ...quick, ...silence, tries: 1 }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(readdirSync(to)).toEqual([`.${name}.partial`]);
  });

  it('is a server that is not there', async () => {
    const gone = createServer().listen(0, '127.0.0.1');
    await new Promise((done) => gone.once('listening', done));
    const { port } = gone.address() as AddressInfo;
    await new Promise((done) => gone.close(done));
    const name = set(file('ok', { urls: [`http://127.0.0.1:${port}/file`] }));
    await expect(getData(name, folder(), quick)).rejects.toThrow(/127\.0\.0\.1:\d+\/file: .*ECONNREFUSED/);
  });

  it('is a file of the user in its place, which stays', async () => {
    const [to, name] = [folder(), set(file('ok'))];
    writeFileSync(join(to, 'file'), 'mine');
    await expect(getData(name, to, quick)).rejects.toMatchObject({ code: 'checksum-mismatch' });
    expect(readFileSync(join(to, 'file'), 'utf8')).toBe('mine');
  });

  it('is a folder that cannot be made, a name, an option', async () => {
    const at = join(folder(), 'file');
    writeFileSync(at, '');
    await expect(getData(set(file('ok')), join(at, 'below'), quick)).rejects.toMatchObject({ code: 'io' });
    await expect(getData('minst', at)).rejects.toMatchObject({ code: 'unknown-name' });
    await expect(getData('mnist', at, { mirrors: ['ftp://x'] })).rejects.toThrow(/mirrors.*http or https/);
    const evil = set({ ...file('ok'), name: '../file' });
    await expect(getData(evil, folder(), quick)).rejects.toThrow(/name of a file without a folder/);
  });
});

describe('without a sum', () => {
  it('the reader judges, and what was cut begins anew', async () => {
    const to = folder();
    counts.whole = 0;
    const result = await getData(set(file('whole', { sum: undefined })), to, quick);
    expect(result.files[0]!.judgedBy).toBe('reader');
    expect(readFileSync(join(to, 'file')).equals(contents)).toBe(true);
  });

  it('keeps nothing that the reader refuses', async () => {
    answers.page = (request, response) => send(request, response, Buffer.from('<html>'));
    const to = folder();
    const call = getData(set(file('page', { sum: undefined })), to, quick);
    await expect(call).rejects.toMatchObject({ code: 'invalid-file', message: expect.stringContaining('these are not the contents') }); // prettier-ignore
    expect(readdirSync(to)).toEqual([]);
  });
});

describe('an archive', () => {
  /** A .tar.gz of `top/a`, `top/sub/b` and a link. */
  async function archive(): Promise<Buffer> {
    const from = folder();
    mkdirSync(join(from, 'top', 'sub'), { recursive: true });
    writeFileSync(join(from, 'top', 'a'), 'aaa');
    writeFileSync(join(from, 'top', 'sub', 'b'), 'bbbb');
    symlinkSync('/etc/passwd', join(from, 'top', 'link'));
    await create({ gzip: true, file: join(from, 'x.tar.gz'), cwd: from }, ['top']);
    const bytes = readFileSync(join(from, 'x.tar.gz'));
    answers.archive = (request, response) => send(request, response, bytes);
    return bytes;
  }
  const packed = (bytes: Buffer, unpack: RemoteFile['unpack']): RemoteFile =>
    file('archive', { name: 'x.tar.gz', sum: { algorithm: 'md5', hex: md5(bytes) }, unpack });

  it('gives the files that were announced, and is kept by them', async () => {
    const to = folder();
    const name = set(packed(await archive(), { a: 3, b: 4 }));
    await getData(name, to, quick);
    expect(readdirSync(to).sort()).toEqual(['a', 'b']);
    expect(readFileSync(join(to, 'b'), 'utf8')).toBe('bbbb');
    expect((await getData(name, to)).files[0]).toMatchObject({ status: 'kept', judgedBy: 'size' });
    writeFileSync(join(to, 'a'), 'longer');
    await expect(getData(name, to)).rejects.toThrow(/does not have 3 bytes/);
  });

  it('gives all of it, but for links', async () => {
    const to = folder();
    await getData(set(packed(await archive(), 'all')), to, quick);
    expect(readdirSync(to)).toEqual(['all']);
    expect(readdirSync(join(to, 'all', 'top')).sort()).toEqual(['a', 'sub']);
  });

  it('is refused when it lacks a file, or is none', async () => {
    const to = folder();
    await expect(getData(set(packed(await archive(), { a: 3, c: 1 })), to, quick)).rejects.toThrow(
      /it has no c of 1 bytes/,
    );
    await expect(getData(set(packed(await archive(), { a: 4 })), to, quick)).rejects.toThrow(
      /it has no a of 4/,
    );
    await expect(getData(set(file('ok', { name: 'y.tar.gz', unpack: 'all' })), to, quick)).rejects.toMatchObject({ code: 'invalid-file' }); // prettier-ignore
    expect(readdirSync(to).every((name) => name.endsWith('.partial'))).toBe(true);
  });
});

it('every published set is well formed, and its reader is the data set of its name', async () => {
  const own = listSources().filter(({ name }) => !name.startsWith('set-'));
  expect(own.map(({ name }) => name)).toEqual(['cifar10', 'cifar100', 'fashion-mnist', 'kmnist', 'mnist', 'speech-commands']); // prettier-ignore
  for (const { name, source } of own) {
    expect(source.files.every(({ sum }) => sum)).toBe(true);
    const to = folder();
    const call = getData(name, to, { ...quick, tries: 1, mirrors: [`${base}/wrong`], signal: AbortSignal.abort(new Error('seen')) }); // prettier-ignore
    await expect(call).rejects.toThrow('seen');
  }
});

it('Speech Commands is read as recordings', async () => {
  const to = folder();
  for (const path of ['no/1', 'no/2', 'yes/1', 'yes/2']) {
    mkdirSync(join(to, 'speech-commands', path, '..'), { recursive: true });
    writeFileSync(join(to, 'speech-commands', `${path}.wav`), wav({ samples: [0.5, -0.5] }));
  }
  const { files, spec } = await getData('speech-commands', to, quick);
  expect(files.map(({ status }) => status)).toEqual(['kept']);
  expect(spec).toBe(`audio:${join(to, 'speech-commands')}`);
  const { classes, train, test } = await loadDataset(spec);
  expect([classes, train.size, test.size]).toEqual([['no', 'yes'], 2, 2]);
});
