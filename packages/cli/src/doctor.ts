// Looks at the machine: Node, processor, backends and engines, optional packages and tools. Starts nothing that stays.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem, type as systemName } from 'node:os';
import { promisify } from 'node:util';
import { reasonOf } from '@bitgrad/core';
import { probeBackends, type BackendListing } from './backends.js';
import { probeEngines, type EngineListing } from './engines.js';

/** Something that may be here or not. */
export interface Finding {
  readonly name: string;
  readonly available: boolean;
  /** Why not, and how to get it; empty when it is there. */
  readonly reason: string;
  /** As it says itself; empty where it does not. */
  readonly version?: string;
}

/** A package or a program that is needed for one thing only. */
interface Optional extends Finding {
  readonly version: string;
  readonly purpose: string;
}

/** What a machine can do. */
export interface Report {
  readonly node: { readonly version: string; readonly needed: string; readonly ok: boolean };
  readonly machine: {
    readonly system: string;
    readonly arch: string;
    readonly cpu: string;
    readonly threads: number;
    readonly memoryBytes: number;
  };
  readonly backends: readonly BackendListing[];
  readonly engines: readonly EngineListing[];
  readonly packages: readonly Optional[];
  readonly tools: readonly Optional[];
  /** Trained models that are installed. */
  readonly zoo: readonly { readonly name: string; readonly kind: string }[];
  /** The first backend that trains here; null: none. */
  readonly trains: string | null;
  /** The first engine that runs here; null: none. */
  readonly runs: string | null;
}

const { engines: required } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
) as { engines: { node: string } };

/** Whether a version is a least one, as in `>=20.19`, or a later one. */
export function atLeast(version: string, needed: string): boolean {
  const numbers = (text: string): number[] => text.replace(/^[^\d]*/, '').split('.').map(Number); // prettier-ignore
  const [have, want] = [numbers(version), numbers(needed)];
  const differs = want.findIndex((part, i) => (have[i] ?? 0) !== part);
  return differs < 0 || (have[differs] ?? 0) > want[differs]!;
}

interface OptionalPackage {
  readonly name: string;
  readonly purpose: string;
  /** Its type names no package: declarations are read where it is not installed. */
  load(): Promise<unknown>;
}

/** The packages that the command uses where they are installed. */
export const optionalPackages: readonly OptionalPackage[] = [
  {
    name: '@bitgrad/backend-native',
    purpose: 'the fastest backend and engine',
    load: () => import('@bitgrad/backend-native'),
  },
  { name: '@bitgrad/backend-node-gpu', purpose: 'a GPU in Node', load: () => import('@bitgrad/backend-node-gpu') }, // prettier-ignore
  { name: '@bitgrad/zoo', purpose: 'trained models, --init-from zoo:NAME', load: () => import('@bitgrad/zoo') }, // prettier-ignore
];

async function packageFinding({ name, purpose, load }: OptionalPackage): Promise<Optional> {
  try {
    await load();
    return { name, purpose, available: true, reason: '', version: '' };
  } catch (cause) {
    const reason = `it cannot be loaded (${reasonOf(cause)}); npm install ${name}`;
    return { name, purpose, available: false, reason, version: '' };
  }
}

/** Programs that make something of what the command writes, or build what is not there as a binary. */
export const optionalTools = [
  { name: 'cc', purpose: 'compiles what `bitgrad export --to c` writes, here', next: 'install a C compiler, such as gcc or clang' }, // prettier-ignore
  { name: 'arm-none-eabi-gcc', purpose: 'compiles it for Cortex-M', next: "install Arm's GNU toolchain" },
  { name: 'riscv64-unknown-elf-gcc', purpose: 'compiles it for RISC-V', next: 'install the GNU toolchain for RISC-V' }, // prettier-ignore
  { name: 'cargo', purpose: 'builds @bitgrad/backend-native from its source', next: 'install Rust' },
];

/** A program that waits for input would keep the command. */
const toolSeconds = 10;

async function toolFinding({ name, purpose, next }: (typeof optionalTools)[number]): Promise<Optional> {
  try {
    const { stdout } = await promisify(execFile)(name, ['--version'], { timeout: toolSeconds * 1000 });
    return { name, purpose, available: true, reason: '', version: stdout.split('\n')[0]!.trim() };
  } catch (cause) {
    const absent = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = absent ? `not found; ${next}` : `it does not start (${reasonOf(cause)})`;
    return { name, purpose, available: false, reason, version: '' };
  }
}

async function zooModels(): Promise<Report['zoo']> {
  const zoo = await import('@bitgrad/zoo').catch(() => undefined);
  return zoo ? zoo.modelNames.map((name) => ({ name, kind: zoo.modelKinds[name] })) : [];
}

/** Looks at this machine. */
export async function examine(): Promise<Report> {
  const [backends, engines, packages, tools, zoo] = await Promise.all([
    probeBackends(),
    probeEngines(),
    Promise.all(optionalPackages.map(packageFinding)),
    Promise.all(optionalTools.map(toolFinding)),
    zooModels(),
  ]);
  const first = (rows: readonly Finding[]): string | null => rows.find(({ available }) => available)?.name ?? null; // prettier-ignore
  return {
    node: { version: process.version, needed: required.node, ok: atLeast(process.version, required.node) },
    machine: {
      system: `${systemName()} ${release()}`,
      arch: process.arch,
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      threads: availableParallelism(),
      memoryBytes: totalmem(),
    },
    backends,
    engines,
    packages,
    tools,
    zoo,
    trains: first(backends),
    runs: first(engines),
  };
}
