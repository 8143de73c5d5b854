// A folder on a port of its own, as hosts of static files serve it: what is not there is 404, and so is all outside.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.json': 'application/json',
};

/** What hosts compress, where the browser takes it. */
const compressible = /^text\/|javascript|json|svg|wasm|octet-stream/;

export async function serveFolder(folder, { prefix = '/', headers = {}, gzip = false } = {}) {
  const server = createServer(async (request, response) => {
    // As an address, `..` is resolved away.
    const path = decodeURI(new URL(request.url ?? '/', 'http://x').pathname);
    try {
      if (!path.startsWith(prefix)) throw new Error('outside');
      const inside = path.slice(prefix.length);
      const body = await readFile(join(folder, /(^|\/)$/.test(inside) ? `${inside}index.html` : inside));
      const type = types[extname(path) || '.html'] ?? 'application/octet-stream';
      const small =
        gzip && compressible.test(type) && /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
      const encoding = small ? { 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' } : {};
      response.writeHead(200, { 'Content-Type': type, ...encoding, ...headers });
      response.end(small ? gzipSync(body) : body);
    } catch {
      response.writeHead(404).end('not found');
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}${prefix}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
