// A tiny static server: the built folder under a sub-path, with or without the headers of cross-origin isolation.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.json': 'application/json',
};

const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** A running server. */
export interface StaticServer {
  /** Address of the page, with the sub-path. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves `folder` at `/some/where/`; everything else is 404. */
export async function serve(folder: string, { isolated = true } = {}): Promise<StaticServer> {
  const prefix = '/some/where/';
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://x');
    const path = normalize(pathname.slice(prefix.length) || 'index.html');
    try {
      if (!pathname.startsWith(prefix) || path.startsWith('..')) throw new Error('outside');
      const body = await readFile(join(folder, path));
      response.writeHead(200, {
        'Content-Type': types[extname(path)] ?? 'application/octet-stream',
        ...(isolated && isolation),
      });
      response.end(body);
    } catch {
      response.writeHead(404).end('not found');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${prefix}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
