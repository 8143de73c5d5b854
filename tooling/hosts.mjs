// Hosts besides this Node and Chromium that packed models are run on: npm carries their binaries. They are found by a variable
// (BITGRAD_BUN and so on) or where `pnpm hosts` puts them: some 400 MB, so no dependency of the repository.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where they are installed: once for all clones. */
export const hostsFolder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'bitgrad-hosts');

/** Packages and versions; what a host's binary is, below the folder. */
const known = {
  bun: { packages: { bun: '1.4.5' }, binary: `@oven/bun-${process.platform}-${process.arch}/bin/bun` },
  deno: { packages: { deno: '2.9.6' }, binary: '.bin/deno' },
  workerd: {
    packages: { workerd: '1.20261117.1' },
    // Not `.bin/workerd`: that is a program of Node which outlives no signal, and its child does.
    binary: `@cloudflare/workerd-${{ win32: 'windows' }[process.platform] ?? process.platform}-${process.arch === 'arm64' ? 'arm64' : '64'}/bin/workerd${process.platform === 'win32' ? '.exe' : ''}`,
  },
  hermes: {
    packages: { 'hermes-engine-cli': '0.12.0' },
    binary: `hermes-engine-cli/${{ darwin: 'osx-bin', win32: 'win64-bin' }[process.platform] ?? 'linux64-bin'}/hermes`,
  },
  quickjs: { packages: { 'quickjs-emscripten': '0.32.0' }, binary: 'quickjs-emscripten/dist/index.js' },
};

/** Other versions of Node, for `pnpm places` alone. */
const nodes = Object.fromEntries(
  [
    ['22', '22.23.5'],
    ['24', '24.22.3'],
  ].map(([major, version]) => [
    `node${major}`,
    {
      packages: { [`node${major}`]: `npm:node-${process.platform}-${process.arch}@${version}` },
      binary: `node${major}/bin/node`,
    },
  ]),
);

/** What npm has to install; `all`: other versions of Node too. */
export const hostPackages = (all = false) =>
  Object.assign({}, ...Object.values(all ? { ...known, ...nodes } : known).map(({ packages }) => packages));

/**
 * The binary of a host (of quickjs: its module).
 * @param {string} name bun, deno, workerd, hermes, quickjs, node22 or node24
 * @returns {string | undefined} undefined where it is not
 */
export const findHost = (name) =>
  [
    process.env[`BITGRAD_${name.toUpperCase()}`],
    join(hostsFolder, 'node_modules', { ...known, ...nodes }[name].binary),
  ].find((path) => path && existsSync(path));
