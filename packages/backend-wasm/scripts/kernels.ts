// Which kernels a build has: a digest of their sources and of what the engine and they agree on.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const files = readdirSync(`${root}assembly/engine`, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .sort()
  .map((file) => `assembly/engine/${file}`);
const digest = createHash('sha256');
for (const file of [...files, 'src/engine/opcodes.ts', 'src/engine/words.ts'])
  digest.update(readFileSync(root + file));

export const kernels = digest.digest('hex').slice(0, 12);
