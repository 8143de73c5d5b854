// `pnpm version-packages`: new versions and changelogs from .changeset/, and the version that each plugin states of itself.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { statedVersion, workspacePackages } from '../workspace.mjs';
import { run } from './pnpm.mjs';

run(['pnpm', 'changeset', 'version']);
for (const { path } of workspacePackages('packages')) {
  const { version } = JSON.parse(readFileSync(`${path}package.json`, 'utf8'));
  for (const file of readdirSync(`${path}src`, { recursive: true }).filter((file) => file.endsWith('.ts'))) {
    const text = readFileSync(`${path}src/${file}`, 'utf8');
    const stated = text.replace(statedVersion, `$1${version}'`);
    if (stated !== text) writeFileSync(`${path}src/${file}`, stated);
  }
}
