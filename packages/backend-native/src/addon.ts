// Finds the addon: the package of this platform, which npm installs as an optional dependency, or in a checkout of the
// repository what `pnpm codegen` has built. Nothing is compiled or downloaded when it is installed.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** An image of rows in native memory, in bytes. */
export interface NativeImage {
  at: number;
  lines: number;
  pixels: number;
  bytes: number;
  pixel: number;
  pitch: number;
}

/** Where the parts of a program are, in bytes. */
export interface NativeLayout {
  totalBytes: number;
  arenaAt: number;
  programAt: number;
  groups: number;
  scratchAt: number;
  scratchBytes: number;
  threads: number;
  /** What the program and all its threads may take. */
  limitBytes: number;
  input: NativeImage;
  output: NativeImage;
}

/** A program in native memory. */
export interface NativeProgram {
  run(input: Uint8Array, output: Uint8Array): void;
  runAsync(input: Uint8Array): Promise<Uint8Array>;
  soil(noise: Uint8Array): void;
  /** Bytes held. */
  bytes(): number;
  dispose(): void;
}

/** Functions of backend-wasm's kernel module on its heap, on threads; see native/src/training/mod.rs. */
export interface NativeTraining {
  /** The names of the functions. */
  functions(): string[];
  /** Runs as many calls of a function at the same time as there are results; `args` are the parameters, call by call. */
  run(heap: Uint8Array, index: number, args: Float64Array, results: Float64Array): void;
  /** Runs phases one after another, a function and the number of its calls each; `args` are the parameters of all calls. */
  runPhases(heap: Uint8Array, phases: Uint32Array, args: Float64Array): void;
  dispose(): void;
}

/** What the addon exports; see native/src/lib.rs. */
export interface Addon {
  /** Instruction sets that run here, best first. */
  instructionSets(): string[];
  NativeProgram: new (image: Uint8Array, layout: NativeLayout, isa: string) => NativeProgram;
  NativeTraining: new (threads: number, isa: string) => NativeTraining;
}

/** The addon, or why there is none. */
export type Found = { readonly addon: Addon; readonly reason?: never } | { readonly reason: string };

/** Platforms that packages are made for (`napi.targets` in package.json), by npm's names of system and processor. */
export const platforms: readonly string[] = [
  'linux-x64-gnu',
  'linux-x64-musl',
  'linux-arm64-gnu',
  'linux-arm64-musl',
  'darwin-x64',
  'darwin-arm64',
  'win32-x64-msvc',
];

/** Those that this process may be: with glibc or musl, whichever is installed. */
const platformsHere = (): string[] => {
  const here = `${process.platform}-${process.arch}`;
  return platforms.filter((name) => name === here || name.startsWith(`${here}-`));
};

const load = (): Found => {
  const require = createRequire(import.meta.url);
  const here = platformsHere();
  const complaints: string[] = [];
  const attempt = (file: string): Addon | undefined => {
    try {
      return require(file) as Addon;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      // Node adds where it was required from, line by line.
      if (code !== 'MODULE_NOT_FOUND') complaints.push(message.split('\n')[0]!);
      return undefined;
    }
  };
  for (const platform of here) {
    const addon = attempt(`@bitgrad/backend-native-${platform}`);
    if (addon) return { addon };
  }
  try {
    const manifest = require.resolve('@bitgrad/backend-native/package.json');
    const addon = attempt(fileURLToPath(new URL('src/generated/bitgrad-native.node', `file://${manifest}`)));
    if (addon) return { addon };
  } catch {
    // Bundled: the package is not beside its code.
  }
  if (complaints.length > 0) return { reason: `the addon does not load: ${complaints.join('; ')}` };
  const place = `${process.platform} on ${process.arch}`;
  return {
    reason:
      here.length === 0
        ? `there is no binary for ${place}; use the wasm engine`
        : `the binary for ${place} is not installed: npm install ${here.map((name) => `@bitgrad/backend-native-${name}`).join(' or ')} (in the repository, with cargo: pnpm turbo run codegen --filter @bitgrad/backend-native --force)`,
  };
};

let found: Found | undefined;

/** The addon of this platform, looked for once. */
export const findAddon = (): Found => (found ??= load());
