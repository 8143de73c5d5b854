// A project of a user with the runtime and an engine from their tarballs, and what is common to all places.
import { execFile } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build, type BuildOptions } from 'esbuild';
import { PNG } from 'pngjs';
import { expect } from 'vitest';
import { findHost } from '../../hosts.mjs';
import { root, workspacePackages } from '../../workspace.mjs';
import { bytesBelow, fromTarballs, pack } from '../packed.js';

/** What a place did in one case (answer.mjs). */
export interface Outcome {
  engine: string;
  threads: number;
  reason: string;
  logits: number[];
  label: string;
  ms?: number;
}

export const run = promisify(execFile);
export const file = new Uint8Array(readFileSync(`${root}examples/assets/digits.bitgrad`));
/** The gray picture that is classified, as the model takes it. */
export const pixels = Uint8Array.from(
  PNG.sync.read(readFileSync(`${root}examples/assets/seven.png`)).data.filter((_, i) => i % 4 === 0),
);

/** The bytes that a package and all that npm installs with it have in a project. */
export function installedBytes(project: string, name: string): number {
  const found = new Set<string>();
  const walk = (one: string): number => {
    const folder = join(project, 'node_modules', one);
    if (found.has(one) || !existsSync(folder)) return 0;
    found.add(one);
    const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return Object.keys(dependencies).reduce((sum, next) => sum + walk(next), bytesBelow(folder));
  };
  return walk(name);
}

/** Makes the project in a new folder: packages of ours from tarballs, and `more` from npm. */
export async function makeProject(
  names: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<{ folder: string; project: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'bitgrad-places-'));
  const [tarballs, project] = [join(folder, 'tarballs'), join(folder, 'project')];
  mkdirSync(tarballs);
  mkdirSync(project);
  const packages = workspacePackages('packages').filter(({ name }) => names.includes(name));
  pack(packages, tarballs);
  const dependencies = { ...more, ...fromTarballs(packages, tarballs) };
  writeFileSync(join(project, 'package.json'), JSON.stringify({ type: 'module', dependencies }));
  await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'], {
    cwd: project,
  });
  cpSync(fileURLToPath(new URL('answer.mjs', import.meta.url)), join(project, 'answer.mjs'));
  return { folder, project };
}

/** Bundles a file of the project that is given as text into one file, minified. */
export async function bundle(project: string, contents: string, options: BuildOptions = {}): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: project },
    bundle: true,
    minify: true,
    write: false,
    logLevel: 'error',
    ...options,
  });
  return outputFiles![0]!.text;
}

export const gzipBytes = (text: string): number => gzipSync(text, { level: 9 }).length;

const readme = readFileSync(`${root}README.md`, 'utf8');
let reference: readonly number[] | undefined;

/**
 * Compares what a place did with what was wanted and with every other place, and notes it for the table (`pnpm places`).
 * @param bytes what the place loads or installs
 */
export function agree(
  place: string,
  bytes: string,
  outcomes: readonly Outcome[],
  wanted: readonly { engine: string; threads: number; reason?: RegExp }[],
): void {
  expect(outcomes.map(({ engine, threads }) => ({ engine, threads }))).toEqual(
    wanted.map(({ engine, threads }) => ({ engine, threads })),
  );
  outcomes.forEach(({ label, logits, reason }, i) => {
    expect(label).toBe('7');
    expect(reason).toMatch(wanted[i]!.reason ?? /^ ?$/);
    reference ??= logits;
    expect(logits).toEqual(reference);
  });
  const notes = process.env['BITGRAD_PLACES'];
  if (!notes) expect(readme, 'the table of places; `pnpm places` writes it').toContain(`| ${place} `);
  else
    for (const { engine, threads, reason, ms } of outcomes)
      appendFileSync(
        notes,
        `${JSON.stringify({ place, engine, threads, reason: reason.trim(), bytes, ms })}\n`,
      );
}

const required = process.env['BITGRAD_REQUIRE']?.split(',').includes('hosts');

/** How a test says that it is left out, and whether: never where hosts are required. */
export const host = (name: string): { path: string; title: string; missing: boolean } => {
  const path = findHost(name);
  // Other versions of Node are for `pnpm places`: `pnpm hosts` alone does not install them.
  const missing = !path && (!required || name.startsWith('node'));
  return {
    path: path ?? name,
    title: missing
      ? `${name} (skipped: not found; \`pnpm hosts${name.startsWith('node') ? ' --all' : ''}\` installs it)`
      : name,
    missing,
  };
};
