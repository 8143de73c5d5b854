// `pnpm version-packages`: new versions and changelogs from .changeset/, and the version that each plugin states of itself.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { statedVersion, workspacePackages } from '../workspace.mjs';
import { run } from './pnpm.mjs';

run(['pnpm', 'changeset', 'version']);
for (const { name, path } of workspacePackages('packages')) {
  if (!name.startsWith('quantizer-')) continue;
  const { version } = JSON.parse(readFileSync(`${path}package.json`, 'utf8'));
  for (const file of readdirSync(`${path}src`).filter((file) => file.endsWith('.ts'))) {
    const text = readFileSync(`${path}src/${file}`, 'utf8');
    const stated = text.replace(statedVersion, `$1${version}'`);
    if (stated !== text) writeFileSync(`${path}src/${file}`, stated);
  }
}
