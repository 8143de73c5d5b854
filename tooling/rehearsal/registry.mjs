// A registry of npm packages in this process: it takes what is published, serves it, and sends whoever asks for other packages
// to the registry that npm is set to. Nothing outlives it. (verdaccio would do; its present version does not install
// everywhere, and a registry that forgets is all that is needed.)
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';

/** Most bytes of one publication: a tarball in base64 with its manifest. */
const mostBytes = 256e6;

async function bodyOf(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > mostBytes) throw new RangeError(`a publication of more than ${mostBytes} bytes`);
    parts.push(part);
  }
  return JSON.parse(Buffer.concat(parts).toString('utf8'));
}

/** Adds what `npm publish` sends to what is there. @returns an error, if a version is there already */
function add(packages, tarballs, { name, versions, 'dist-tags': tags, _attachments: attachments }) {
  const known = packages.get(name) ?? { name, versions: {}, 'dist-tags': {}, time: {} };
  for (const [version, manifest] of Object.entries(versions)) {
    if (known.versions[version]) return `${name}@${version} is published, and stays as it is`;
    known.versions[version] = manifest;
    known.time[version] = new Date().toISOString();
  }
  Object.assign(known['dist-tags'], tags);
  // Where its manifest says that it is: npm writes the scope twice.
  for (const [file, { data }] of Object.entries(attachments))
    tarballs.set(`${name}/-/${file}`, Buffer.from(data, 'base64'));
  packages.set(name, known);
  return undefined;
}

/**
 * Starts a registry.
 * @param {{ upstream: string, isOurs: (name: string) => boolean, settings: string }} options where other packages are; which are
 *   published here only, so that nothing of that name is taken from elsewhere; a file for npm's settings
 * @returns {Promise<{ url: string, environment: Record<string, string>, published: Map<string, any>, offer(tarball: string): void, close(): Promise<void> }>}
 *   `environment`: npm and pnpm use it with these variables
 */
export async function startRegistry({ upstream, isOurs, settings }) {
  const [packages, tarballs] = [new Map(), new Map()];
  // In the path, so that no cache of npm takes an earlier registry on the same port for this one.
  const secret = randomBytes(8).toString('hex');
  const handle = async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const send = (status, body, headers = {}) =>
      response
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(Buffer.isBuffer(body) ? body : JSON.stringify(body));
    if (!pathname.startsWith(`/${secret}/`)) return send(404, { error: 'not here' });
    const path = decodeURIComponent(pathname.slice(secret.length + 2));
    if (request.method === 'PUT') {
      const publication = await bodyOf(request);
      if (!isOurs(publication.name)) return send(403, { error: `${publication.name} is not ours` });
      const refused = add(packages, tarballs, publication);
      return refused ? send(403, { error: refused }) : send(201, { ok: true });
    }
    if (path === '-/ping') return send(200, {});
    if (path === '-/whoami') return send(200, { username: 'rehearsal' });
    // What npm asks a registry about its users is asked nowhere else.
    if (path.startsWith('-/')) return send(404, { error: 'not offered' });
    if (tarballs.has(path)) return send(200, tarballs.get(path), { 'content-type': 'application/octet-stream' }); // prettier-ignore
    if (packages.has(path)) return send(200, packages.get(path));
    if (isOurs(path.split('/-/')[0])) return send(404, { error: 'not found' });
    if (request.method !== 'GET') return send(405, { error: 'not offered' });
    response.writeHead(302, { location: upstream.replace(/\/*$/, '/') + path.replace('/', '%2f') }).end();
  };
  const server = createServer((request, response) =>
    handle(request, response).catch((error) => {
      response.writeHead(500).end(JSON.stringify({ error: String(error) }));
    }),
  );
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${server.address().port}/${secret}/`;
  // A token is asked for before anything is sent, and npm takes it from a file only.
  const lines = [`//${host}:_authToken=rehearsal`, 'audit=false', 'fund=false', 'prefer-offline=true', 'update-notifier=false']; // prettier-ignore
  writeFileSync(settings, `${lines.join('\n')}\n`);
  return {
    url: `http://${host}`,
    environment: { npm_config_registry: `http://${host}`, npm_config_userconfig: settings },
    published: packages,
    /** Has a tarball as if it had been published. */
    offer(path) {
      const manifest = JSON.parse(
        execFileSync('tar', ['-xzOf', path, 'package/package.json'], { encoding: 'utf8' }),
      );
      const { name, version } = manifest;
      const bytes = readFileSync(path);
      const file = `${name}-${version}.tgz`;
      const dist = { tarball: `http://${host}${name}/-/${file}`, integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}` }; // prettier-ignore
      const refused = add(packages, tarballs, {
        name,
        versions: { [version]: { ...manifest, _id: `${name}@${version}`, dist } },
        'dist-tags': { latest: version },
        _attachments: { [file]: { data: bytes.toString('base64') } },
      });
      if (refused) throw new RangeError(refused);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}
