// The packages of the platforms: what the addon looks for is what is built.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { platforms } from '../src/addon.js';
import { platformOf, writePackage } from '../scripts/platforms.mjs';

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

it('has a target for each platform that the addon looks for', () => {
  expect(manifest.napi.targets.map((target: string) => platformOf(target).name)).toEqual(platforms);
});

it('writes packages that npm installs on their platform alone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bitgrad-platform-'));
  try {
    const binary = join(folder, 'binary');
    writeFileSync(binary, 'machine code');
    writePackage('aarch64-unknown-linux-musl', binary, join(folder, 'package'));
    const written = JSON.parse(readFileSync(join(folder, 'package/package.json'), 'utf8'));
    expect(written).toMatchObject({
      name: '@bitgrad/backend-native-linux-arm64-musl',
      version: manifest.version,
      os: ['linux'],
      cpu: ['arm64'],
      libc: ['musl'],
    });
    expect(readFileSync(join(folder, 'package', written.main), 'utf8')).toBe('machine code');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
