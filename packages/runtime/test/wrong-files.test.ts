// What stands where a model should be: pages, pointers, archives, nothing; and what is passed to loadModel by mistake.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BitgradError, decodeModel, encodeModel, loadModel, type ModelSource } from '../src/index.js';
import { affineModel } from './support/models.js';

const { plan, weights, metadata } = affineModel();
const file = encodeModel(plan, weights, metadata);
const text = (value: string) => new TextEncoder().encode(value);

async function failure(work: () => unknown): Promise<BitgradError> {
  try {
    await work();
  } catch (error) {
    if (error instanceof BitgradError) return error;
    throw error;
  }
  return expect.fail('nothing was thrown');
}

const page = text('\n<!DOCTYPE html><html><head><title>app</title></head><body></body></html>'.padEnd(400));
const strangers: [string, Uint8Array<ArrayBuffer>, RegExp][] = [
  ['an HTML page', page, /looks like "?an HTML page.*check the address/],
  [
    'a Git LFS pointer',
    text('version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n'),
    /a Git LFS pointer.*git lfs pull/,
  ],
  [
    'an error of a storage server',
    text('<?xml version="1.0"?><Error/>'.padEnd(99)),
    /looks like "<\?xml version/,
  ],
  [
    'a model of tfjs',
    text('{"format":"layers-model"}'.padEnd(300)),
    /a model\.json of tfjs.*bitgrad compile/,
  ],
  ['JSON', text('[1, 2, 3]'.padEnd(300)), /looks like "\[1, 2, 3\]/],
  ['gzip', gzipSync(file), /looks like compressed data.*Unpack/],
  ['a ZIP archive', Uint8Array.of(80, 75, 3, 4, 20, 0, 0, 0, 8, 0), /looks like compressed data.*Unpack/],
  ['a checkpoint', text('BGCKPT01'.padEnd(99)), /a checkpoint.*bitgrad compile/],
  ['text', text('404 page not found, sorry'), /looks like "404 page not fou"/],
  ['other bytes', new Uint8Array(100).fill(7), /looks like "\\u0007/],
];

const folder = mkdtempSync(join(tmpdir(), 'bitgrad-'));
const server = createServer((request, response) => {
  if (request.url === '/packed') response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(file));
  else if (request.url === '/whole') response.end(Buffer.from(file));
  else if (request.url === '/cut') response.end(Buffer.from(file.subarray(0, 100)));
  else response.end(Buffer.from(page));
});
let base = '';
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  server.closeAllConnections();
  server.close();
});

describe('a file that is no model', () => {
  it.each(strangers)('%s is named', async (_, bytes, message) => {
    for (const work of [() => decodeModel(bytes), () => loadModel(bytes)]) {
      const error = await failure(work);
      expect(error.code).toBe('invalid-file');
      expect(error.message).toMatch(message);
    }
  });
  it('is named with where it came from', async () => {
    const path = join(folder, 'page.bitgrad');
    writeFileSync(path, page);
    for (const source of [
      `${base}/m.bitgrad`,
      new URL(`${base}/m.bitgrad`),
      path,
      new File([page], 'page.bitgrad'),
    ]) {
      const { message } = await failure(() => loadModel(source));
      expect(message).toMatch(
        /^\[bitgrad\/runtime\] \S*(m|page)\.bitgrad: this is no \.bitgrad file: .*HTML page/,
      );
    }
    const answer = await fetch(`${base}/m.bitgrad`);
    expect((await failure(() => loadModel(answer))).message).toContain(`${base}/m.bitgrad: `);
    const cut = await failure(() => loadModel(`${base}/cut`));
    expect(cut.code).toBe('truncated-file');
    expect(cut.message).toContain(`${base}/cut: `);
    expect(cut.message).not.toMatch(/\.\.$/);
  });
});

describe('a path or an address that leads nowhere', () => {
  it.each([
    [
      'a missing file',
      join(folder, 'none.bitgrad'),
      /none\.bitgrad cannot be read: ENOENT.*no such file.*\. Check/,
    ],
    ['a relative one', './none.bitgrad', /\.\/none\.bitgrad cannot be read: ENOENT/],
    ['a folder', folder, /got "a folder", expected a file/],
    ['a path through a file', join(folder, 'file', 'x'), /cannot be read: ENOTDIR/],
    ['a server that is down', 'http://127.0.0.1:1/x', /127\.0\.0\.1:1\/x cannot be read: fetch failed/],
    ['a scheme that does not exist', 'foo:bar', /foo:bar cannot be read/],
    ['an address that is none', 'http://', /http:\/\/ cannot be read/],
  ])('%s', async (_, source, message) => {
    writeFileSync(join(folder, 'file'), '');
    const error = await failure(() => loadModel(source));
    expect(error.code).toBe('io');
    expect(error.message).toMatch(message);
  });
});

describe('what is passed by mistake', () => {
  it('is named', async () => {
    const load = (source: unknown) => failure(() => loadModel(source as ModelSource));
    expect((await load(undefined)).message).toMatch(
      /model source: got "nothing", expected a URL, a path, bytes/,
    );
    expect((await load(null)).code).toBe('invalid-option');
    expect((await load(Promise.resolve(file))).message).toMatch(/a promise.*Await it first/);
    expect((await failure(() => decodeModel('x' as never))).message).toMatch(/bytes of the model: got "x"/);
    expect((await failure(() => decodeModel(7 as never))).code).toBe('invalid-option');
    const response = new Response(file);
    await response.arrayBuffer();
    const consumed = await load(response);
    expect(consumed.code).toBe('invalid-state');
    expect(consumed.message).toMatch(/read already.*clone\(\)/);
    const locked = new Response(file);
    locked.body!.getReader();
    expect((await load(locked)).code).toBe('invalid-state');
  });
  it.each([
    [{ thread: 4 }, /loadModel has no option "thread".*Did you mean "threads"/],
    [{ limit: {} }, /loadModel has no option "limit".*Did you mean "limits"/],
    [{ engines: [] }, /Did you mean "engine"/],
    [{ limits: { filebytes: 3 } }, /limits has no option "filebytes".*Did you mean "fileBytes"/],
    [{ limits: { fileBytes: '3' } }, /option "fileBytes" of limits: got "3"/],
    [{ threads: 0 }, /option "threads" of loadModel: got 0, expected an integer from 1 to 64/],
    [{ threads: '2' }, /threads/],
    [{ strict: 1 }, /strict/],
    [{ signal: {} }, /AbortSignal/],
    [{ engine: 'wasm' }, /option "engine" of loadModel: got "wasm", expected an engine/],
    [[], /options of loadModel/],
  ])('%j', async (options, message) => {
    const error = await failure(() => loadModel(file, options as never));
    expect(error.code).toBe('invalid-option');
    expect(error.message).toMatch(message);
  });
});

describe('without an engine', () => {
  it('a model runs on the portable one', async () => {
    for (const options of [undefined, {}, { engine: undefined, limits: { ops: undefined } }]) {
      const model = await loadModel(file, options);
      expect([...(await model.predict(Uint8Array.of(4, 10)))]).toEqual([2, 19]);
      expect(model.report().engine).toBe('js');
    }
    expect((await loadModel(`${base}/packed`)).metadata).toEqual(metadata);
    expect((await loadModel(`${base}/whole`)).report().fileBytes).toBe(file.length);
  });
});
