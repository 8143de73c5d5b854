// The page that leads to a first plugin, walked: its commands and edits in their order, in a folder with nothing in it, with
// packages from a registry that has the packed ones. BITGRAD_FULL=1 walks; that it can be walked is looked at always.
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { full } from '../endurance.mjs';
import { startRegistry } from '../rehearsal/registry.mjs';
import { run } from '../rehearsal/run.mjs';
import { root, workspacePackages } from '../workspace.mjs';
import { pack, tarballOf } from './packed.js';

const page = readFileSync(`${root}apps/docs/pages/extend/first-plugin.md`, 'utf8');
const template = `${root}packages/create-bitgrad/templates/quantizer/`;

/** A step of the page: a command that works, one that has to fail, or an edit. */
type Step = { kind: 'works' | 'fails'; line: string } | { kind: 'edit'; file: string; text: string };

const steps: Step[] = [...page.matchAll(/^```(sh|ts)(?: ([^\n]+))?\n([\s\S]*?)^```/gm)].flatMap(
  ([, language, label = '', text]): Step[] =>
    language === 'ts'
      ? [{ kind: 'edit', file: label.slice(1, -1), text: text! }]
      : text!.trim().split('\n').map((line) => ({ kind: label === 'fails' ? 'fails' : 'works', line })), // prettier-ignore
);

/** A file after an edit: a whole file, or one exported function with the comment above it in place of the one of its name. */
function edited(before: string, text: string): string {
  if (text.startsWith('import ')) return text;
  const name = /export const (\w+)/.exec(text)![1]!;
  const old = new RegExp(`(?:/\\*\\*(?:(?!\\*/)[\\s\\S])*\\*/\\n)?export const ${name} = [\\s\\S]*?\\n};\\n`);
  expect(before, name).toMatch(old);
  return before.replace(old, () => text);
}

describe('the page', () => {
  it('has steps of an hour: few commands, each of which the template knows', () => {
    const { scripts } = JSON.parse(readFileSync(`${template}package.json`, 'utf8'));
    const lines = steps.flatMap((step) => (step.kind === 'edit' ? [] : step.line));
    expect(lines.length).toBeGreaterThan(8);
    expect(lines.length).toBeLessThan(25);
    for (const line of lines) {
      const script = /^npm (?:run )?(test|[\w-]+)$/.exec(line)?.[1];
      if (script && script !== 'install') expect(Object.keys(scripts), line).toContain(script);
      expect(line).toMatch(
        /^(npm (create bitgrad|install|test|run|pack)|npx bitgrad (certify|train|compile)|cd )/,
      );
    }
  });

  it('edits what the template has', () => {
    const files = new Map<string, string>();
    for (const step of steps) {
      if (step.kind !== 'edit') continue;
      const before = files.get(step.file) ?? readFileSync(template + step.file, 'utf8');
      files.set(step.file, edited(before, step.text));
    }
    expect([...files.keys()].sort()).toEqual(['src/index.ts', 'test/index.test.ts']);
    expect(files.get('src/index.ts')).toContain('export default definePlugin');
    expect(files.get('src/index.ts')!.match(/export const hill/g)).toHaveLength(1);
  });
});

/** Why the commands that have to fail do. */
const reasons: Readonly<Record<string, RegExp>> = {
  'npm test': /expression|formula/,
  'npx bitgrad certify mine --plugin .': /certificate fails.*[\s\S]*F is constant/,
};

it.skipIf(!full)(
  full ? 'leads from nothing to a tested plugin' : 'leads to a tested plugin (skipped: BITGRAD_FULL=1 walks)',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bitgrad-walk-'));
    const tarballs = join(folder, 'tarballs');
    mkdirSync(tarballs);
    const packages = workspacePackages('packages');
    pack(packages, tarballs);
    const names = packages.map(({ manifest }) => manifest.name as string);
    const registry = await startRegistry({
      upstream: (await run('npm', ['config', 'get', 'registry'], { cwd: folder })).trim(),
      isOurs: (name) => names.includes(name) || name.startsWith('@bitgrad/'),
      settings: join(folder, 'npmrc'),
    });
    try {
      for (const { manifest } of packages) registry.offer(tarballOf(tarballs, manifest));
      // As in a shell of a newcomer: nothing of the command that runs this test.
      const inherited = Object.keys(process.env).filter((name) =>
        /^(npm_|VITEST|NODE_ENV|NODE_OPTIONS)/i.test(name),
      );
      const env = { ...Object.fromEntries(inherited.map((name) => [name, undefined])), ...registry.environment, CI: '1', NO_COLOR: '1' }; // prettier-ignore
      let cwd = folder;
      const said: Record<string, string> = {};
      for (const step of steps) {
        if (step.kind === 'edit') {
          const path = join(cwd, step.file);
          writeFileSync(path, edited(readFileSync(path, 'utf8'), step.text));
          continue;
        }
        const { kind, line } = step;
        if (line.startsWith('cd ')) {
          cwd = join(cwd, line.slice(3));
          continue;
        }
        const [command, ...args] = line.split(' ');
        // npm would take a command of this version from an earlier walk.
        const fresh = line.startsWith('npm create') ? { npm_config_cache: join(folder, 'cache'), npm_config_yes: 'true' } : {}; // prettier-ignore
        const running = run(command!, args, { cwd, env: { ...env, ...fresh }, limitMs: 600_000 });
        if (kind === 'works') said[line] = await running;
        else await expect(running, line).rejects.toThrow(reasons[line]);
      }
      expect(said['npm test']).toMatch(/Tests .*[1-9]\d* passed/);
      expect(readFileSync(join(cwd, 'mine.bitgrad')).subarray(1, 8).toString()).toBe('BITGRAD');
      const { version } = JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8'));
      expect(version).toBe('0.1.0');
      expect(readFileSync(join(cwd, 'CHANGELOG.md'), 'utf8')).toContain('## 0.1.0');
    } finally {
      await registry.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
  1_800_000,
);
