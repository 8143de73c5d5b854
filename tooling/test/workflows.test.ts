// Workflows run code of others with this repository's rights: by commit, not by a tag that can be moved. Those of templates
// run it with the rights of who made a project of them.
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { root } from '../workspace.mjs';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}
interface Job {
  readonly uses?: string;
  readonly needs?: string | readonly string[];
  readonly permissions?: Readonly<Record<string, string>>;
  readonly environment?: unknown;
  readonly 'timeout-minutes'?: number;
  readonly steps?: readonly Step[];
}
interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const own = readdirSync(`${root}.github/workflows`).map((name) => `.github/workflows/${name}`);
const templates = (readdirSync(`${root}packages/create-bitgrad/templates`, { recursive: true }) as string[])
  .map((path) => `packages/create-bitgrad/templates/${path.replaceAll('\\', '/')}`)
  .filter((path) => /_github\/workflows\/[^/]+\.ya?ml$/.test(path) && !path.includes('node_modules'));
const files = [...own, ...templates].map((path) => {
  const text = readFileSync(root + path, 'utf8');
  return { path, text, workflow: parse(text) as Workflow };
});
const pins = files.flatMap(({ path, text }) =>
  [...text.matchAll(/uses: ([\w./-]+)@([0-9a-f]{40}) # (v[\d.]+)$/gm)].map(([, action, commit, version]) => ({
    path,
    action: action!,
    commit: commit!,
    version: version!,
  })),
);

describe.each(files)('$path', ({ path, text, workflow }) => {
  it('pins every action by its commit, with the version beside it', () => {
    const lines = text.split('\n').filter((line) => /\buses:/.test(line));
    for (const line of lines) expect(line).toMatch(/uses: (\.\/\S+|[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*)$/);
    // What is quoted or in braces is found by the parser, too.
    const used = Object.values(workflow.jobs).flatMap(({ uses, steps = [] }) => [
      uses,
      ...steps.map((step) => step.uses),
    ]);
    const remote = used.filter((name) => name && !name.startsWith('./'));
    expect(remote.length).toBe(pins.filter((pin) => pin.path === path).length);
  });

  it('may only read, but for jobs that say what they write; none runs without an end', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    for (const [name, { uses, permissions = {}, environment, 'timeout-minutes': limit }] of Object.entries(
      workflow.jobs,
    )) {
      // prettier-ignore
      if (!uses) expect(limit, name).toBeGreaterThan(0);
      // Who can write, or speak for the repository, does so behind the protection of an environment.
      if (Object.values(permissions).includes('write')) expect(environment, name).toBeDefined();
    }
  });

  it('puts nothing that strangers write into a shell', () => {
    const runs = Object.values(workflow.jobs).flatMap(({ steps = [] }) =>
      steps.flatMap(({ run }) => run ?? []),
    );
    for (const run of runs) expect(run).not.toMatch(/\$\{\{\s*(github\.(event|head_ref)|inputs)/);
  });
});

it('a version of an action is one commit everywhere', () => {
  const commits = new Map(pins.map(({ action, commit, version }) => [`${action} ${version}`, commit]));
  for (const { action, version, commit } of pins)
    expect(commit, `${action} ${version}`).toBe(commits.get(`${action} ${version}`));
  expect(pins.length).toBeGreaterThan(10);
});
